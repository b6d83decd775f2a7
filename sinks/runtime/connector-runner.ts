/**
 * Runs a connector: reads its topics, writes its collection, commits.
 *
 * ```
 *  start() -> starting --joined--> running <--> retrying (something is away: waits, for ever)
 *                                    |
 *                stop() -> stopped   \--an error that waiting does not heal--> failed
 * ```
 *
 * A batch goes through these steps, and a crash between any two of them repeats it from the first:
 * 1. plan: decode, learn schemas not known yet.
 * 2. write: idempotent by `_id` and version.
 * 3. bad records to the dead-letter topic, acknowledged by all replicas.
 * 4. commit.
 *
 * @module
 */

import { type Codec, deadLetterRecord } from '../../avro/index.ts'
import {
  type Clock,
  DeadLetterBreaker,
  type DeadLetterLimits,
  type HailError,
  isHailError,
  type Logger,
  type Metrics,
  toHailError
} from '../../core/index.ts'
import type { Fetcher, Kafka, KafkaAdmin, OutRecord } from '../../core/kafka/index.ts'
import { type BatchLimits, BatchSize } from './batch-size.ts'
import type {
  BadRecord,
  Connector,
  FoldPlan,
  NewestPlan,
  WriteOutcome,
  Writer
} from './connector.ts'
import { GroupProgress, type GroupTimes, type Ownership } from './group-progress.ts'
import { createSinkMetrics, type SinkMetrics, type SinkState } from './metrics.ts'
import { PartitionReader, type ReadBatch } from './partition-reader.ts'
import { createPlanner, type Planner } from './planner.ts'
import { createRetrier, type Retrier, type RetryWaits } from './retrying.ts'

/** Bounds and times of a runner. */
export type RunnerSettings = {
  readonly batch: BatchLimits
  readonly group: GroupTimes
  readonly retry: RetryWaits
  readonly deadLetters: DeadLetterLimits
  /** Prefix of the consumer group; the connector's name follows. */
  readonly groupPrefix: string
}

type Plan = NewestPlan | FoldPlan

/** What a runner needs. */
export type RunnerOptions = {
  readonly connector: Connector
  readonly writer: Writer<NewestPlan> | Writer<FoldPlan>
  readonly kafka: Kafka
  readonly codec: Codec
  readonly metrics: Metrics
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: RunnerSettings
  /** Acknowledged by all replicas when it resolves. */
  sendDeadLetters(records: readonly OutRecord[]): Promise<void>
}

/** What operators see of a connector. */
export type RunnerStatus = {
  readonly name: string
  readonly state: SinkState
  readonly partitions: readonly number[]
  /** Null before the first read. */
  readonly lagRecords: number | null
  readonly error: string | null
}

/** Records named in the log of one batch's conflicts or losses. */
const loggedRecordsMax = 5

type Parts = {
  readonly admin: KafkaAdmin
  readonly fetcher: Fetcher
  readonly progress: GroupProgress
}

/** Runs one connector until stop(). */
export class ConnectorRunner {
  readonly #options: RunnerOptions
  readonly #connector: Connector
  readonly #writer: Writer<Plan>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: SinkMetrics
  readonly #planner: Planner<Plan>
  readonly #retrier: Retrier
  readonly #breaker: DeadLetterBreaker
  readonly #size: BatchSize
  readonly #stop = new AbortController()
  #state: SinkState = 'starting'
  #error: HailError | null = null
  #lag: number | null = null
  #progress: GroupProgress | null = null
  #running: Promise<void> | null = null

  constructor(options: RunnerOptions) {
    const { clock, codec, connector, settings } = options
    this.#options = options
    this.#connector = connector
    // A connector's plans and its writer are of one kind: createSinks pairs them.
    this.#writer = options.writer as Writer<Plan>
    this.#clock = clock
    this.#logger = options.logger.child({ connector: connector.name })
    this.#metrics = createSinkMetrics(options.metrics, connector.name)
    this.#retrier = createRetrier({
      clock,
      logger: this.#logger,
      waits: settings.retry,
      onRetry: (error) => this.#onRetry(error)
    })
    this.#planner = createPlanner<Plan>({
      plan: (record) => connector.plan(record, codec),
      codec,
      clock,
      retrier: this.#retrier
    })
    this.#breaker = new DeadLetterBreaker(settings.deadLetters)
    this.#size = new BatchSize(settings.batch)
    this.#metrics.state(this.#state)
  }

  /** Returns at once: what is away is waited for behind. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Finishes the batch at hand, commits and leaves. Idempotent. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    if (this.#state !== 'failed') this.#enter('stopped')
  }

  status(): RunnerStatus {
    return {
      name: this.#connector.name,
      state: this.#state,
      partitions: this.#progress?.partitions() ?? [],
      lagRecords: this.#lag,
      error: this.#error === null ? null : `${this.#error.code}: ${this.#error.message}`
    }
  }

  async #run(): Promise<void> {
    let parts: Parts | null = null
    try {
      parts = await this.#open()
      while (!this.#stop.signal.aborted) await this.#runOnce(parts)
    } catch (error) {
      if (!this.#stop.signal.aborted || !isClosing(error)) this.#fail(error)
    } finally {
      await parts?.progress.leave()
      await parts?.fetcher.close()
      await parts?.admin.close()
    }
  }

  async #open(): Promise<Parts> {
    const { kafka, settings } = this.#options
    const signal = this.#stop.signal
    const retry = <T>(what: string, run: () => Promise<T>) => this.#retrier.run(what, run, signal)
    const admin = await retry('connect to Kafka', () => kafka.admin())
    const fetcher = await retry('connect to Kafka', () => kafka.fetcher())
    const progress = new GroupProgress({
      kafka,
      admin,
      groupId: `${settings.groupPrefix}${this.#connector.name}`,
      topics: this.#connector.topics,
      times: settings.group,
      clock: this.#clock,
      logger: this.#logger
    })
    this.#progress = progress
    await retry('join the group', () => progress.join())
    return { admin, fetcher, progress }
  }

  /** From one assignment to the next. */
  async #runOnce(parts: Parts): Promise<void> {
    const { progress } = parts
    const ownership = await progress.ownership(this.#stop.signal)
    if (ownership === null) return
    try {
      await this.#consume(parts, ownership)
    } catch (error) {
      // The partitions moved in the middle of a wait: whoever has them now reads on.
      if (!isClosing(error)) throw error
    }
    await progress.commit({ now: true })
  }

  async #consume({ admin, fetcher, progress }: Parts, ownership: Ownership): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, ownership.signal])
    const find = () => progress.positions(ownership)
    const positions = await this.#retrier.run('find the offsets', find, signal)
    const reader = new PartitionReader({
      fetcher,
      admin,
      clock: this.#clock,
      logger: this.#logger,
      positions,
      onLost: (count) => this.#metrics.lost(count)
    })
    // Another member may have written the documents of partitions that are new here.
    this.#writer.forget()
    this.#error = null
    this.#enter('running')
    try {
      while (!signal.aborted) {
        const batch = await this.#retrier.run('read', () => this.#read(reader, signal), signal)
        if (batch.records.length > 0) await this.#process(batch, signal)
        progress.advance(batch.positions)
        await progress.commit({ now: batch.records.length === 0 })
        this.#observeLag(reader.lag())
      }
    } finally {
      await reader.close()
    }
  }

  #read(reader: PartitionReader, signal: AbortSignal): Promise<ReadBatch> {
    return reader.next({
      records: this.#size.records,
      fetchBytes: this.#size.fetchBytes,
      lingerMs: this.#connector.lingerMs,
      signal
    })
  }

  async #process({ records }: ReadBatch, signal: AbortSignal): Promise<void> {
    const startMs = this.#clock.monotonic()
    const { planned, ignored, bad } = await this.#planner.plan(records, signal)
    const write = () => this.#writer.write(planned)
    const outcome = await this.#retrier.run('write to MongoDB', write, signal)
    const dead = [...bad, ...outcome.bad]
    this.#breaker.admit({ records: records.length, dead: dead.length })
    if (dead.length > 0) await this.#deadLetter(dead, signal)
    const durationMs = this.#clock.monotonic() - startMs
    let bytes = 0
    let newestMs = 0
    for (const { value, timestampMs } of records) {
      bytes += value?.length ?? 0
      if (timestampMs > newestMs) newestMs = timestampMs
    }
    this.#size.observe({ records: records.length, bytes, durationMs })
    this.#metrics.batchTook(durationMs / 1_000)
    this.#metrics.age(Math.max(0, this.#clock.now() - newestMs) / 1_000)
    this.#count(outcome, { ignored, dead: dead.length })
  }

  async #deadLetter(dead: readonly BadRecord[], signal: AbortSignal): Promise<void> {
    const { sendDeadLetters } = this.#options
    for (const { record, code, reason: detail } of dead.slice(0, loggedRecordsMax)) {
      const { topic, partition, offset } = record
      this.#logger.error({ topic, partition, offset, code, detail }, 'a record cannot be written')
    }
    if (!this.#connector.hasDeadLetters) return
    const app = this.#connector.name
    const atMs = this.#clock.now()
    const letters = dead.map(({ record, code, reason }) =>
      deadLetterRecord(record, { app, code, message: reason, atMs })
    )
    await this.#retrier.run('write dead letters', () => sendDeadLetters(letters), signal)
    this.#metrics.deadLettered(letters.length)
  }

  #count(
    outcome: WriteOutcome,
    { ignored, dead }: { readonly ignored: number; readonly dead: number }
  ): void {
    const { written, stale, conflicts } = outcome
    this.#metrics.count('written', written)
    this.#metrics.count('stale', stale)
    this.#metrics.count('ignored', ignored)
    this.#metrics.count('dead_letter', dead)
    this.#metrics.count('conflict', conflicts.length)
    this.#metrics.staleSkipped(stale)
    for (const { topic, partition, offset } of conflicts.slice(0, loggedRecordsMax)) {
      this.#logger.error(
        { topic, partition, offset, total: conflicts.length },
        'a value that must be unique is held by another document; the first one stays'
      )
    }
  }

  #observeLag(lag: number | null): void {
    if (lag === null) return
    this.#lag = lag
    this.#metrics.lag(lag)
  }

  #onRetry(error: HailError | null): void {
    this.#error = error
    if (error === null) {
      this.#enter('running')
      return
    }
    this.#metrics.retried()
    this.#enter('retrying')
  }

  #fail(error: unknown): void {
    this.#error = toHailError(error)
    this.#logger.fatal({ error }, 'the connector cannot go on and stops')
    this.#enter('failed')
  }

  #enter(state: SinkState): void {
    this.#state = state
    this.#metrics.state(state)
  }
}

/** A wait that was given up because the work was taken away. */
function isClosing(error: unknown): boolean {
  return isHailError(error) && error.code === 'HAIL_CLOSED'
}
