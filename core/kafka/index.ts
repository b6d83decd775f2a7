/** @module The door to Kafka: {@link createKafka}, and nothing of the client library behind it. */

export type {
  ActiveProducer,
  CommittedOffset,
  ConfigDifference,
  EnsureTopicsReport,
  GroupDescription,
  GroupMemberDescription,
  HangingTransaction,
  KafkaAdmin,
  ListedTransaction,
  PartitionOffsets,
  TopicDefinition,
  TopicPartition,
  TransactionDescription,
  TransactionFilter,
  TransactionState
} from './admin-types.ts'
export { createKafka, type KafkaOptions } from './kafka.ts'
export { partitionForKey } from './partitioner.ts'
export type {
  Appended,
  FetchError,
  FetchedPartition,
  Fetcher,
  FetchOptions,
  FetchRequest,
  GroupAssignment,
  GroupMember,
  GroupMemberOptions,
  Kafka,
  KafkaProducer,
  KafkaRecord,
  OffsetCommit,
  OutRecord,
  PlainOffset,
  ProducerOptions,
  TopicPartitionKey,
  Transaction,
  TransactionalProducer,
  TransactionalProducerOptions,
  TransactionVersion
} from './types.ts'
