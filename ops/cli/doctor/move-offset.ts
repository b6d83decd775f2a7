/**
 * @module Moving a group's offset on purpose, without losing what a task keeps beside it: the
 * positions of its stores. A plain reset drops them, and the next start stops with HAIL_COMMIT_LOST.
 */
import { changelogTopic } from '../../../avro/index.ts'
import type { CommittedOffset, KafkaAdmin, PartitionOffsets } from '../../../core/kafka/index.ts'
import type { SubTopology } from '../../../streams/runtime/index.ts'
import { encodeMetadata } from '../../../streams/runtime/index.ts'
import { Refusal } from './refusal.ts'

export interface MoveOptions {
  readonly admin: Pick<KafkaAdmin, 'committed' | 'endOffsets' | 'moveOffsets' | 'describeGroup'>
  readonly topologies: readonly SubTopology[]
  readonly group: string
  readonly topic: string
  /** Null moves all partitions. */
  readonly partition: number | null
  /** `earliest`, `latest` or an offset. */
  readonly to: string
  /** Writes lost metadata anew, from the ends of the changelogs. */
  readonly rebuilds: boolean
}

export interface Moved {
  readonly partition: number
  readonly from: bigint | null
  readonly to: bigint
  readonly metadata: 'kept' | 'none' | 'rebuilt'
}

/**
 * @returns each partition's move
 * @throws Refusal when the group has members, the place is not in the log, or metadata is lost
 * @throws HailError when Kafka refuses or does not answer
 */
export async function moveOffset(options: MoveOptions): Promise<Moved[]> {
  const { admin, group, topic } = options
  const { members } = await admin.describeGroup(group)
  if (members.length > 0) {
    throw new Refusal(`group ${group} has ${members.length} live members; stop them first`)
  }
  const bounds = await admin.endOffsets(topic)
  const committed = await admin.committed(group, [topic])
  const partitions = chosen(options, bounds)
  const moves = []
  for (const [partition, offsets] of partitions) {
    const at = committed.get(`${topic}:${partition}`)
    const to = target(options, partition, offsets)
    moves.push({ partition, from: at, to, ...(await metadataOf(options, partition, at)) })
  }
  await admin.moveOffsets({
    groupId: group,
    offsets: moves.map(({ partition, to, metadata }) => ({
      topic,
      partition,
      offset: to,
      metadata
    }))
  })
  return moves.map(({ partition, from, to, origin }) => ({
    partition,
    from: from === undefined || from.offset < 0n ? null : from.offset,
    to,
    metadata: origin
  }))
}

function chosen(
  { topic, partition }: MoveOptions,
  bounds: ReadonlyMap<number, PartitionOffsets>
): [number, PartitionOffsets][] {
  if (partition === null) return [...bounds]
  const offsets = bounds.get(partition)
  if (offsets === undefined) {
    throw new Refusal(`${topic} has partitions 0 to ${bounds.size - 1}, not ${partition}`)
  }
  return [[partition, offsets]]
}

function target(
  { topic, to, partition: one }: MoveOptions,
  partition: number,
  at: PartitionOffsets
) {
  if (to === 'earliest') return at.logStart
  if (to === 'latest') return at.high
  if (!/^\d{1,18}$/.test(to)) throw new Refusal(`TO is earliest, latest or an offset, not "${to}"`)
  if (one === null) throw new Refusal('an offset belongs to one partition: give PARTITION too')
  const offset = BigInt(to)
  if (offset < at.logStart || offset > at.high) {
    throw new Refusal(
      `${topic}-${partition} has offsets from ${at.logStart} to ${at.high}, not ${offset}`
    )
  }
  return offset
}

type Metadata = { readonly metadata: string; readonly origin: Moved['metadata'] }

/** Only a lead's offset carries metadata; without it the stores would seem to come from nowhere. */
async function metadataOf(
  options: MoveOptions,
  partition: number,
  at: CommittedOffset | undefined
): Promise<Metadata> {
  if (at && at.metadata !== '' && !options.rebuilds)
    return { metadata: at.metadata, origin: 'kept' }
  const topology = options.topologies.find(
    ({ group, lead }) => group === options.group && lead === options.topic
  )
  if (topology === undefined) return { metadata: at?.metadata ?? '', origin: 'none' }
  const stores = await changelogEnds(options, topology, partition)
  if ([...stores.values()].every((end) => end === 0n)) return { metadata: '', origin: 'none' }
  if (!options.rebuilds) {
    throw new Refusal(
      `the metadata of ${options.group} ${options.topic}-${partition} is lost, though its stores hold state; REBUILD=1 writes it anew from the ends of the changelogs`
    )
  }
  return { metadata: encodeMetadata({ stores, taskMs: 0, streamMs: 0 }), origin: 'rebuilt' }
}

/** What is committed in the changelogs is the state; an open transaction would leave that undecided. */
async function changelogEnds(
  { admin }: MoveOptions,
  { app, name: sub, stores }: SubTopology,
  partition: number
): Promise<Map<string, bigint>> {
  const ends = new Map<string, bigint>()
  for (const store of Object.keys(stores)) {
    const changelog = changelogTopic({ app, sub, store })
    const at = (await admin.endOffsets(changelog)).get(partition)
    if (at === undefined) continue
    if (at.stable < at.high) {
      throw new Refusal(`a transaction is open in ${changelog}-${partition}: end it first`)
    }
    ends.set(store, at.high)
  }
  return ends
}
