/**
 * Index of the dead-letter topics, for operators. It says what failed, where and why; the record
 * itself stays in Kafka, as it may hold personal data.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import { nullable, required, retentionSeconds, schemaOptions } from './schema-options.ts'

/** One dead letter. */
export type DeadLetterDocument = {
  /**
   * `<topic>-<partition>-<offset>@<connector>` of the record that failed, so that a dead letter
   * written twice after a crash is one document.
   */
  _id: string
  /** Where the record that failed stands. */
  topic: string
  partition: number
  offset: string
  /** Where the dead letter stands. */
  dlqTopic: string
  dlqPartition: number
  dlqOffset: string
  /** Sub-topology or connector that gave up. */
  connector: string
  /** Error code, such as HAIL_DECODE. */
  code: string
  /** Why, without personal data. */
  reason: string
  /** Start of the SHA-256 of the key; null without a key. Equal keys have equal hashes. */
  keyHash: string | null
  keyBytes: number
  valueBytes: number
  /** When the record was written first. */
  recordedAt: Date
  /** When it was given up. */
  failedAt: Date
}

const schema = new Schema<DeadLetterDocument>(
  {
    _id: required(String),
    topic: required(String),
    partition: required(Number),
    offset: required(String),
    dlqTopic: required(String),
    dlqPartition: required(Number),
    dlqOffset: required(String),
    connector: { type: String, default: '' },
    code: { type: String, default: '' },
    reason: { type: String, default: '' },
    keyHash: nullable(String),
    keyBytes: required(Number),
    valueBytes: required(Number),
    recordedAt: required(Date),
    failedAt: required(Date)
  },
  { ...schemaOptions, collection: 'dead_letters' }
)
schema.index({ topic: 1, failedAt: -1, _id: -1 }, { name: 'topic_newest' })
schema.index({ code: 1, failedAt: -1 }, { name: 'code_newest' })
schema.index({ failedAt: 1 }, { name: 'expiry', expireAfterSeconds: retentionSeconds.deadLetters })

/** Dead letters. */
export const DeadLetterModel = model('DeadLetter', schema)
