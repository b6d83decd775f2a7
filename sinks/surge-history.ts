/**
 * surge_multipliers -> surge_history: one document a cell and publication.
 *
 * @module
 */

import type { SurgeMultiplier } from '../avro/index.ts'
import { SkipToDlqError } from '../core/index.ts'
import { type SurgeHistoryDocument, SurgeHistoryModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'

const noSurgePercent = 100

/** The document a surge makes. */
export function surgeDocument(surge: SurgeMultiplier): SurgeHistoryDocument {
  return {
    _id: `${surge.cell}:${surge.publishedAt}`,
    cell: surge.cell,
    market: surge.market,
    surgePercent: surge.surgePercent,
    demand: surge.demand,
    supply: surge.supply,
    publishedAt: new Date(surge.publishedAt),
    expiresAt: new Date(surge.expiresAt)
  }
}

/** The document a tombstone makes: from then on the cell has no surge. */
export function calmDocument(cell: string, atMs: number): SurgeHistoryDocument {
  return {
    _id: `${cell}:${atMs}`,
    cell,
    market: null,
    surgePercent: noSurgePercent,
    demand: null,
    supply: null,
    publishedAt: new Date(atMs),
    expiresAt: null
  }
}

/** Surge of the past. */
export const surgeHistory: NewestConnector = {
  name: 'surge-history',
  topics: ['surge_multipliers'],
  collection: SurgeHistoryModel.collection.collectionName,
  mode: 'newest',
  versionField: null,
  lingerMs: 0,
  hasDeadLetters: true,
  plan(record, codec) {
    if (record.value !== null) {
      return {
        document: surgeDocument(recordValue('surge_multipliers', record, codec)),
        isFirst: true
      }
    }
    if (record.key === null) {
      throw new SkipToDlqError('HAIL_RULE', 'expected a cell as the key of a tombstone, got none')
    }
    return {
      document: calmDocument(record.key.toString('utf8'), record.timestampMs),
      isFirst: true
    }
  }
}
