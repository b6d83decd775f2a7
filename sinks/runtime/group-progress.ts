/**
 * A connector's place in its consumer group: which partitions it has, where it stands in each, and
 * what of that is committed.
 *
 * Offsets are committed after their records were written, so a crash repeats records and loses
 * none. A partition that stays with this member keeps its place over a rebalance; the others start
 * where their last owner committed.
 *
 * @module
 */

import { type Clock, isHailError, type Logger } from '../../core/index.ts'
import type {
  GroupAssignment,
  GroupMember,
  Kafka,
  KafkaAdmin,
  TopicPartitionKey
} from '../../core/kafka/index.ts'
import type { Position } from './partition-reader.ts'

/** Times of the group protocol, ms. */
export type GroupTimes = {
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly rebalanceTimeoutMs: number
  /** Offsets are committed at most this often while records flow. */
  readonly commitIntervalMs: number
}

/** What a group's progress needs. */
export type GroupProgressOptions = {
  readonly kafka: Kafka
  readonly admin: Pick<KafkaAdmin, 'committed' | 'endOffsets'>
  readonly groupId: string
  readonly topics: readonly string[]
  readonly times: GroupTimes
  readonly clock: Clock
  readonly logger: Logger
}

/** Partitions owned until `signal` aborts. */
export type Ownership = {
  readonly partitions: readonly number[]
  readonly signal: AbortSignal
}

type Current = Ownership & { readonly memberId: string; readonly controller: AbortController }

/** Joins, remembers and commits. */
export class GroupProgress {
  readonly #options: GroupProgressOptions
  readonly #member: GroupMember
  /** Next offset to read of each partition, as far as records are written. */
  readonly #done = new Map<TopicPartitionKey, Position>()
  readonly #uncommitted = new Set<TopicPartitionKey>()
  #current: Current | null = null
  #memberId: string | null = null
  #committedAtMs = 0
  #wake: () => void = () => undefined

  constructor(options: GroupProgressOptions) {
    this.#options = options
    const { groupId, topics, times } = options
    this.#member = options.kafka.member({
      groupId,
      topics,
      sessionTimeoutMs: times.sessionTimeoutMs,
      heartbeatMs: times.heartbeatMs,
      rebalanceTimeoutMs: times.rebalanceTimeoutMs,
      onAssigned: (assignment) => this.#assign(assignment),
      onLost: () => this.#replace(null)
    })
  }

  /** RetryError(HAIL_KAFKA_UNAVAILABLE) when the topics cannot be looked at: try again. */
  join(): Promise<void> {
    return this.#member.start()
  }

  /** Partitions held now. */
  partitions(): readonly number[] {
    return this.#current?.partitions ?? []
  }

  /** The current ownership of at least one partition; null once `signal` aborts. */
  async ownership(signal: AbortSignal): Promise<Ownership | null> {
    const wake = (): void => this.#wake()
    signal.addEventListener('abort', wake)
    try {
      for (;;) {
        if (signal.aborted) return null
        if (this.#current !== null && this.#current.partitions.length > 0) return this.#current
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /** Where to read on: as far as this member got, else as committed, else from the log's start. */
  async positions({ partitions }: Ownership): Promise<Position[]> {
    const { admin, groupId, topics } = this.#options
    const wanted = topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })))
    if (wanted.every(({ topic, partition }) => this.#done.has(`${topic}:${partition}`))) {
      return wanted.map(
        ({ topic, partition }) => this.#done.get(`${topic}:${partition}`) as Position
      )
    }
    const committed = await admin.committed(groupId, topics)
    const positions: Position[] = []
    for (const { topic, partition } of wanted) {
      const key: TopicPartitionKey = `${topic}:${partition}`
      const done = this.#done.get(key)
      const offset = done?.offset ?? committed.get(key)?.offset ?? -1n
      positions.push({
        topic,
        partition,
        offset: offset >= 0n ? offset : await this.#logStart(topic, partition)
      })
    }
    return positions
  }

  /** Notes that everything before these positions is written. */
  advance(positions: readonly Position[]): void {
    const owned = new Set(this.partitions())
    for (const position of positions) {
      // A partition may have moved away while its records were written: its new owner reads on.
      if (!owned.has(position.partition)) continue
      const key: TopicPartitionKey = `${position.topic}:${position.partition}`
      this.#done.set(key, position)
      this.#uncommitted.add(key)
    }
  }

  /** Commits when the last commit is long enough ago, or `now`. Failing is no error: see above. */
  async commit({ now }: { readonly now: boolean }): Promise<void> {
    const { clock, logger, times } = this.#options
    if (this.#uncommitted.size === 0 || this.#current === null) return
    if (!now && clock.monotonic() - this.#committedAtMs < times.commitIntervalMs) return
    const keys = [...this.#uncommitted]
    const offsets = keys.flatMap((key) => this.#done.get(key) ?? [])
    try {
      await this.#member.commitOffsets(offsets)
      this.#committedAtMs = clock.monotonic()
      for (const [index, key] of keys.entries()) {
        // Further records may have been written while the commit was under way.
        if (this.#done.get(key) === offsets[index]) this.#uncommitted.delete(key)
      }
    } catch (error) {
      if (!isHailError(error) || error.reaction !== 'retry') throw error
      logger.debug({ error }, 'offsets were not committed; they will be with the next batch')
    }
  }

  /** Leaves, so that the partitions move at once. */
  leave(): Promise<void> {
    return this.#member.leave()
  }

  #assign({ memberId, partitions }: GroupAssignment): void {
    const controller = new AbortController()
    if (memberId !== this.#memberId) this.#forgetAll()
    this.#memberId = memberId
    const owned = new Set(partitions)
    for (const [key, { partition }] of this.#done) {
      if (owned.has(partition)) continue
      this.#done.delete(key)
      this.#uncommitted.delete(key)
    }
    this.#replace({ memberId, partitions, controller, signal: controller.signal })
  }

  #replace(next: Current | null): void {
    this.#current?.controller.abort()
    this.#current = next
    this.#wake()
  }

  #forgetAll(): void {
    this.#done.clear()
    this.#uncommitted.clear()
  }

  async #logStart(topic: string, partition: number): Promise<bigint> {
    const offsets = (await this.#options.admin.endOffsets(topic)).get(partition)
    return offsets?.logStart ?? 0n
  }
}
