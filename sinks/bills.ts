/**
 * bills -> bills: each once.
 *
 * @module
 */

import type { Bill } from '../avro/index.ts'
import { type BillDocument, BillModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'

/** The document a bill makes. */
export function billDocument({ billId, issuedAt, ...bill }: Bill): BillDocument {
  return { ...bill, _id: billId, issuedAt: new Date(issuedAt) }
}

/** Bills by bill id. */
export const bills: NewestConnector = {
  name: 'bills',
  topics: ['bills'],
  collection: BillModel.collection.collectionName,
  mode: 'newest',
  versionField: null,
  lingerMs: 0,
  hasDeadLetters: true,
  plan: (record, codec) => ({
    document: billDocument(recordValue('bills', record, codec)),
    isFirst: true
  })
}
