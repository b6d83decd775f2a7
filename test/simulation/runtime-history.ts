/**
 * @module The history of a simulated run, for the checker: what was sent, what readers saw, what is left.
 */
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { defaultTaskSettings, readTtl } from '../../streams/runtime/index.ts'
import type {
  History,
  HistoryEnd,
  HistoryInput,
  HistoryOutput,
  HistoryStore,
  StorePositions
} from '../checker/index.ts'
import { positionsOf } from './runtime-positions.ts'
import { expiringStore, inputTopic, outputTopic, storeText, ttlMs } from './runtime-workload.ts'
import type { World } from './runtime-world.ts'

/** A read-committed reader that reads on while it all runs. */
export interface LiveReader {
  poll(): void
  readonly seen: readonly HistoryOutput[]
}

export function createLiveReader({ log, slots }: World): LiveReader {
  const seen: HistoryOutput[] = []
  const next = new Map<number, bigint>()
  return {
    seen,
    poll() {
      for (const partition of slots.keys()) {
        const from = next.get(partition) ?? 0n
        const records = log.committedFrom(outputTopic.name, partition, from)
        const last = records.at(-1)
        if (last) next.set(partition, last.offset + 1n)
        seen.push(...records.map(outputOf))
      }
    }
  }
}

/** Everything the checker needs, read by fresh readers. */
export async function historyOf(
  world: World,
  observed: {
    readonly live: LiveReader
    readonly probes: readonly StorePositions[]
    readonly took: number | null
    readonly limit: number
    /** Window time of the end, epoch ms. */
    readonly untilMs: number
  }
): Promise<History> {
  const { log, topology, slots } = world
  const committed = await log.admin.committed(topology.group, topology.sources)
  const fresh: HistoryOutput[] = []
  const raw: HistoryOutput[] = []
  for (const partition of slots.keys()) {
    fresh.push(...log.committedFrom(outputTopic.name, partition, 0n).map(outputOf))
    raw.push(...log.uncommittedFrom(outputTopic.name, partition, 0n).map(outputOf))
  }
  return {
    group: topology.group,
    sources: topology.sources,
    inputs: inputsOf(world),
    reads: [
      { reader: 'fresh', isolation: 'committed', isFinal: true, outputs: fresh },
      { reader: 'live', isolation: 'committed', isFinal: false, outputs: observed.live.seen },
      { reader: 'raw', isolation: 'uncommitted', isFinal: true, outputs: raw }
    ],
    committed: [...committed].map(([at, { offset }]) => {
      const [topic = '', partition] = at.split(':')
      return { group: topology.group, topic, partition: Number(partition), offset }
    }),
    ends: await endsOf(world),
    stores: await storesOf(world, observed.untilMs),
    probes: observed.probes,
    isAtRest: observed.took !== null,
    liveness: { took: observed.took, limit: observed.limit }
  }
}

/** One input for each place where the log has it, and one for each that it does not have. */
function inputsOf({ log, sent, slots }: World): HistoryInput[] {
  const offsets = new Map<string, bigint[]>()
  for (const partition of slots.keys()) {
    for (const { value, offset } of log.committedFrom(inputTopic.name, partition, 0n)) {
      const { id } = JSON.parse(String(value)) as { id: string }
      offsets.set(id, [...(offsets.get(id) ?? []), offset])
    }
  }
  return sent.flatMap((one) =>
    (offsets.get(one.id) ?? [null]).map((offset) => ({ ...one, topic: inputTopic.name, offset }))
  )
}

function outputOf({ topic, partition, offset, key, value }: KafkaRecord): HistoryOutput {
  const { cause, payload } = JSON.parse(String(value)) as { cause: string; payload: string }
  return { topic, partition, offset, key: String(key), causeId: cause, payload }
}

async function endsOf({ log }: World): Promise<HistoryEnd[]> {
  const ends: HistoryEnd[] = []
  for (const topic of log.topics()) {
    for (const [partition, { high, stable }] of await log.admin.endOffsets(topic)) {
      ends.push({ topic, partition, high, stable })
    }
  }
  return ends
}

async function storesOf(world: World, untilMs: number): Promise<HistoryStore[]> {
  const found: HistoryStore[] = []
  for (const positions of await positionsOf(world)) {
    const entries = new Map<string, string>()
    for await (const [key, value] of world.state.scan(positions.task, positions.store)) {
      if (isBeingSwept(positions.store, value, untilMs)) continue
      entries.set(key, storeText(positions.store, value))
    }
    found.push({ ...positions, partition: Number(positions.task.split('-').at(-1)), entries })
  }
  return found
}

/** True for an entry that reads as absent already and is swept by the next look or two. */
function isBeingSwept(store: string, bytes: Buffer, untilMs: number): boolean {
  if (store !== expiringStore) return false
  const expiredMs = readTtl(bytes).writtenAtMs + ttlMs
  return expiredMs <= untilMs && expiredMs > untilMs - 2 * defaultTaskSettings.verifyEveryMs
}
