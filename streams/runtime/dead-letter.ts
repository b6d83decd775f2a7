/**
 * @module Dead letters: the record as it came, bytes and headers untouched, with the reason in
 * headers. The `__connect.errors.*` names are Kafka Connect's, so that its tools read ours.
 */
import { dlqPartitions, dlqTopic, type TopicName } from '../../avro/index.ts'
import { type KafkaRecord, type OutRecord, partitionForKey } from '../../core/kafka/index.ts'

export interface DeadLetterReason {
  /** Sub-topology or connector that gave up. */
  readonly app: string
  readonly code: string
  /** Says what was expected and what came; no personal data. */
  readonly message: string
  readonly atMs: number
}

/** The dead letter of a record, to be produced in the transaction that passes over it. */
export function deadLetterRecord(record: KafkaRecord, reason: DeadLetterReason): OutRecord {
  const key = record.key === null ? null : record.key.toString('utf8')
  return {
    topic: dlqTopic(record.topic as TopicName),
    partition:
      key === null ? record.partition % dlqPartitions : partitionForKey(key, dlqPartitions),
    key: record.key,
    value: record.value,
    timestampMs: record.timestampMs,
    headers: {
      ...record.headers,
      '__connect.errors.topic': record.topic,
      '__connect.errors.partition': String(record.partition),
      '__connect.errors.offset': String(record.offset),
      '__connect.errors.connector.name': reason.app,
      '__connect.errors.exception.class.name': reason.code,
      '__connect.errors.exception.message': reason.message,
      'hail-failed-at': String(reason.atMs)
    }
  }
}
