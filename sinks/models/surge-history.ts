/**
 * History of surge, from `surge_multipliers`: one document a cell and publication.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import { nullable, required, retentionSeconds, schemaOptions } from './schema-options.ts'

/** Surge of a cell from `publishedAt` on. */
export type SurgeHistoryDocument = {
  /** `<cell>:<epoch milliseconds of publishedAt>` */
  _id: string
  cell: string
  /** Null for the return to 100 percent, whose record says nothing but the cell. */
  market: string | null
  /** 100 is no surge. */
  surgePercent: number
  demand: number | null
  supply: number | null
  publishedAt: Date
  expiresAt: Date | null
}

const schema = new Schema<SurgeHistoryDocument>(
  {
    _id: required(String),
    cell: required(String),
    market: nullable(String),
    surgePercent: required(Number),
    demand: nullable(Number),
    supply: nullable(Number),
    publishedAt: required(Date),
    expiresAt: nullable(Date)
  },
  { ...schemaOptions, collection: 'surge_history' }
)
schema.index({ cell: 1, publishedAt: -1 }, { name: 'cell_newest' })
schema.index({ market: 1, publishedAt: -1 }, { name: 'market_newest' })
schema.index(
  { publishedAt: 1 },
  { name: 'expiry', expireAfterSeconds: retentionSeconds.surgeHistory }
)

/** Surge of the past. */
export const SurgeHistoryModel = model('SurgeHistory', schema)
