/**
 * What documents have in common that are folded from many records: they remember the last record
 * they hold, so that a record delivered again is recognised and not counted twice.
 *
 * @module
 */

import { required } from './schema-options.ts'

/** Fields of a folded document. */
export type Folded = {
  _id: string
  /** Partition whose records are folded in; a document takes records of one partition only. */
  partition: number
  /** Offset of the last record folded in. */
  lastOffset: bigint
}

/** Definitions of the fields of {@link Folded}. */
export const foldedFields = {
  _id: required(String),
  partition: required(Number),
  lastOffset: required(BigInt)
}
