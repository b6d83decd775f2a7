/**
 * @module The fetched but unprocessed records of one task, a queue for each source topic, and what
 * is known of the oldest record that was not read yet. Records are handed out lowest timestamp
 * first among the heads, as Kafka Streams' partition group does.
 */
import type { FetchedPartition, KafkaRecord } from '../../core/kafka/index.ts'

interface Source {
  readonly topic: string
  readonly appendLagMs: number
  queue: KafkaRecord[]
  head: number
  bytes: number
  /** Next offset to fetch. */
  fetchNext: bigint
  /** Next offset to process when the queue is empty. */
  drainedNext: bigint
  /** No unread record of this source is older; epoch ms. */
  frontierMs: number
  caughtUp: boolean
  /** True when nothing committed was left to fetch after the last fetch. */
  isDrained: boolean
  highWatermark: bigint
}

/** How far task time may go: up to `ms`, with records stamped exactly `ms` read or not. */
export interface Frontier {
  readonly ms: number
  /** True when a record stamped exactly `ms` may still be unread, so a timer due at `ms` must wait. */
  readonly isOpen: boolean
}

/** True when the age of the source's next record is known. */
function isKnown(source: Source): boolean {
  return source.frontierMs !== Number.NEGATIVE_INFINITY || source.head < source.queue.length
}

export interface InputBufferOptions {
  /**
   * Longest time from a record's timestamp to its append, by topic: writers stamp first and append
   * later, so what is unread may be this much older than the fetch that did not show it.
   */
  readonly appendLagMsOf?: (topic: string) => number
  /**
   * Hands nothing out while a source whose queue is empty has more to fetch: its next record may be
   * the oldest. Joins on event time need that, as Kafka Streams' task idling (KIP-695) gives it.
   */
  readonly waitsForAll?: boolean
}

/** True when the log has the source's next record and it has not been fetched yet. */
function isBehind({ queue, isDrained }: Source, head: number): boolean {
  return head >= queue.length && !isDrained
}

export class InputBuffer {
  readonly #sources: Source[]
  readonly #waitsForAll: boolean
  #records = 0
  #bytes = 0

  constructor(
    offsets: ReadonlyMap<string, bigint>,
    { appendLagMsOf = () => 0, waitsForAll = false }: InputBufferOptions = {}
  ) {
    this.#waitsForAll = waitsForAll
    this.#sources = [...offsets].map(([topic, offset]) => ({
      topic,
      appendLagMs: appendLagMsOf(topic),
      queue: [],
      head: 0,
      bytes: 0,
      fetchNext: offset,
      drainedNext: offset,
      frontierMs: Number.NEGATIVE_INFINITY,
      caughtUp: false,
      isDrained: false,
      highWatermark: offset
    }))
  }

  get records(): number {
    return this.#records
  }

  get bytes(): number {
    return this.#bytes
  }

  /** True once every source was read to its end. */
  get isCaughtUp(): boolean {
    return this.#records === 0 && this.#sources.every((source) => source.caughtUp)
  }

  /** Records between the next to process and the high watermark, over all sources. */
  get lag(): number {
    let lag = 0n
    for (const source of this.#sources) lag += source.highWatermark - this.#next(source)
    return Number(lag < 0n ? 0n : lag)
  }

  /**
   * Next offsets to fetch. A full buffer still asks for the sources it knows nothing of: without
   * them nothing is handed out, so it would stay full for ever.
   */
  fetchOffsets(isFull: boolean): { topic: string; offset: bigint }[] {
    return this.#sources
      .filter((source) => !isFull || !isKnown(source) || this.#isAwaited(source))
      .map(({ topic, fetchNext }) => ({ topic, offset: fetchNext }))
  }

  /** Offsets to commit: of each source the next record to process. */
  processedOffsets(): Map<string, bigint> {
    return new Map(this.#sources.map((source) => [source.topic, this.#next(source)]))
  }

  /**
   * Takes a fetch response in. `sentAtMs` is when its request was sent: when the response reached the
   * high watermark, everything unread was appended later than that.
   * @returns false when the response is not for the offset awaited (a stale fetch)
   */
  deliver(fetched: FetchedPartition, requestedOffset: bigint, sentAtMs: number): boolean {
    const source = this.#source(fetched.topic)
    if (source === undefined || source.fetchNext !== requestedOffset) return false
    for (const record of fetched.records) {
      if (record.offset < source.fetchNext) continue
      source.queue.push(record)
      this.#count(source, record, 1)
    }
    source.fetchNext = fetched.offsetNext
    source.highWatermark = fetched.highWatermark
    source.caughtUp = fetched.offsetNext >= fetched.highWatermark
    source.isDrained = fetched.offsetNext >= fetched.lastStableOffset
    if (source.queue.length === source.head) source.drainedNext = source.fetchNext
    if (source.caughtUp) {
      source.frontierMs = Math.max(source.frontierMs, sentAtMs - source.appendLagMs)
    }
    return true
  }

  /**
   * True once the age of every source's next record is known: until then task time would stand where
   * the last owner left it, and deadlines computed from it would be long past.
   */
  get isPrimed(): boolean {
    return this.#sources.every((source) => isKnown(source) && !this.#isAwaited(source))
  }

  /** Up to `limit` records in the order they are to be processed; nothing is taken out, nor given before all sources are primed. */
  plan(limit: number): KafkaRecord[] {
    if (!this.isPrimed) return []
    const heads = this.#sources.map(({ head }) => head)
    const planned: KafkaRecord[] = []
    while (planned.length < limit) {
      if (this.#waitsForAll && this.#sources.some((source, i) => isBehind(source, heads[i] ?? 0))) {
        break
      }
      let best = -1
      let bestRecord: KafkaRecord | undefined
      for (let i = 0; i < this.#sources.length; i += 1) {
        const record = this.#sources[i]?.queue[heads[i] ?? 0]
        if (record === undefined) continue
        if (bestRecord === undefined || record.timestampMs < bestRecord.timestampMs) {
          best = i
          bestRecord = record
        }
      }
      if (bestRecord === undefined) break
      heads[best] = (heads[best] ?? 0) + 1
      planned.push(bestRecord)
    }
    return planned
  }

  /** Takes the head of its source out; `record` must be that head. */
  consume(record: KafkaRecord): void {
    const source = this.#source(record.topic)
    if (source === undefined || source.queue[source.head] !== record) {
      throw new Error(
        `expected ${record.topic}@${record.offset} to be the next record of its source`
      )
    }
    source.head += 1
    this.#count(source, record, -1)
    source.frontierMs = Math.max(source.frontierMs, record.timestampMs)
    if (source.head === source.queue.length) {
      source.queue = []
      source.head = 0
      source.drainedNext = source.fetchNext
    } else if (source.head > 1024 && source.head * 2 > source.queue.length) {
      // Half of it, so that each record is copied once at most.
      source.queue = source.queue.slice(source.head)
      source.head = 0
    }
  }

  /** `frontier().ms`, without the object: asked for each record. */
  get frontierMs(): number {
    let ms = Number.POSITIVE_INFINITY
    for (const source of this.#sources) {
      const known = source.queue[source.head]?.timestampMs ?? source.frontierMs
      if (known < ms) ms = known
    }
    return ms
  }

  /** Timestamp of the oldest fetched and unread record; +Infinity when there is none. */
  get oldestUnreadMs(): number {
    let ms = Number.POSITIVE_INFINITY
    for (const source of this.#sources) {
      ms = Math.min(ms, source.queue[source.head]?.timestampMs ?? ms)
    }
    return ms
  }

  /** The oldest time an unread record may bear. */
  frontier(): Frontier {
    let ms = Number.POSITIVE_INFINITY
    let isOpen = false
    for (const source of this.#sources) {
      const head = source.queue[source.head]
      const known = head === undefined ? source.frontierMs : head.timestampMs
      const open = head !== undefined || !source.caughtUp
      if (known < ms) {
        ms = known
        isOpen = open
      } else if (known === ms) {
        isOpen = isOpen || open
      }
    }
    return { ms, isOpen }
  }

  #isAwaited(source: Source): boolean {
    return this.#waitsForAll && isBehind(source, source.head)
  }

  #source(topic: string): Source | undefined {
    for (const source of this.#sources) if (source.topic === topic) return source
    return undefined
  }

  #next(source: Source): bigint {
    return source.queue[source.head]?.offset ?? source.drainedNext
  }

  #count(source: Source, record: KafkaRecord, sign: 1 | -1): void {
    const size = sign * ((record.value?.length ?? 0) + (record.key?.length ?? 0) + 64)
    source.bytes += size
    this.#bytes += size
    this.#records += sign
  }
}
