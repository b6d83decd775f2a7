/**
 * Follows the committed ends of a few topics, all partitions, without a group: every process reads
 * everything, so that an event reaches a client of any of them. Topics may be read again from a little
 * before the end, to know what happened just before the start.
 *
 * It starts at the last stable offset, not at the high watermark: records of a transaction that is open
 * now lie before it, and are committed later. A partition that is too far behind, or whose place is no
 * longer in the log, is skipped to its end, and whoever listens is told.
 *
 * @module
 */
import { learning, UnknownSchemaError } from '../../avro/index.ts'
import { type Clock, isHailError, type Logger } from '../../core/index.ts'
import type { FetchedPartition, Fetcher, KafkaAdmin, KafkaRecord } from '../../core/kafka/index.ts'

/** The part of Kafka that is needed. */
export type LogSource = {
  fetcher(): Promise<Fetcher>
  admin(): Promise<Pick<KafkaAdmin, 'endOffsets' | 'close'>>
}

/** One topic to follow. */
export type FollowedTopic = {
  readonly topic: string
  /** Records before the end of each partition that are read again at the start and after a skip. */
  readonly rewind: number
  /** Takes one record; an UnknownSchemaError is cured and the record given again. */
  onRecord(record: KafkaRecord): void
  /** Records of this partition were left out. */
  onSkip(partition: number): void
  /** This record cannot be read by anybody. */
  onUndecodable(record: KafkaRecord): void
}

/** What the tail is made of. */
export type LogTailOptions = {
  readonly log: LogSource
  readonly learn: (schemaId: number) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  /** In the order in which they are handled when several have news. */
  readonly topics: readonly FollowedTopic[]
  readonly fetchBytes: number
  readonly fetchWaitMs: number
  readonly lagMax: number
}

type Place = { readonly followed: FollowedTopic; readonly partition: number; offset: bigint }

/** Wait after an error nobody classified as short. */
const retryMs = 1_000
/** An outage fails every fetch: one line in this time is enough. */
const logEveryMs = 5_000

/** See the module; one life. */
export class LogTail {
  readonly #options: LogTailOptions
  readonly #lags = new Map<string, Map<number, number>>()
  #places: Place[] = []
  #fetcher: Fetcher | null = null
  #running: Promise<void> | null = null
  #isStopped = false
  #readAtMs: number
  #loggedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: LogTailOptions) {
    this.#options = options
    this.#readAtMs = options.clock.monotonic()
  }

  /** Resolves once everything up to the ends of now was read. Rejects when Kafka does not answer. */
  async start(): Promise<void> {
    const ends = await this.#locate()
    this.#fetcher = await this.#options.log.fetcher()
    const isBehind = (): boolean =>
      this.#places.some((place) => place.offset < (ends.get(place) ?? 0n))
    while (isBehind() && !this.#isStopped) await this.#turn()
    this.#readAtMs = this.#options.clock.monotonic()
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#fetcher?.close()
    await this.#running
  }

  /** Records between the end and what was read, by topic; of the worst partition. */
  lagByTopic(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#lags].map(([topic, byPartition]) => [topic, Math.max(0, ...byPartition.values())])
    )
  }

  /** Time since all partitions were last read without an error, ms. */
  behindMs(): number {
    return Math.round(Math.max(0, this.#options.clock.monotonic() - this.#readAtMs))
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) await this.#turn()
  }

  async #turn(): Promise<void> {
    const { fetchBytes, fetchWaitMs, clock } = this.#options
    try {
      const requests = this.#places.map(({ followed, partition, offset }) => ({
        topic: followed.topic,
        partition,
        offset
      }))
      const fetched =
        (await this.#fetcher?.fetch(requests, {
          maxWaitMs: fetchWaitMs,
          maxBytes: fetchBytes,
          maxBytesPerPartition: fetchBytes,
          isolation: 'committed'
        })) ?? []
      const failed = fetched.filter(({ error }) => error !== null)
      for (const [index, place] of this.#places.entries()) {
        const partition = fetched[index]
        if (partition !== undefined) await this.#take(place, partition)
      }
      if (failed.length === 0) this.#readAtMs = clock.monotonic()
      else await this.#cure(failed)
    } catch (error) {
      if (this.#isStopped || (isHailError(error) && error.code === 'HAIL_CLOSED')) return
      this.#complain({ error }, 'the tail of push could not read')
      await clock.sleep(retryMs)
    }
  }

  async #take(place: Place, fetched: FetchedPartition): Promise<void> {
    if (fetched.error !== null) return
    for (const record of fetched.records) {
      if (this.#isStopped) return
      try {
        place.followed.onRecord(record)
      } catch (error) {
        await this.#mend(place.followed, record, error)
      }
      place.offset = record.offset + 1n
    }
    place.offset = fetched.offsetNext
    const lag = Number(fetched.lastStableOffset - fetched.offsetNext)
    this.#note(place, Math.max(0, lag))
    if (lag > this.#options.lagMax) this.#skip(place, fetched)
  }

  async #mend(followed: FollowedTopic, record: KafkaRecord, failure: unknown): Promise<void> {
    try {
      if (!(failure instanceof UnknownSchemaError)) throw failure
      // While the registry is away nothing is skipped: the tail waits, and heartbeats say so.
      await learning(this.#options, () => followed.onRecord(record))
    } catch (error) {
      if (!isHailError(error) || error.reaction !== 'skip-to-dlq') throw error
      this.#complain({ error, topic: record.topic }, 'push cannot decode a record')
      followed.onUndecodable(record)
    }
  }

  /** To the end, less what is read again. */
  #skip(
    place: Place,
    { logStart, lastStableOffset }: Pick<FetchedPartition, 'logStart' | 'lastStableOffset'>
  ): void {
    const { topic, rewind } = place.followed
    const { partition } = place
    this.#options.logger.warn({ topic, partition }, 'push skips records, connections resynchronise')
    place.offset = max(logStart, lastStableOffset - BigInt(rewind))
    place.followed.onSkip(partition)
  }

  /** A place outside of the log is moved; other errors pass by themselves. */
  async #cure(failed: readonly FetchedPartition[]): Promise<void> {
    const outside = failed.filter(({ error }) => error === 'OFFSET_OUT_OF_RANGE')
    this.#complain({ error: failed[0]?.error, topic: failed[0]?.topic }, 'push reads with errors')
    if (outside.length === 0) {
      const isShort = failed.every(({ error }) => error === 'NOT_LEADER' || error === 'UNAVAILABLE')
      // The fetcher has waited already after the two errors that pass by themselves.
      if (!isShort) await this.#options.clock.sleep(retryMs)
      return
    }
    const admin = await this.#options.log.admin()
    try {
      for (const topic of new Set(outside.map((each) => each.topic))) {
        const ends = await admin.endOffsets(topic)
        for (const { partition } of outside.filter((each) => each.topic === topic)) {
          const place = this.#places.find(
            (each) => each.followed.topic === topic && each.partition === partition
          )
          const end = ends.get(partition)
          if (place === undefined || end === undefined) continue
          this.#skip(place, { logStart: end.logStart, lastStableOffset: end.stable })
        }
      }
    } finally {
      await admin.close()
    }
  }

  /** Sets the places to start from; returns the ends. */
  async #locate(): Promise<Map<Place, bigint>> {
    const admin = await this.#options.log.admin()
    const ends = new Map<Place, bigint>()
    try {
      for (const followed of this.#options.topics) {
        for (const [partition, { logStart, stable }] of await admin.endOffsets(followed.topic)) {
          const offset = max(logStart, stable - BigInt(followed.rewind))
          ends.set({ followed, partition, offset }, stable)
        }
      }
    } finally {
      await admin.close()
    }
    this.#places = [...ends.keys()]
    return ends
  }

  #note({ followed, partition }: Place, lag: number): void {
    const byPartition = this.#lags.get(followed.topic) ?? new Map<number, number>()
    this.#lags.set(followed.topic, byPartition.set(partition, lag))
  }

  #complain(fields: Readonly<Record<string, unknown>>, message: string): void {
    const nowMs = this.#options.clock.monotonic()
    if (nowMs - this.#loggedAtMs < logEveryMs) return
    this.#loggedAtMs = nowMs
    this.#options.logger.warn(fields, message)
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
