/**
 * Reads the partitions of an assignment in batches. While a batch is written the next fetch is
 * under way, so at most two fetches are in memory.
 *
 * @module
 */

import { type Clock, FatalError, type Logger, RetryError } from '../../core/index.ts'
import type {
  FetchedPartition,
  Fetcher,
  KafkaAdmin,
  KafkaRecord,
  TopicPartitionKey
} from '../../core/kafka/index.ts'

/** How long a broker may hold a fetch while it has nothing; also how late a stop can be. */
const fetchWaitMs = 250
/** Between two fetches while a batch lingers. */
const lingerStepMs = 100

/** One partition and the next offset to read. */
export type Position = {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/** Records to be written together. */
export type ReadBatch = {
  readonly records: readonly KafkaRecord[]
  /** Where the partitions stand once the records are written; only those that moved. */
  readonly positions: readonly Position[]
}

/** How much to read. */
export type ReadOptions = {
  readonly records: number
  readonly fetchBytes: number
  readonly lingerMs: number
  readonly signal: AbortSignal
}

/** What a reader needs. */
export type PartitionReaderOptions = {
  readonly fetcher: Fetcher
  readonly admin: Pick<KafkaAdmin, 'endOffsets'>
  readonly clock: Clock
  readonly logger: Logger
  readonly positions: readonly Position[]
  /** Records that retention removed before they were read. */
  onLost(count: number): void
}

type PartitionState = {
  readonly topic: string
  readonly partition: number
  /** Next offset to fetch. */
  offset: bigint
  /** Records between here and the log end; null before the first answer. */
  lag: bigint | null
}

/** What stands in the buffer: a record, or a partition that moved on without one. */
type Entry = { readonly record: KafkaRecord | null; readonly position: Position }

/** Reads batches. One `next` at a time. */
export class PartitionReader {
  readonly #options: PartitionReaderOptions
  readonly #partitions = new Map<TopicPartitionKey, PartitionState>()
  #buffer: Entry[] = []
  #buffered = 0
  #filling: Promise<void> | null = null
  #isClosed = false

  constructor(options: PartitionReaderOptions) {
    this.#options = options
    for (const position of options.positions) {
      const key: TopicPartitionKey = `${position.topic}:${position.partition}`
      this.#partitions.set(key, { ...position, lag: null })
    }
  }

  /** Records fetched or not that are behind the buffer's begin; null before the first answer. */
  lag(): number | null {
    let lag = 0n
    for (const partition of this.#partitions.values()) {
      if (partition.lag === null) return null
      lag += partition.lag
    }
    return Number(lag) + this.#buffered
  }

  /**
   * The next records; none when nothing came within a moment. RetryError(HAIL_KAFKA_UNAVAILABLE)
   * when a partition cannot be read now, FatalError(HAIL_OFFSET_OUT_OF_RANGE) when an offset lies
   * behind the end of the log.
   */
  async next(options: ReadOptions): Promise<ReadBatch> {
    if (this.#buffered === 0) await this.#fill(options.fetchBytes)
    if (this.#buffered > 0) await this.#linger(options)
    const batch = this.#take(options.records)
    if (this.#buffered < options.records && !options.signal.aborted) {
      // Its error is thrown by the next call, which waits for it.
      this.#fill(options.fetchBytes).catch(() => undefined)
    }
    return batch
  }

  /** Waits for a fetch under way: a second one on the same connection would queue behind it. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#filling?.catch(() => undefined)
  }

  async #linger({ records, fetchBytes, lingerMs, signal }: ReadOptions): Promise<void> {
    const { clock } = this.#options
    const untilMs = clock.monotonic() + lingerMs
    for (;;) {
      const leftMs = untilMs - clock.monotonic()
      if (leftMs <= 0 || this.#buffered >= records || signal.aborted) return
      await clock.sleep(Math.min(lingerStepMs, leftMs), signal).catch(() => undefined)
      if (!signal.aborted) await this.#fill(fetchBytes)
    }
  }

  #take(recordsMax: number): ReadBatch {
    const records: KafkaRecord[] = []
    const positions = new Map<string, Position>()
    let taken = 0
    for (const { record, position } of this.#buffer) {
      if (record !== null && records.length >= recordsMax) break
      if (record !== null) records.push(record)
      positions.set(`${position.topic}:${position.partition}`, position)
      taken += 1
    }
    this.#buffer = this.#buffer.slice(taken)
    this.#buffered -= records.length
    return { records, positions: [...positions.values()] }
  }

  #fill(fetchBytes: number): Promise<void> {
    this.#filling ??= this.#fetch(fetchBytes).finally(() => {
      this.#filling = null
    })
    return this.#filling
  }

  async #fetch(maxBytes: number): Promise<void> {
    if (this.#isClosed) return
    const requests = [...this.#partitions.values()].map(({ topic, partition, offset }) => {
      return { topic, partition, offset }
    })
    const fetched = await this.#options.fetcher.fetch(requests, {
      maxWaitMs: fetchWaitMs,
      maxBytes,
      maxBytesPerPartition: maxBytes,
      isolation: 'committed'
    })
    for (const part of fetched) {
      if (part.error === null) this.#add(part)
      else await this.#recover(part)
    }
  }

  #add(part: FetchedPartition): void {
    const { topic, partition, records, offsetNext } = part
    const state = this.#stateOf(part)
    const before = state.offset
    for (const record of records) {
      const position = { topic, partition, offset: record.offset + 1n }
      this.#buffer.push({ record, position })
    }
    this.#buffered += records.length
    const end = records.at(-1)?.offset ?? before - 1n
    // Control records and aborted batches behind the last record are passed over too.
    if (offsetNext > end + 1n) {
      this.#buffer.push({ record: null, position: { topic, partition, offset: offsetNext } })
    }
    state.offset = offsetNext
    state.lag = part.highWatermark > offsetNext ? part.highWatermark - offsetNext : 0n
  }

  #stateOf({ topic, partition }: { topic: string; partition: number }): PartitionState {
    const state = this.#partitions.get(`${topic}:${partition}`)
    if (state !== undefined) return state
    throw new FatalError('HAIL_ASSERTION', `${topic}-${partition} was fetched but not asked for`)
  }

  async #recover(part: FetchedPartition): Promise<void> {
    const { topic, partition, error } = part
    if (error === 'OFFSET_OUT_OF_RANGE') return this.#skipRemoved(part)
    // The fetcher has refreshed its metadata and slowed down; the others go on meanwhile.
    if (error === 'NOT_LEADER' || error === 'UNAVAILABLE') return
    const message = `could not read ${topic}-${partition}: Kafka answered ${error}`
    throw new RetryError('HAIL_KAFKA_UNAVAILABLE', message)
  }

  /** Retention removed what was not read yet: nothing can bring it back, so go on, loudly. */
  async #skipRemoved(part: FetchedPartition): Promise<void> {
    const { topic, partition } = part
    const state = this.#stateOf(part)
    const offsets = (await this.#options.admin.endOffsets(topic)).get(partition)
    if (offsets === undefined || state.offset > offsets.high) {
      throw new FatalError(
        'HAIL_OFFSET_OUT_OF_RANGE',
        `expected ${topic}-${partition} to reach offset ${state.offset}, got ${offsets?.high ?? 'nothing'}; ` +
          'the topic was made anew: reset the group when that was meant'
      )
    }
    if (state.offset >= offsets.logStart) return
    const count = Number(offsets.logStart - state.offset)
    this.#options.logger.error(
      { topic, partition, offset: state.offset, count },
      'records were removed by retention before they were read'
    )
    this.#options.onLost(count)
    state.offset = offsets.logStart
  }
}
