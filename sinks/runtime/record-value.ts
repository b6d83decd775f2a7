/**
 * Reads the value of a record.
 *
 * @module
 */

import type { Codec, TopicName, TopicRecords } from '../../avro/index.ts'
import { topics } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'

/**
 * The decoded value of a record of `topic`. SkipToDlqError when it is a tombstone or no such
 * record; UnknownSchemaError when its schema has to be learnt first.
 */
export function recordValue<T extends TopicName>(
  topic: T,
  record: KafkaRecord,
  codec: Codec
): TopicRecords[T] {
  if (record.value === null) {
    throw new SkipToDlqError('HAIL_RULE', `expected a value on ${topic}, got a tombstone`)
  }
  // The catalogue ties a topic to its record, which the compiler cannot follow through a lookup.
  return codec.decode(topics[topic].record, record.value) as TopicRecords[T]
}
