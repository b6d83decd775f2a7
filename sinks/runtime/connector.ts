/**
 * What a connector is: topics, one collection, and how a record becomes a write.
 *
 * Two ways of writing keep a record that is delivered twice from showing twice:
 * - `newest`: the record holds a whole document; it replaces the stored one only when its version
 *   is higher (rides by `seq`), or is inserted once when documents have no version (bills).
 * - `fold`: many records make one document; the document remembers the offset of the last record
 *   it holds, so records up to there are passed over.
 *
 * @module
 */

import type { Codec } from '../../avro/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'

/** A document as MongoDB gets it: `_id` is the business key, values are of BSON's types already. */
export type StoredDocument = { readonly _id: string; readonly [field: string]: unknown }

/** Writes a whole document. */
export type NewestPlan = {
  readonly document: StoredDocument
  /** A hint that saves a read: nothing older than this can be stored. Need not be right. */
  readonly isFirst: boolean
}

/** Folds one record into a document; `partition` and `lastOffset` are set by the writer. */
export type FoldPlan = {
  readonly id: string
  /** Pure: returns a new document and leaves `before` as it is. */
  fold(before: StoredDocument | null): StoredDocument
}

type ConnectorBase = {
  /** Kebab-case; the consumer group is `hs-sink-<name>`. */
  readonly name: string
  /** With equal partition counts. */
  readonly topics: readonly string[]
  readonly collection: string
  /**
   * How long a batch that is not full waits for more records, so that records of one document are
   * written together. 0 writes at once.
   */
  readonly lingerMs: number
  /** False where there is no dead-letter topic to write to. */
  readonly hasDeadLetters: boolean
}

/** Writes whole documents. */
export type NewestConnector = ConnectorBase & {
  readonly mode: 'newest'
  /** Field that orders the versions of a document, a number or date; null: the first one stays. */
  readonly versionField: string | null
  /**
   * The write a record asks for, null for none. Throws SkipToDlqError for a record that can never
   * be written and UnknownSchemaError for one whose schema has to be learnt first.
   */
  plan(record: KafkaRecord, codec: Codec): NewestPlan | null
}

/** Folds records into documents. A document's records all come from one partition, in order. */
export type FoldConnector = ConnectorBase & {
  readonly mode: 'fold'
  /** Memory a large document of this collection takes in this process, bytes. */
  readonly documentBytes: number
  /** As {@link NewestConnector.plan}. */
  plan(record: KafkaRecord, codec: Codec): FoldPlan | null
}

/** Any connector. */
export type Connector = NewestConnector | FoldConnector

/** A record and the write it asks for. */
export type Planned<P> = { readonly record: KafkaRecord; readonly plan: P }

/** A record that can never be written, and why. */
export type BadRecord = {
  readonly record: KafkaRecord
  readonly code: string
  readonly reason: string
}

/** What became of the records of one batch. */
export type WriteOutcome = {
  /** Written, or merged into what was written. */
  written: number
  /** Passed over, because the stored document is as new or newer. */
  stale: number
  /** Refused by a unique index other than `_id`: two business keys claim one value. */
  readonly conflicts: KafkaRecord[]
  readonly bad: BadRecord[]
}

/** Writes the records of a batch to one collection. */
export type Writer<P> = {
  /**
   * Records of one key in order. RetryError(HAIL_MONGO_UNAVAILABLE) when MongoDB is away or busy:
   * any part may have been written, and writing the same again changes nothing.
   */
  write(planned: readonly Planned<P>[]): Promise<WriteOutcome>
  /** Forgets what it remembers of the collection, as when partitions have moved. */
  forget(): void
}

/** Nothing written yet. */
export function emptyOutcome(): WriteOutcome {
  return { written: 0, stale: 0, conflicts: [], bad: [] }
}
