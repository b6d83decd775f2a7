/**
 * @module The port to Kafka: what the rest of the project knows about a log. Nothing here names the
 * client library, so another one can be put behind it. Offsets are `bigint`, timestamps are
 * milliseconds since the epoch, durations are milliseconds. `TopicPartition` keys are written
 * `topic:partition`. The operator's side, {@link KafkaAdmin}, is in admin-types.ts.
 */

import type { KafkaAdmin } from './admin-types.ts'

/** `topic:partition`, the key of every map over partitions. */
export type TopicPartitionKey = `${string}:${number}`

/**
 * One record as read. `key` and `value` are slices of the fetch response: reading them is free, but
 * keeping one keeps the whole response (up to `maxBytes`) in memory. Copy with `Buffer.from(slice)`
 * before caching; decoding at once is fine. `headers` may be one frozen object shared by all
 * records without headers: never write to it. Where there are some it is a getter that decodes them
 * when asked first, so a spread of the record leaves them out.
 */
export type KafkaRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Create time, or the broker's append time where the topic says so. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

/** One record to write. The partition is always explicit: see {@link partitionForKey}. */
export type OutRecord = {
  readonly topic: string
  readonly partition: number
  readonly key: string | Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: now. */
  readonly timestampMs?: number | undefined
}

/**
 * Where the records of one send stand in one partition. Other writers' records may lie between
 * `base` and `last`.
 */
export type Appended = {
  /** Offset of the first record of the send. */
  readonly base: bigint
  /** Offset of the last record of the send (the control record of the commit comes later). */
  readonly last: bigint
}

export type ProducerOptions = {
  /** How long the broker may wait for its replicas. Default 10000. */
  readonly ackTimeoutMs?: number
  /**
   * Resends after a retriable error: 0 turns them off. Without idempotence a resend may duplicate.
   * Default 8.
   */
  readonly retries?: number
}

/**
 * Plain producer, acks from all in-sync replicas, no idempotence. Order holds within a call, not
 * between parallel calls.
 */
export type KafkaProducer = {
  /**
   * Resolves when all records are acknowledged. RetryError(HAIL_KAFKA_UNAVAILABLE) otherwise: any
   * part of them may have been written, so sending again may duplicate.
   * FatalError(HAIL_KAFKA_REFUSED) when it can never be written: too large, or a right is missing.
   */
  send(records: readonly OutRecord[]): Promise<void>
  close(): Promise<void>
}

export type OffsetCommit = {
  readonly groupId: string
  readonly offsets: readonly {
    readonly topic: string
    readonly partition: number
    /** Next offset to read. */
    readonly offset: bigint
    readonly metadata: string
  }[]
}

/**
 * One open transaction. MigrateError(HAIL_FENCED) when another producer took over the transactional
 * id; any other failure is CorruptError(HAIL_UNKNOWN_OUTCOME), because "retriable" errors of a
 * commit were seen with both outcomes. After either, every call of the transaction and its producer
 * throws: close the producer and drop it.
 */
export type Transaction = {
  /**
   * May be called several times, one call after the other; records of one partition keep their
   * order.
   */
  send(records: readonly OutRecord[]): Promise<Map<TopicPartitionKey, Appended>>
  sendOffsets(commit: OffsetCommit): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

/**
 * Of Kafka's transaction protocol. 2 (KIP-890) needs a cluster whose feature `transaction.version` is at
 * least 2, as it is on clusters that began as 4.0 or were upgraded with all their features.
 */
export type TransactionVersion = 1 | 2

export type TransactionalProducerOptions = {
  /** The broker aborts a transaction that is open for longer. Default 15000. */
  readonly transactionTimeoutMs?: number
}

export type TransactionalProducer = {
  /**
   * Fences every earlier producer of this transactional id and waits until its open transaction is
   * finished: an empty transaction, aborted. Call once, before anything else.
   * RetryError(HAIL_KAFKA_UNAVAILABLE) when the cluster can't.
   */
  init(): Promise<void>
  /**
   * One at a time. Costs no round trip.
   * @param groupId the group whose offsets will be sent: it is announced while records are on their
   * way, which saves a round trip
   */
  begin(groupId?: string): Promise<Transaction>
  close(): Promise<void>
}

export type FetchRequest = {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export type FetchOptions = {
  /** How long a broker may hold the request while it has nothing. */
  readonly maxWaitMs: number
  /**
   * The same where one broker leads all that is asked for, default `maxWaitMs`. With several, the
   * answer of one that has records waits for those that have none.
   */
  readonly soleLeaderWaitMs?: number
  readonly maxBytesPerPartition: number
  /** Per broker. A single batch larger than both limits still comes. */
  readonly maxBytes: number
  readonly isolation: 'committed' | 'uncommitted'
}

/**
 * `NOT_LEADER` (metadata has been refreshed: ask again), `UNAVAILABLE` (broker unreachable: ask
 * again) and `OFFSET_OUT_OF_RANGE` (offset before the log start or after its end: decide, never
 * ignore); anything else is Kafka's own name of the error.
 */
export type FetchError = 'NOT_LEADER' | 'UNAVAILABLE' | 'OFFSET_OUT_OF_RANGE' | (string & {})

export type FetchedPartition = {
  readonly topic: string
  readonly partition: number
  /**
   * With an error there are no records, `offsetNext` is the offset asked for and the three log
   * offsets are -1n.
   */
  readonly error: FetchError | null
  /** In offset order, without aborted and control records. */
  readonly records: readonly KafkaRecord[]
  /**
   * Next offset to ask for. Moves over control records, aborted and compacted-away batches, so it
   * may jump.
   */
  readonly offsetNext: bigint
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly logStart: bigint
}

/**
 * Reads partitions without a group. One request per leading broker and call, brokers in parallel.
 * One call at a time: a broker answers the requests of a connection one after the other, so a
 * second call waits behind the first's `maxWaitMs`.
 */
export type Fetcher = {
  /**
   * One result per request, in the order of the requests. A call with a retriable error takes at
   * least 50 ms, so that a loop round it cannot spin. Throws FatalError(HAIL_KAFKA_REFUSED) only
   * for data nobody can read (unknown compression, old format) and MigrateError(HAIL_CLOSED) after
   * close().
   */
  fetch(requests: readonly FetchRequest[], options: FetchOptions): Promise<FetchedPartition[]>
  close(): Promise<void>
}

export type GroupAssignment = {
  /** Changes when membership was lost in between: nothing may be kept then. */
  readonly memberId: string
  /**
   * Count of this member's joins, from 1: a local number to recognise stale work by, not the
   * broker's generation.
   */
  readonly generation: number
  /** Task numbers: this member owns these partition numbers of every topic. Sorted. */
  readonly partitions: readonly number[]
}

export type GroupMemberOptions = {
  readonly groupId: string
  /** All with one partition count, else start() throws FatalError(HAIL_TOPOLOGY). */
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly rebalanceTimeoutMs: number
  /** Called synchronously inside the join; must not throw and must not wait. */
  onAssigned(assignment: GroupAssignment): void
  /** Membership is gone or in doubt; the member joins again by itself. */
  onLost(): void
}

/** One partition's place in a group without transactions. */
export type PlainOffset = {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  readonly offset: bigint
}

/** Membership of a group: it never reads a record and commits only what it is told. */
export type GroupMember = {
  /**
   * Resolves after the first join attempt; from then on the member joins again by itself until
   * leave().
   */
  start(): Promise<void>
  /**
   * Leaves at once, without waiting for the session to time out. Idempotent. onAssigned and onLost
   * come no more.
   */
  leave(): Promise<void>
  memberId(): string | null
  /**
   * Commits offsets in the name of this member, for readers at least once; those who use
   * transactions send offsets there instead. RetryError(HAIL_KAFKA_UNAVAILABLE) when nothing may be
   * committed: no member now, a rebalance, or the coordinator is away.
   */
  commitOffsets(offsets: readonly PlainOffset[]): Promise<void>
  /**
   * When the last heartbeat (or join) that the coordinator accepted was sent, in
   * `clock.monotonic()` ms; -Infinity before the first. Newer than an error means: still a member
   * after it.
   */
  lastHeartbeatAt(): number
}

export type Kafka = {
  admin(): Promise<KafkaAdmin>
  producer(options?: ProducerOptions): Promise<KafkaProducer>
  transactionalProducer(
    transactionalId: string,
    options?: TransactionalProducerOptions
  ): Promise<TransactionalProducer>
  fetcher(): Promise<Fetcher>
  member(options: GroupMemberOptions): GroupMember
  /**
   * Takes a dead member out of its group, so that its partitions move at once. A member already
   * gone is no error.
   */
  removeMember(groupId: string, memberId: string): Promise<void>
  /** Closes everything made here and still open. */
  close(): Promise<void>
}
