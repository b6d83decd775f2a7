/**
 * Dead letters: the record as it came, bytes and headers untouched, with the reason in headers.
 * The `__connect.errors.*` names are Kafka Connect's, so that its tools read ours.
 *
 * @module
 */

import { dlqPartitions, dlqTopic } from '../../avro/index.ts'
import { type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import type { BadRecord } from './connector.ts'

/** Names of the headers a dead letter has beside those of its record. */
export const deadLetterHeaders = {
  topic: '__connect.errors.topic',
  partition: '__connect.errors.partition',
  offset: '__connect.errors.offset',
  connector: '__connect.errors.connector.name',
  code: '__connect.errors.exception.class.name',
  message: '__connect.errors.exception.message',
  failedAt: 'hail-failed-at'
} as const

/** The dead letter of a record that `connector` gave up at `atMs`. */
export function deadLetterOf(
  { record, code, reason }: BadRecord,
  { connector, atMs }: { readonly connector: string; readonly atMs: number }
): OutRecord {
  const key = record.key === null ? null : record.key.toString('utf8')
  return {
    topic: dlqTopic(record.topic),
    partition:
      key === null ? record.partition % dlqPartitions : partitionForKey(key, dlqPartitions),
    key: record.key,
    value: record.value,
    timestampMs: record.timestampMs,
    headers: {
      ...record.headers,
      [deadLetterHeaders.topic]: record.topic,
      [deadLetterHeaders.partition]: String(record.partition),
      [deadLetterHeaders.offset]: String(record.offset),
      [deadLetterHeaders.connector]: connector,
      [deadLetterHeaders.code]: code,
      [deadLetterHeaders.message]: reason,
      [deadLetterHeaders.failedAt]: String(atMs)
    }
  }
}
