/** @module The door to Kafka: {@link createKafka}, and nothing of the client library behind it. */

export { createKafka, type KafkaOptions } from './kafka.ts'
export { partitionForKey } from './partitioner.ts'
export type {
  Appended,
  CommittedOffset,
  ConfigDifference,
  EnsureTopicsReport,
  FetchError,
  FetchedPartition,
  Fetcher,
  FetchOptions,
  FetchRequest,
  GroupAssignment,
  GroupDescription,
  GroupMember,
  GroupMemberDescription,
  GroupMemberOptions,
  Kafka,
  KafkaAdmin,
  KafkaProducer,
  KafkaRecord,
  OffsetCommit,
  OutRecord,
  PartitionOffsets,
  PlainOffset,
  ProducerOptions,
  TopicDefinition,
  TopicPartitionKey,
  Transaction,
  TransactionalProducer,
  TransactionalProducerOptions
} from './types.ts'
