/**
 * One topic's lane of the accumulator: a queue of records and at most one request to Kafka at a time,
 * so records of a key keep their order and a slow broker makes batches bigger instead of requests
 * more.
 *
 * ```
 * add -> queue --(linger, full or reply of the one before)--> in flight --ack--> resolved
 *           \--deadline: never sent, overloaded                   \--error, deadline: unknown outcome
 * ```
 *
 * The breaker: after `failuresMax` failed requests in a row, or one that is overdue, the lane refuses
 * at once until `coolDownMs` have passed. Then it is half open: records are taken for one request, and
 * refused again while that is in flight, since they would only wait for their deadline; it decides.
 *
 * @module
 */
import type { Clock, TimerHandle } from '../../core/index.ts'
import type { KafkaProducer, OutRecord } from '../../core/kafka/index.ts'
import type { Problem } from '../http/index.ts'

/** Why a record was not acknowledged. */
export type LaneFailure = 'overloaded' | 'broker_unavailable' | 'unknown_outcome'

/** Bounds of a lane; times in ms. */
export type LaneOptions = {
  clock: Clock
  producer: Pick<KafkaProducer, 'send'>
  lingerMs: number
  batchRecordsMax: number
  batchBytesMax: number
  deadlineMs: number
  failuresMax: number
  coolDownMs: number
  /** Gives back the bytes of records that are done with. */
  release: (bytes: number) => void
  onSent: (result: { records: number; durationMs: number; error: unknown }) => void
  /** An error for the caller. */
  fail: (reason: LaneFailure, cause?: unknown) => Problem
}

/** One record and who waits for it; the records of a batch share their functions. */
export type Entry = {
  record: OutRecord
  bytes: number
  addedAt: number
  /** Place within its batch, for `reject`. */
  index: number
  resolve: () => void
  reject: (error: Problem, index: number) => void
  isSettled: boolean
}

/** See the module. */
export class Lane {
  readonly #options: LaneOptions
  #queue: Entry[] = []
  #queuedBytes = 0
  #inFlight: readonly Entry[] = []
  #linger: TimerHandle | null = null
  #failures = 0
  #isOverdue = false
  #isTripped = false
  #refusingUntil = Number.NEGATIVE_INFINITY
  #onIdle: (() => void)[] = []

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Records waiting to be sent. */
  get queued(): number {
    return this.#queue.length
  }

  /** Whether the lane refuses records because the broker fails. */
  get isBroken(): boolean {
    if (this.#isOverdue || this.#options.clock.monotonic() < this.#refusingUntil) return true
    return this.#isTripped && this.#inFlight.length > 0
  }

  /** Takes a record; the caller has checked `isBroken` and the budget. */
  add(entry: Entry): void {
    this.#queue.push(entry)
    this.#queuedBytes += entry.bytes
    if (this.#inFlight.length > 0) return
    if (this.#isFull) this.flush()
    else this.#linger ??= this.#setLinger(this.#options.lingerMs)
  }

  /** Sends what waits now, unless a request is in flight. */
  flush(): void {
    this.#linger?.cancel()
    this.#linger = null
    if (this.#inFlight.length > 0 || this.#queue.length === 0) return
    this.#inFlight = this.#takeBatch()
    void this.#send(this.#inFlight)
  }

  /** Ends the waiting of callers whose deadline has passed. Called every few ms. */
  expire(nowMs: number): void {
    const { deadlineMs, fail } = this.#options
    const overdueBefore = nowMs - deadlineMs
    const head = this.#inFlight[0]
    if (head !== undefined && head.addedAt <= overdueBefore && !this.#isOverdue) {
      this.#isOverdue = true
      for (const entry of this.#inFlight) {
        settle(entry, () => entry.reject(fail('unknown_outcome'), entry.index))
      }
    }
    const expired = countWhile(this.#queue, (entry) => entry.addedAt <= overdueBefore)
    if (expired === 0) return
    for (const entry of this.#queue.splice(0, expired)) {
      this.#queuedBytes -= entry.bytes
      this.#options.release(entry.bytes)
      settle(entry, () => entry.reject(fail('overloaded'), entry.index))
    }
    this.#wakeIfIdle()
  }

  /** Resolves when nothing waits and nothing is in flight. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  get #isIdle(): boolean {
    return this.#queue.length === 0 && this.#inFlight.length === 0
  }

  get #isFull(): boolean {
    const { batchRecordsMax, batchBytesMax } = this.#options
    return this.#queue.length >= batchRecordsMax || this.#queuedBytes >= batchBytesMax
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    const { clock, producer, onSent } = this.#options
    const sentAt = clock.monotonic()
    let failure: unknown = null
    try {
      await producer.send(batch.map(({ record }) => record))
    } catch (error) {
      failure = error ?? new Error('the producer failed without a reason')
    }
    onSent({ records: batch.length, durationMs: clock.monotonic() - sentAt, error: failure })
    this.#settleBatch(batch, failure)
    this.#inFlight = []
    this.#isOverdue = false
    this.#next()
  }

  #settleBatch(batch: readonly Entry[], failure: unknown): void {
    const { clock, fail, release, failuresMax, coolDownMs } = this.#options
    for (const entry of batch) {
      release(entry.bytes)
      settle(entry, () => {
        // An error may come after the broker has written: the outcome is unknown, never "failed".
        if (failure === null) entry.resolve()
        else entry.reject(fail('unknown_outcome', failure), entry.index)
      })
    }
    this.#failures = failure === null ? 0 : this.#failures + 1
    if (this.#failures === 0) this.#close()
    else if (this.#failures >= failuresMax || this.#isOverdue) {
      this.#isTripped = true
      this.#refusingUntil = clock.monotonic() + coolDownMs
    }
  }

  #close(): void {
    this.#isTripped = false
    this.#refusingUntil = Number.NEGATIVE_INFINITY
  }

  /** What came in while the last request was in flight has lingered already, or lingers on. */
  #next(): void {
    const oldest = this.#queue[0]
    if (oldest === undefined) {
      this.#wakeIfIdle()
      return
    }
    const waited = this.#options.clock.monotonic() - oldest.addedAt
    const leftMs = this.#options.lingerMs - waited
    if (leftMs <= 0 || this.#isFull || this.#onIdle.length > 0) this.flush()
    else this.#linger ??= this.#setLinger(leftMs)
  }

  #setLinger(delayMs: number): TimerHandle {
    return this.#options.clock.setTimer(() => this.flush(), delayMs)
  }

  #takeBatch(): readonly Entry[] {
    const { batchRecordsMax, batchBytesMax } = this.#options
    let bytes = 0
    let count = 0
    for (const entry of this.#queue) {
      // One record larger than a batch still goes, alone.
      if (count === batchRecordsMax || (count > 0 && bytes + entry.bytes > batchBytesMax)) break
      bytes += entry.bytes
      count += 1
    }
    this.#queuedBytes -= bytes
    if (count === this.#queue.length) {
      const batch = this.#queue
      this.#queue = []
      return batch
    }
    return this.#queue.splice(0, count)
  }

  #wakeIfIdle(): void {
    if (!this.#isIdle) return
    for (const wake of this.#onIdle.splice(0)) wake()
  }
}

const settle = (entry: Entry, how: () => void): void => {
  if (entry.isSettled) return
  entry.isSettled = true
  how()
}

const countWhile = (entries: readonly Entry[], test: (entry: Entry) => boolean): number => {
  const index = entries.findIndex((entry) => !test(entry))
  return index === -1 ? entries.length : index
}
