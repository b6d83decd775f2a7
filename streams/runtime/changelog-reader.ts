/**
 * @module Reads a changelog partition from an offset up to a target, a chunk at a time; the next
 * chunk is under way while the caller works on the one before.
 */
import { type Clock, CorruptError, RetryError } from '../../core/index.ts'
import type { FetchedPartition, Fetcher, KafkaRecord } from '../../core/kafka/index.ts'

export interface ChangelogReaderOptions {
  readonly fetcher: Fetcher
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  /** Nothing at or beyond this offset is handed out. */
  readonly target: bigint
  /** Bytes of one fetch. Two chunks are held at once, decoded to about eight times their bytes. */
  readonly chunkBytes: number
  /** Longest wait without progress, ms. */
  readonly patienceMs: number
  readonly clock: Clock
  readonly isAbandoned: () => boolean
}

/** Records of one fetch; some at its end may lie at or beyond the target. */
export interface ChangelogChunk {
  readonly records: readonly KafkaRecord[]
  /** Everything below this offset has been read; never beyond the target. */
  readonly to: bigint
}

/** How long a broker may hold a fetch that finds nothing, ms. */
const fetchWaitMs = 50
/** Between two tries, ms. */
const retryMs = 20

export class ChangelogReader {
  readonly #options: ChangelogReaderOptions
  #next: bigint
  #deadlineMs: number
  #ahead: Promise<FetchedPartition[]> | null = null

  constructor(options: ChangelogReaderOptions) {
    this.#options = options
    this.#next = options.from
    this.#deadlineMs = this.#deadline()
  }

  /**
   * The next chunk; null at the target; `out-of-range` when the log does not reach back to the next
   * offset or has not come so far: `seek`, then go on.
   * @throws RetryError HAIL_TIMEOUT when the changelog stays unreadable
   * @throws CorruptError HAIL_POSITION when the restore was abandoned
   */
  async next(): Promise<ChangelogChunk | 'out-of-range' | null> {
    const { target } = this.#options
    while (this.#next < target) {
      this.#requireWanted()
      const fetching = this.#ahead ?? this.#fetch()
      this.#ahead = null
      const [fetched] = await fetching
      this.#requireWanted()
      if (fetched === undefined || fetched.error !== null) {
        await this.#waitOrFail(fetched?.error ?? 'no answer')
        if (fetched?.error === 'OFFSET_OUT_OF_RANGE') return 'out-of-range'
        continue
      }
      const to = fetched.offsetNext < target ? fetched.offsetNext : target
      if (to <= this.#next) {
        await this.#waitOrFail('an open transaction')
        continue
      }
      this.#next = to
      this.#deadlineMs = this.#deadline()
      if (to < target) this.#fetchAhead()
      return { records: fetched.records, to }
    }
    return null
  }

  seek(offset: bigint): void {
    this.#next = offset
  }

  /** Waits for the fetch under way, so that another may use the fetcher. */
  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined)
    this.#ahead = null
  }

  #fetchAhead(): void {
    this.#ahead = this.#fetch()
    // Whoever waits for it sees the error; nobody may.
    this.#ahead.catch(() => undefined)
  }

  #fetch(): Promise<FetchedPartition[]> {
    const { fetcher, topic, partition, chunkBytes } = this.#options
    return fetcher.fetch([{ topic, partition, offset: this.#next }], {
      maxWaitMs: fetchWaitMs,
      maxBytesPerPartition: chunkBytes,
      maxBytes: chunkBytes,
      isolation: 'committed'
    })
  }

  #requireWanted(): void {
    const { isAbandoned, topic, partition } = this.#options
    if (!isAbandoned()) return
    throw new CorruptError(
      'HAIL_POSITION',
      `the task that restored ${topic}-${partition} was revoked`
    )
  }

  async #waitOrFail(why: string): Promise<void> {
    const { clock, topic, partition, target, patienceMs } = this.#options
    if (clock.monotonic() > this.#deadlineMs) {
      throw new RetryError(
        'HAIL_TIMEOUT',
        `${topic}-${partition}: expected to read beyond ${this.#next} up to ${target} within ${patienceMs} ms, got ${why}`
      )
    }
    await clock.sleep(retryMs)
  }

  #deadline(): number {
    return this.#options.clock.monotonic() + this.#options.patienceMs
  }
}
