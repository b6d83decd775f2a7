/**
 * @module How far groups are behind: in records against the end of the log, and in time by the
 * timestamp of the oldest record they have not read.
 */
import type { Clock } from '../../core/index.ts'
import type {
  CommittedOffset,
  FetchedPartition,
  Fetcher,
  FetchRequest,
  KafkaAdmin,
  PartitionOffsets
} from '../../core/kafka/index.ts'

export interface PartitionLag {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** Next offset to read; null when the group committed none. */
  readonly committed: bigint | null
  readonly metadata: string
  readonly bounds: PartitionOffsets
  /** Offsets from the oldest unread record to the end; 0 when only control records follow. */
  readonly lagRecords: number
  /** Age of the oldest unread record, ms; 0 without one, null when it cannot be read. */
  readonly lagMs: number | null
}

export interface LagSource {
  readonly admin: Pick<KafkaAdmin, 'committed' | 'endOffsets' | 'listTopics'>
  readonly fetcher: Fetcher
  readonly clock: Clock
}

/** Partitions read in one request, and bytes of each: the first record of each is enough. */
const partitionsPerFetch = 16
const peekBytes = 32 * 1024
/** One batch of a topic's largest size; asked for when the peek was too small for the first batch. */
const batchBytes = 1_100_000
/** Fetches that may pass over control records and aborted batches before the age is left unknown. */
const roundsMax = 20

/** Lag of each partition of each group's topics; topics that do not exist are left out. */
export async function groupLags(
  source: LagSource,
  groups: readonly { readonly group: string; readonly topics: readonly string[] }[]
): Promise<PartitionLag[]> {
  const existing = new Set(await source.admin.listTopics())
  const ends = new Map<string, Map<number, PartitionOffsets>>()
  for (const topic of new Set(groups.flatMap(({ topics }) => topics))) {
    if (existing.has(topic)) ends.set(topic, await source.admin.endOffsets(topic))
  }
  const places: Place[] = []
  for (const { group, topics } of groups) {
    const present = topics.filter((topic) => ends.has(topic))
    if (present.length === 0) continue
    const committed = await source.admin.committed(group, present)
    for (const topic of present) {
      for (const [partition, bounds] of sorted(ends.get(topic))) {
        const at = committed.get(`${topic}:${partition}`)
        places.push({ group, topic, partition, bounds, ...startOf(at, bounds) })
      }
    }
  }
  return measure(source, places)
}

function sorted(
  offsets: ReadonlyMap<number, PartitionOffsets> | undefined
): [number, PartitionOffsets][] {
  return [...(offsets ?? [])].sort(([a], [b]) => a - b)
}

interface Place extends Pick<PartitionLag, 'group' | 'topic' | 'partition' | 'bounds'> {
  readonly committed: bigint | null
  readonly metadata: string
  /** Where reading goes on. */
  readonly next: bigint
}

function startOf(
  at: CommittedOffset | undefined,
  { logStart }: PartitionOffsets
): Pick<Place, 'committed' | 'metadata' | 'next'> {
  if (at === undefined || at.offset < 0n) return { committed: null, metadata: '', next: logStart }
  return {
    committed: at.offset,
    metadata: at.metadata,
    next: at.offset < logStart ? logStart : at.offset
  }
}

async function measure(source: LagSource, places: readonly Place[]): Promise<PartitionLag[]> {
  const oldest = new Map<Place, Oldest>()
  const waiting = places.filter(({ next, bounds }) => next < bounds.high)
  for (let i = 0; i < waiting.length; i += partitionsPerFetch) {
    const slice = waiting.slice(i, i + partitionsPerFetch)
    for (const [place, found] of await peek(source.fetcher, slice)) oldest.set(place, found)
  }
  const nowMs = source.clock.now()
  return places.map((place) => {
    const { group, topic, partition, committed, metadata, bounds, next } = place
    const found = oldest.get(place)
    const base = { group, topic, partition, committed, metadata, bounds }
    if (next >= bounds.high) return { ...base, lagRecords: 0, lagMs: 0 }
    if (found === undefined || found.kind === 'unknown') {
      return { ...base, lagRecords: Number(bounds.high - next), lagMs: null }
    }
    if (found.kind === 'none') return { ...base, lagRecords: 0, lagMs: 0 }
    const lagRecords = Number(bounds.high - found.offset)
    return { ...base, lagRecords, lagMs: Math.max(0, nowMs - found.timestampMs) }
  })
}

type Oldest =
  | { readonly kind: 'record'; readonly offset: bigint; readonly timestampMs: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }

/** The first record of each place: all in one request, then one by one for those that need more. */
async function peek(fetcher: Fetcher, places: readonly Place[]): Promise<Map<Place, Oldest>> {
  const found = new Map<Place, Oldest>()
  const fetched = await fetchFrom(fetcher, places, peekBytes)
  for (const [at, place] of places.entries()) {
    const first = fetched[at]
    found.set(place, (first && judge(place, first)) ?? (await search(fetcher, place, first)))
  }
  return found
}

async function search(
  fetcher: Fetcher,
  place: Place,
  first: FetchedPartition | undefined
): Promise<Oldest> {
  let next = first?.offsetNext ?? place.next
  for (let round = 0; round < roundsMax; round += 1) {
    const [fetched] = await fetchFrom(fetcher, [{ ...place, next }], batchBytes)
    if (fetched === undefined) return { kind: 'unknown' }
    const found = judge(place, fetched)
    if (found) return found
    // Nothing can be read past an open transaction.
    if (fetched.offsetNext <= next) return { kind: 'unknown' }
    next = fetched.offsetNext
  }
  return { kind: 'unknown' }
}

/** What one response says; null while it says nothing yet. */
function judge(place: Place, fetched: FetchedPartition): Oldest | null {
  if (fetched.error !== null) return { kind: 'unknown' }
  const [record] = fetched.records
  if (record) return { kind: 'record', offset: record.offset, timestampMs: record.timestampMs }
  return fetched.offsetNext >= place.bounds.high ? { kind: 'none' } : null
}

function fetchFrom(
  fetcher: Fetcher,
  places: readonly Pick<Place, 'topic' | 'partition' | 'next'>[],
  maxBytesPerPartition: number
): Promise<FetchedPartition[]> {
  const requests: FetchRequest[] = places.map(({ topic, partition, next }) => ({
    topic,
    partition,
    offset: next
  }))
  return fetcher.fetch(requests, {
    maxWaitMs: 10,
    maxBytesPerPartition,
    maxBytes: maxBytesPerPartition * places.length,
    isolation: 'committed'
  })
}
