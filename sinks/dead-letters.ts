/**
 * `<topic>.dlq` of every topic -> dead_letters: an index for operators, without the records.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { deadLetterHeaders, dlqTopic, topicNames, topics } from '../avro/index.ts'
import type { KafkaRecord } from '../core/kafka/index.ts'
import { type DeadLetterDocument, DeadLetterModel } from './models/index.ts'
import type { NewestConnector } from './runtime/index.ts'

/** Reasons are sentences; anything longer is somebody else's. */
const reasonCharactersMax = 500
/** 64 bits tell keys apart, and no key can be read from them. */
const hashCharacters = 16

/** The document a dead letter makes. Foreign records without our headers stand for themselves. */
export function deadLetterDocument(record: KafkaRecord): DeadLetterDocument {
  const { headers, key, value } = record
  const topic = headers[deadLetterHeaders.topic] ?? record.topic
  const partition = wholeNumber(headers[deadLetterHeaders.partition]) ?? record.partition
  const offset = digits(headers[deadLetterHeaders.offset]) ?? String(record.offset)
  const connector = headers[deadLetterHeaders.connector] ?? ''
  return {
    _id: `${topic}-${partition}-${offset}@${connector}`,
    topic,
    partition,
    offset,
    dlqTopic: record.topic,
    dlqPartition: record.partition,
    dlqOffset: String(record.offset),
    connector,
    code: headers[deadLetterHeaders.code] ?? '',
    reason: (headers[deadLetterHeaders.message] ?? '').slice(0, reasonCharactersMax),
    keyHash:
      key === null ? null : createHash('sha256').update(key).digest('hex').slice(0, hashCharacters),
    keyBytes: key?.length ?? 0,
    valueBytes: value?.length ?? 0,
    recordedAt: new Date(record.timestampMs),
    failedAt: new Date(wholeNumber(headers[deadLetterHeaders.failedAt]) ?? record.timestampMs)
  }
}

/** Index of the dead-letter topics. */
export const deadLetters: NewestConnector = {
  name: 'dead-letters',
  topics: topicNames.filter((name) => topics[name].dlq).map(dlqTopic),
  collection: DeadLetterModel.collection.collectionName,
  mode: 'newest',
  versionField: null,
  lingerMs: 0,
  hasDeadLetters: false,
  plan: (record) => ({ document: deadLetterDocument(record), isFirst: true })
}

function digits(text: string | undefined): string | null {
  return text !== undefined && /^\d{1,19}$/.test(text) ? text : null
}

function wholeNumber(text: string | undefined): number | null {
  const number = digits(text) === null ? Number.NaN : Number(text)
  return Number.isSafeInteger(number) ? number : null
}
