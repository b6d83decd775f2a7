/**
 * @module The operator's side of the port to Kafka: topics, groups, offsets and transactions, for
 * start-up, restore, tests and repair by hand. Conventions as in types.ts.
 */

import type { OffsetCommit, TopicPartitionKey } from './types.ts'

export type TopicDefinition = {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Broker topic settings, such as `cleanup.policy`. */
  readonly config: Readonly<Record<string, string>>
}

export type ConfigDifference = {
  readonly topic: string
  readonly setting: string
  readonly expected: string
  readonly actual: string | null
}

export type EnsureTopicsReport = {
  readonly created: readonly string[]
  /** Existing topics whose settings are not the wanted ones: reported, never altered. */
  readonly differing: readonly ConfigDifference[]
}

export type PartitionOffsets = {
  /** First offset still in the log. */
  readonly logStart: bigint
  /**
   * Last stable offset: a read of committed records ends before it. Lower than `high` while a
   * transaction is open.
   */
  readonly stable: bigint
  /** High watermark. */
  readonly high: bigint
}

export type CommittedOffset = {
  /** Next offset to read; -1n when nothing is committed. */
  readonly offset: bigint
  readonly metadata: string
}

export type GroupMemberDescription = {
  readonly memberId: string
  readonly clientId: string
  readonly host: string
  /**
   * Partition numbers held, sorted, over all topics of the group. Empty while the group rebalances.
   */
  readonly partitions: readonly number[]
}

export type GroupDescription = {
  readonly groupId: string
  /** Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. */
  readonly state: string
  readonly members: readonly GroupMemberDescription[]
}

/**
 * Kafka's word: Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead,
 * PrepareEpochFence. Ongoing, PrepareCommit and PrepareAbort hold readers of committed records back.
 */
export type TransactionState = string

/** One transactional id as its coordinator knows it. */
export type ListedTransaction = {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly state: TransactionState
}

export type TransactionFilter = {
  /** Only these states; all when left out. A broker ignores states it doesn't know. */
  readonly states?: readonly TransactionState[] | undefined
  /** Only these producer ids; all when left out. */
  readonly producerIds?: readonly bigint[] | undefined
}

export type TopicPartition = { readonly topic: string; readonly partition: number }

export type TransactionDescription = ListedTransaction & {
  readonly producerEpoch: number
  /** The broker aborts the transaction by itself when it is open for longer. */
  readonly timeoutMs: number
  /**
   * When the newest transaction began (its first partition was added), in ms since the epoch, also
   * after it has ended; null before the first.
   */
  readonly startMs: number | null
  /** What the open transaction has written to, `__consumer_offsets` included. */
  readonly partitions: readonly TopicPartition[]
}

/** One producer whose sequence the leader of a partition remembers. */
export type ActiveProducer = {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** -1 when nothing is known of it. */
  readonly lastSequence: number
  /** Time of its last batch, in ms since the epoch; -1 when nothing is known of it. */
  readonly lastTimestampMs: number
  /** Of the coordinator that wrote the producer's last marker; -1 when it wrote none. */
  readonly coordinatorEpoch: number
  /** Offset of the first record of its open transaction in this partition; null when none is open. */
  readonly transactionStart: bigint | null
}

/** A transaction in one partition that nobody will end, as `describeProducers` told of it. */
export type HangingTransaction = TopicPartition & {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** As described; -1 is taken for 0, as of a producer that never ended a transaction here. */
  readonly coordinatorEpoch: number
}

/**
 * Everything throws RetryError(HAIL_KAFKA_UNAVAILABLE) when the cluster doesn't answer within the
 * retries and FatalError(HAIL_KAFKA_REFUSED) when it refuses a right or the request.
 */
export type KafkaAdmin = {
  /**
   * Creates what is missing. FatalError(HAIL_TOPOLOGY) when an existing topic has another partition
   * count.
   */
  ensureTopics(definitions: readonly TopicDefinition[]): Promise<EnsureTopicsReport>
  listTopics(): Promise<string[]>
  deleteTopics(topics: readonly string[]): Promise<void>
  /** FatalError(HAIL_KAFKA_REFUSED) when the topic doesn't exist. */
  partitionCount(topic: string): Promise<number>
  endOffsets(topic: string): Promise<Map<number, PartitionOffsets>>
  /**
   * The committed offset of every partition of the topics, -1n where there is none. Not "stable":
   * offsets of a transaction whose markers are still being written show their former value. After
   * `TransactionalProducer.init()` of the only transactional id that writes them, they are final.
   */
  committed(
    groupId: string,
    topics: readonly string[]
  ): Promise<Map<TopicPartitionKey, CommittedOffset>>
  listGroups(): Promise<string[]>
  describeGroup(groupId: string): Promise<GroupDescription>
  groupMembers(groupId: string): Promise<readonly GroupMemberDescription[]>
  /**
   * Idempotent: a group that isn't there is no error. FatalError(HAIL_KAFKA_REFUSED) while it has
   * members.
   */
  deleteGroup(groupId: string): Promise<void>
  /** Deletes the records before the given offsets: moves the log start. */
  deleteRecords(topic: string, beforeOffsetByPartition: ReadonlyMap<number, bigint>): Promise<void>
  /** Of all coordinators of the cluster. */
  listTransactions(filter?: TransactionFilter): Promise<readonly ListedTransaction[]>
  /** In the order of the ids; one that no coordinator knows is left out. */
  describeTransactions(
    transactionalIds: readonly string[]
  ): Promise<readonly TransactionDescription[]>
  /** FatalError(HAIL_KAFKA_REFUSED) when the topic or the partition doesn't exist. */
  describeProducers(topic: string, partition: number): Promise<readonly ActiveProducer[]>
  /**
   * Writes an abort marker into one partition, past the coordinator. Only for a transaction the
   * coordinator doesn't know of any more, or it comes apart: one the coordinator knows is ended by
   * `TransactionalProducer.init()` with its id. FatalError(HAIL_KAFKA_REFUSED) when
   * the producer has a newer epoch by now or the right (ALTER on the cluster) is missing.
   */
  abortTransaction(hanging: HangingTransaction): Promise<void>
  /**
   * Sets committed offsets with their metadata, for a group without members: stop it first.
   * FatalError(HAIL_KAFKA_REFUSED) while it has some; then nothing is moved.
   */
  moveOffsets(commit: OffsetCommit): Promise<void>
  close(): Promise<void>
}
