/**
 * Dead letters: the record as it came, bytes and headers untouched, with the reason in headers.
 * The `__connect.errors.*` names are Kafka Connect's, so that its tools read ours.
 *
 * @module
 */

import { type KafkaRecord, type OutRecord, partitionForKey } from '../core/kafka/index.ts'
import { dlqPartitions, dlqTopic } from './topics.ts'
import type { TopicName } from './types.generated.ts'

/** Names of the headers a dead letter has beside those of its record. */
export const deadLetterHeaders = {
  topic: '__connect.errors.topic',
  partition: '__connect.errors.partition',
  offset: '__connect.errors.offset',
  connector: '__connect.errors.connector.name',
  code: '__connect.errors.exception.class.name',
  message: '__connect.errors.exception.message',
  failedAt: 'hail-failed-at',
  /** Size of a value that was left out: with the reason it would not fit into a record. */
  valueBytes: 'hail-value-bytes'
} as const

/** A record that came compressed may be larger than what can be written. */
const valueBytesMax = 900_000
const messageCharsMax = 1_024

/** Why a record is dead-lettered. `message` says what was expected and what came; no personal data. */
export type DeadLetterReason = {
  /** Sub-topology or connector that gave up. */
  readonly app: string
  readonly code: string
  readonly message: string
  readonly atMs: number
}

/** The dead letter of a record, to be written before or with the commit that passes over it. */
export function deadLetterRecord(record: KafkaRecord, reason: DeadLetterReason): OutRecord {
  const key = record.key === null ? null : record.key.toString('utf8')
  const isTooLarge = (record.value?.length ?? 0) > valueBytesMax
  return {
    topic: dlqTopic(record.topic as TopicName),
    partition:
      key === null ? record.partition % dlqPartitions : partitionForKey(key, dlqPartitions),
    key: record.key,
    value: isTooLarge ? null : record.value,
    timestampMs: record.timestampMs,
    headers: {
      ...record.headers,
      ...(isTooLarge ? { [deadLetterHeaders.valueBytes]: String(record.value?.length) } : {}),
      [deadLetterHeaders.topic]: record.topic,
      [deadLetterHeaders.partition]: String(record.partition),
      [deadLetterHeaders.offset]: String(record.offset),
      [deadLetterHeaders.connector]: reason.app,
      [deadLetterHeaders.code]: reason.code,
      [deadLetterHeaders.message]: reason.message.slice(0, messageCharsMax),
      [deadLetterHeaders.failedAt]: String(reason.atMs)
    }
  }
}
