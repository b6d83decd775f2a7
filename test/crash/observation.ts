/**
 * @module What a case left behind, read by fresh clients after everything, as the checker wants it.
 */
import { dlqTopic } from '../../avro/index.ts'
import type { Fetcher, KafkaRecord } from '../../core/kafka/index.ts'
import { storeHashKey } from '../../streams/runtime/index.ts'
import type {
  History,
  HistoryEnd,
  HistoryInput,
  HistoryOutput,
  HistoryRead,
  HistoryStore
} from '../checker/index.ts'
import { readFrom } from '../support/committed-records.ts'
import { keysOf } from './case-state.ts'
import type { Scene } from './scene.ts'
import { type Input, type Output, stores, topicsOf } from './workload.ts'

export interface ObservationOptions {
  readonly isAtRest: boolean
  /** Until lag 0, ms; null when that never came, which whoever waited has told. */
  readonly tookMs: number | null
  readonly expectsAborted: boolean
}

export async function observe(scene: Scene, options: ObservationOptions): Promise<History> {
  const fetcher = await scene.stage.kafka.fetcher()
  try {
    const { input } = topicsOf(scene.app)
    const { isAtRest, tookMs, expectsAborted } = options
    const offsets = await scene.committedOffsets()
    return {
      group: scene.topology.group,
      sources: [input.name],
      inputs: await readInputs(scene, fetcher),
      reads: [
        await readOutputs(scene, fetcher, 'committed'),
        await readOutputs(scene, fetcher, 'uncommitted')
      ],
      committed: offsets
        .filter(({ offset }) => offset >= 0n)
        .map(({ topic, partition, offset }) => {
          return { group: scene.topology.group, topic, partition, offset }
        }),
      ends: await readEnds(scene),
      stores: (await readStores(scene)).filter(({ store }) => isAtRest || !ofTime.has(store)),
      probes: scene.probes,
      orphanKeys: await orphanKeys(scene),
      isAtRest,
      nemesis: scene.bites,
      expectsAborted,
      ...(tookMs === null ? {} : { liveness: { took: tookMs, limit: scene.liveMs } })
    }
  } finally {
    await fetcher.close()
  }
}

/** Stores whose contents depend on how far time went, so that they are known at rest only. */
const ofTime: ReadonlySet<string> = new Set(['windows', 'timers'])

/** Inputs in the log, and those that were sent and are not. */
async function readInputs(scene: Scene, fetcher: Fetcher): Promise<HistoryInput[]> {
  const { input } = topicsOf(scene.app)
  const { admin } = scene
  const found = await readFrom({ admin, fetcher }, input.name, new Map(), 'uncommitted')
  const inLog = found.map(({ key, value, offset, partition, timestampMs }): HistoryInput => {
    const { id, kind } = decoded<Input>(value)
    const outcome = 'ok'
    const topic = input.name
    return { id, key: String(key), topic, partition, offset, outcome, timestampMs, payload: kind }
  })
  const ids = new Set(inLog.map(({ id }) => id))
  const missing = scene.sender.sent.filter(({ id }) => !ids.has(id))
  return [
    ...inLog,
    ...missing.map(({ id, key, kind, partition, outcome }): HistoryInput => {
      const topic = input.name
      return { id, key, topic, partition, offset: null, outcome, timestampMs: 0, payload: kind }
    })
  ]
}

async function readOutputs(
  scene: Scene,
  fetcher: Fetcher,
  isolation: 'committed' | 'uncommitted'
): Promise<HistoryRead> {
  const { output } = topicsOf(scene.app)
  const { admin } = scene
  const found = await readFrom({ admin, fetcher }, output.name, new Map(), isolation)
  const outputs = found.map((record): HistoryOutput => {
    const { cause, n } = decoded<Output>(record.value)
    const { partition, offset, key } = record
    return {
      topic: output.name,
      partition,
      offset,
      key: String(key),
      causeId: cause,
      payload: String(n)
    }
  })
  return { reader: `final ${isolation}`, isolation, isFinal: true, outputs }
}

function decoded<T>(value: KafkaRecord['value']): T {
  return JSON.parse(String(value)) as T
}

async function readEnds(scene: Scene): Promise<HistoryEnd[]> {
  const ends: HistoryEnd[] = []
  for (const topic of scene.topics) {
    for (const [partition, { high, stable }] of await scene.admin.endOffsets(topic)) {
      ends.push({ topic, partition, high, stable })
    }
  }
  return ends
}

async function readStores(scene: Scene): Promise<HistoryStore[]> {
  const committed = await scene.committedPositions()
  const found: HistoryStore[] = []
  for (const [partition, task] of scene.tasks.entries()) {
    for (const [i, store] of stores.entries()) {
      const { position } = await scene.backend.position(task, store)
      const { format } = scene.topology.stores[store] ?? {}
      const entries = new Map<string, string>()
      for await (const [key, value] of scene.backend.scan(task, store)) {
        // Timers are of the catalogue; at rest there are none, so their bytes do.
        const text = store === 'timers' ? value.toString('hex') : format?.decode(value, noCodec)
        entries.set(key, String(text))
      }
      const at = committed[partition * stores.length + i] ?? 0n
      found.push({ task, store, partition, position, committed: at, entries })
    }
  }
  return found
}

/** Plain formats ask nothing of a codec. */
const noCodec = undefined as never

/** Keys that no store of a task leads to: segments that their main hash does not name. */
async function orphanKeys(scene: Scene): Promise<string[]> {
  const known = new Set<string>()
  for (const task of scene.tasks) {
    for (const store of stores) {
      const main = storeHashKey(task, store)
      known.add(main)
      if (store !== 'windows') continue
      for (const start of await scene.backend.segments(task, store)) known.add(`${main}@${start}`)
    }
  }
  return (await keysOf(scene.stage.redis, scene.app)).filter((key) => !known.has(key))
}

/** Records among the dead letters: the workload has none of its own. */
export async function deadLetters(scene: Scene): Promise<number> {
  const ends = await scene.admin.endOffsets(dlqTopic(topicsOf(scene.app).input.name))
  return [...ends.values()].reduce((sum, { high, logStart }) => sum + Number(high - logStart), 0)
}
