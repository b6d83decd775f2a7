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
 * The linger adapts: records that come one by one gain nothing from waiting and go at once, what comes
 * while they are in flight gathers anyway; it grows to `lingerMs` with the size of the batches, where
 * it saves the broker and us most of the requests.
 *
 * The breaker: after `failuresMax` failed requests in a row, or one that is overdue, the lane refuses
 * at once until `coolDownMs` have passed. Then it is half open: records are taken for one request, and
 * refused again while that is in flight, since they would only wait for their deadline; it decides.
 *
 * With a way to divert records, those of a request that failed or is overdue go there, and all that
 * wait behind them, so that a key's order holds. Their outcome is unknown, so they may be in the topic
 * as well; only what Kafka refuses for good is not diverted, as it would be refused again.
 *
 * @module
 */
import { type Clock, isHailError, type TimerHandle } from '../../core/index.ts'
import type { KafkaProducer, OutRecord } from '../../core/kafka/index.ts'
import type { Problem } from '../http/index.ts'

/** Why a record was not acknowledged. */
export type LaneFailure = 'overloaded' | 'broker_unavailable' | 'unknown_outcome'

/** Bounds of a lane; times in ms. */
export type LaneOptions = {
  clock: Clock
  producer: Pick<KafkaProducer, 'send'>
  /** Longest wait of a record for others. */
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
  /**
   * Takes over entries that the broker does not take now, to settle them in their order; null when
   * there is nowhere to put them. `onDone` is told once an entry needs no memory any more.
   */
  divert: ((entries: readonly Entry[], onDone: (entry: Entry) => void) => void) | null
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
  /** Somebody else settles it. */
  isDiverted: boolean
}

/** Batches of this many records and more have the whole linger; a request to Kafka costs as much as 20 records. */
const fullLingerRecords = 20
/** A batch counts for an eighth of the running mean: some milliseconds of load change the linger. */
const meanShare = 1 / 8

/** See the module. */
export class Lane {
  readonly #options: LaneOptions
  #queue: Entry[] = []
  #queuedBytes = 0
  #inFlight: readonly Entry[] = []
  #linger: TimerHandle | null = null
  #isFlushing = false
  #batchRecordsMean = 1
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
    else if (this.#linger === null) this.#waitOrFlush(this.#lingerMs)
  }

  /** Sends what waits now, unless a request is in flight. */
  flush(): void {
    this.#linger?.cancel()
    this.#linger = null
    if (this.#inFlight.length > 0 || this.#queue.length === 0) return
    this.#inFlight = this.#takeBatch()
    this.#batchRecordsMean += (this.#inFlight.length - this.#batchRecordsMean) * meanShare
    void this.#send(this.#inFlight)
  }

  /** Ends the waiting of callers whose deadline has passed. Called every few ms. */
  expire(nowMs: number): void {
    const { deadlineMs, fail } = this.#options
    const overdueBefore = nowMs - deadlineMs
    const head = this.#inFlight[0]
    if (head !== undefined && head.addedAt <= overdueBefore && !this.#isOverdue) {
      this.#isOverdue = true
      this.#divertAll(this.#inFlight)
      for (const entry of this.#inFlight) this.#doubt(entry)
    }
    const expired = countWhile(this.#queue, (entry) => entry.addedAt <= overdueBefore)
    if (expired === 0) return
    for (const entry of this.#queue.splice(0, expired)) {
      this.#queuedBytes -= entry.bytes
      this.#options.release(entry.bytes)
      refuse(entry, fail('overloaded'))
    }
    this.#wakeIfIdle()
  }

  /** The broker is known to take records again. */
  recover(): void {
    this.#failures = 0
    this.#close()
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
    const { clock, release, failuresMax, coolDownMs } = this.#options
    if (failure !== null && !isRefused(failure)) this.#divertAll(batch)
    for (const entry of batch) {
      release(entry.bytes)
      if (failure === null) accept(entry)
      else this.#doubt(entry, failure)
    }
    this.#failures = failure === null ? 0 : this.#failures + 1
    if (this.#failures === 0) this.#close()
    else if (this.#failures >= failuresMax || this.#isOverdue) {
      this.#isTripped = true
      this.#refusingUntil = clock.monotonic() + coolDownMs
    }
  }

  /** The batch and all that waits; its own bytes are released when its request ends. */
  #divertAll(batch: readonly Entry[]): void {
    const { divert, release } = this.#options
    if (divert === null) return
    const own = batch.filter(({ isSettled, isDiverted }) => !isSettled && !isDiverted)
    const behind = this.#queue.splice(0)
    this.#queuedBytes = 0
    for (const entry of own) entry.isDiverted = true
    divert(own, () => undefined)
    divert(behind, ({ bytes }) => release(bytes))
  }

  /** An error may come after the broker has written: the outcome is unknown, never "failed". */
  #doubt(entry: Entry, cause?: unknown): void {
    const isOpen = !entry.isSettled && !entry.isDiverted
    if (isOpen) refuse(entry, this.#options.fail('unknown_outcome', cause))
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
    if (this.#isFull || this.#onIdle.length > 0) this.flush()
    else this.#waitOrFlush(this.#lingerMs - waited)
  }

  /** Zero for batches of one, `lingerMs` from `fullLingerRecords` on. */
  get #lingerMs(): number {
    const share = (this.#batchRecordsMean - 1) / (fullLingerRecords - 1)
    return this.#options.lingerMs * Math.min(1, share)
  }

  /** Timers know whole milliseconds, so a shorter wait is none; the records of one request still go together. */
  #waitOrFlush(waitMs: number): void {
    if (waitMs >= 1) {
      this.#linger ??= this.#options.clock.setTimer(() => this.flush(), waitMs)
    } else if (!this.#isFlushing) {
      this.#isFlushing = true
      queueMicrotask(() => {
        this.#isFlushing = false
        this.flush()
      })
    }
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

/** For good: wrong rights, or a record no broker takes. */
const isRefused = (failure: unknown): boolean =>
  isHailError(failure) && failure.reaction === 'fatal'

/** The record is kept; the first word counts. */
export const accept = (entry: Entry): void => {
  if (entry.isSettled) return
  entry.isSettled = true
  entry.resolve()
}

/** The record is not kept, or nobody knows; the first word counts. */
export const refuse = (entry: Entry, problem: Problem): void => {
  if (entry.isSettled) return
  entry.isSettled = true
  entry.reject(problem, entry.index)
}

const countWhile = (entries: readonly Entry[], test: (entry: Entry) => boolean): number => {
  const index = entries.findIndex((entry) => !test(entry))
  return index === -1 ? entries.length : index
}
