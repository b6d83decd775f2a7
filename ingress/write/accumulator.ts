/**
 * The record accumulator: gathers the records of many requests into few requests to Kafka and
 * resolves each record's promise once all in-sync replicas have it. The client library has no
 * queue, no linger and no bound of its own, so they are here: bytes over all lanes, records and
 * bytes a batch, one request in flight a lane, a deadline a record.
 *
 * Invariant: `add` resolves, and `addAll` says null of a record, only after Kafka acknowledged it or, where
 * there is a spill, after it is on the disk. A 202 is sent after that and never before.
 *
 * @module
 */
import type { Clock, Counter, Histogram, Logger, Metrics, TimerHandle } from '../../core/index.ts'
import type { KafkaProducer, OutRecord } from '../../core/kafka/index.ts'
import { Problem, type ProblemCode, retryAfterSeconds } from '../http/index.ts'
import type { Spill } from '../spill/index.ts'
import { createDivert, type Divert } from './diversion.ts'
import { type Entry, Lane, type LaneFailure } from './lane.ts'

/** Bounds; times in ms, sizes in bytes. */
export type AccumulatorOptions = {
  producer: Pick<KafkaProducer, 'send'>
  clock: Clock
  logger: Logger
  metrics: Metrics
  /** How long a record waits for others. */
  lingerMs: number
  batchRecordsMax: number
  batchBytesMax: number
  /** Over all lanes, waiting and in flight. At 400 bytes a record, 64 MiB are 160,000 records. */
  budgetBytes: number
  deadlineMs: number
  failuresMax: number
  coolDownMs: number
  /** Where records wait that Kafka does not take now; null refuses them. Drained with the rest. */
  spill: Spill | null
  /** Breaks the invariant on purpose, so that a test can show it would notice. Never in production. */
  ackBeforeProduce?: boolean
}

/** Takes records. */
export type RecordSink = {
  /** Resolves when Kafka or the spill has the record; rejects with a 503 problem. */
  add(record: OutRecord): Promise<void>
  /**
   * Takes the records of one batch; each stands for itself. Resolves, never rejects, once every record
   * is acknowledged (null at its index) or has failed (the 503 problem at its index).
   */
  addAll(records: readonly OutRecord[]): Promise<Outcomes>
}

/** What became of the records of a batch, by index; null is acknowledged. */
export type Outcomes = readonly (Problem | null)[]

/** Of an entry nobody has looked at. */
const fresh = { isSettled: false, isDiverted: false }
/** What a record costs beside its key and value: headers and bookkeeping. */
const overheadBytes = 512
/** How often deadlines are looked at; a deadline is late by at most this. */
const sweepMs = 50
/** A saturated broker fails thousands of requests a second: one line in this time is enough. */
const logEveryMs = 5_000

/** See the module. */
export class RecordAccumulator implements RecordSink {
  readonly #options: AccumulatorOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #accepted: Counter<'topic'>
  readonly #rejected: Counter<'reason'>
  readonly #seconds: Histogram<'topic'>
  readonly #divert: Divert | null
  #bytes = 0
  #isDraining = false
  #sweeper: TimerHandle | null = null
  #loggedAt = Number.NEGATIVE_INFINITY
  #silenced = 0

  constructor(options: AccumulatorOptions) {
    this.#options = options
    const { metrics } = options
    this.#accepted = metrics.counter({
      name: 'hail_ingress_accepted_total',
      help: 'Records acknowledged by all in-sync replicas.',
      labels: ['topic']
    })
    this.#rejected = metrics.counter({
      name: 'hail_ingress_rejected_total',
      help: 'Requests and records refused, by reason.',
      labels: ['reason']
    })
    this.#seconds = metrics.histogram({
      name: 'hail_ingress_produce_duration_seconds',
      help: 'Time of one request to Kafka, acknowledgement included.',
      labels: ['topic']
    })
    metrics.gauge({
      name: 'hail_ingress_inflight_bytes',
      help: 'Bytes of records that wait or are in flight.',
      collect: (gauge) => gauge.set({}, this.#bytes)
    })
    metrics.gauge<'topic'>({
      name: 'hail_ingress_queue_records',
      help: 'Records that wait to be sent.',
      labels: ['topic'],
      collect: (gauge) => {
        for (const [topic, lane] of this.#lanes) gauge.set({ topic }, lane.queued)
      }
    })
    const { spill, clock, deadlineMs } = options
    const fail = (reason: LaneFailure, cause?: unknown): Problem => this.#refusal(reason, cause)
    this.#divert = spill === null ? null : createDivert({ spill, clock, deadlineMs, fail })
    spill?.start({
      whenIdle: (topic) => this.#laneOf(topic).idle(),
      onReplayed: (topic) => this.#laneOf(topic).recover()
    })
  }

  add(record: OutRecord): Promise<void> {
    const bytes = sizeOf(record)
    const lane = this.#laneOf(record.topic)
    const reason = this.#reasonAgainst(lane, bytes)
    if (reason !== null) return Promise.reject(this.#refusal(reason))
    const added = new Promise<void>((resolve, reject) => {
      const addedAt = this.#options.clock.monotonic()
      this.#enqueue(lane, { record, bytes, addedAt, index: 0, resolve, reject, ...fresh })
    })
    if (this.#options.ackBeforeProduce !== true) return added
    added.catch(() => undefined)
    return Promise.resolve()
  }

  addAll(records: readonly OutRecord[]): Promise<Outcomes> {
    const outcomes: (Problem | null)[] = new Array(records.length).fill(null)
    if (records.length === 0) return Promise.resolve(outcomes)
    const added = new Promise<Outcomes>((done) => this.#addEach(records, outcomes, done))
    return this.#options.ackBeforeProduce === true ? Promise.resolve(outcomes) : added
  }

  /** Whether records are taken and acknowledged; the readiness check. */
  get state(): { isHealthy: boolean; detail: string } {
    if (this.#isDraining) return { isHealthy: false, detail: 'draining' }
    const { spill } = this.#options
    const away = [...this.#lanes].flatMap(([topic, lane]) =>
      lane.isBroken || spill?.holds(topic) === true ? [topic] : []
    )
    const topics = away.join(', ')
    if (spill === null) {
      return { isHealthy: away.length === 0, detail: `broken lanes: ${topics || 'none'}` }
    }
    const isHealthy = away.length === 0 || spill.hasRoom
    return {
      isHealthy,
      detail: `${isHealthy ? 'on the disk' : 'the disk is full'}: ${topics || 'none'}`
    }
  }

  /** Bytes that wait or are in flight. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes no more, sends what waits, resolves when every record is settled. */
  async drain(): Promise<void> {
    this.#isDraining = true
    for (const lane of this.#lanes.values()) lane.flush()
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()))
    await this.#options.spill?.close()
    this.#sweeper?.cancel()
    this.#sweeper = null
  }

  /** Two functions a batch and none a record; `done` is called once nothing is open. */
  #addEach(
    records: readonly OutRecord[],
    outcomes: (Problem | null)[],
    done: (outcomes: Outcomes) => void
  ): void {
    const addedAt = this.#options.clock.monotonic()
    let openCount = records.length
    const resolve = (): void => {
      openCount -= 1
      if (openCount === 0) done(outcomes)
    }
    const reject = (error: Problem, index: number): void => {
      outcomes[index] = error
      resolve()
    }
    for (const [index, record] of records.entries()) {
      const bytes = sizeOf(record)
      const lane = this.#laneOf(record.topic)
      const reason = this.#reasonAgainst(lane, bytes)
      if (reason !== null) reject(this.#refusal(reason), index)
      else this.#enqueue(lane, { record, bytes, addedAt, index, resolve, reject, ...fresh })
    }
  }

  #reasonAgainst(lane: Lane, bytes: number): LaneFailure | 'draining' | null {
    if (this.#isDraining) return 'draining'
    if (lane.isBroken && this.#options.spill === null) return 'broker_unavailable'
    return this.#bytes + bytes > this.#options.budgetBytes ? 'overloaded' : null
  }

  /** To Kafka, or to the disk while Kafka does not take records or older ones wait there. */
  #enqueue(lane: Lane, entry: Entry): void {
    const { spill } = this.#options
    this.#bytes += entry.bytes
    if (spill !== null && (lane.isBroken || spill.holds(entry.record.topic))) {
      this.#divert?.([entry], ({ bytes }) => this.#release(bytes))
      return
    }
    this.#sweeper ??= this.#setSweeper()
    lane.add(entry)
  }

  #laneOf(topic: string): Lane {
    const known = this.#lanes.get(topic)
    if (known !== undefined) return known
    const { spill, deadlineMs } = this.#options
    const lane = new Lane({
      ...this.#options,
      // The other half is for the disk.
      deadlineMs: spill === null ? deadlineMs : deadlineMs / 2,
      release: (bytes) => this.#release(bytes),
      divert: this.#divert,
      onSent: ({ records, durationMs, error }) => {
        this.#seconds.observe({ topic }, durationMs / 1_000)
        if (error === null) this.#accepted.inc({ topic }, records)
        else this.#warn({ topic, error, count: records })
      },
      fail: (reason, cause) => this.#refusal(reason, cause)
    })
    this.#lanes.set(topic, lane)
    return lane
  }

  #release(bytes: number): void {
    this.#bytes -= bytes
  }

  #setSweeper(): TimerHandle {
    return this.#options.clock.setTimer(() => {
      const nowMs = this.#options.clock.monotonic()
      for (const lane of this.#lanes.values()) lane.expire(nowMs)
      this.#sweeper = this.#bytes > 0 ? this.#setSweeper() : null
    }, sweepMs)
  }

  #refusal(reason: LaneFailure | 'draining', cause?: unknown): Problem {
    this.#rejected.inc({ reason })
    return new Problem(reason satisfies ProblemCode, {
      headers: { 'retry-after': retryAfterSeconds(this.#options.clock.random) },
      ...(cause === undefined ? {} : { cause })
    })
  }

  #warn(fields: { topic: string; error: unknown; count: number }): void {
    const nowMs = this.#options.clock.monotonic()
    if (nowMs - this.#loggedAt < logEveryMs) {
      this.#silenced += 1
      return
    }
    const silencedCount = this.#silenced
    this.#options.logger.warn({ ...fields, silencedCount }, 'a batch was not acknowledged')
    this.#loggedAt = nowMs
    this.#silenced = 0
  }
}

const sizeOf = ({ key, value }: OutRecord): number =>
  overheadBytes + (key?.length ?? 0) + (value?.byteLength ?? 0)
