/**
 * Bills, from `bills`. A bill is written once and never changes.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import type { Bill, BillLine } from '../../avro/index.ts'
import { nullable, partOptions, required, schemaOptions } from './schema-options.ts'

/** A bill; amounts in minor units. */
export type BillDocument = Omit<Bill, 'billId' | 'issuedAt'> & {
  /** Bill id. */
  _id: string
  issuedAt: Date
}

const lineSchema = new Schema<BillLine>(
  { code: required(String), label: required(String), amountMinor: required(Number) },
  partOptions
)

const schema = new Schema<BillDocument>(
  {
    _id: required(String),
    rideId: required(String),
    kind: required(String),
    customerId: required(String),
    driverId: nullable(String),
    currency: required(String),
    lines: [lineSchema],
    totalMinor: required(Number),
    driverEarningsMinor: required(Number),
    platformMinor: required(Number),
    issuedAt: required(Date)
  },
  { ...schemaOptions, collection: 'bills' }
)
schema.index({ customerId: 1, issuedAt: -1, _id: -1 }, { name: 'customer_newest' })
schema.index({ driverId: 1, issuedAt: -1, _id: -1 }, { name: 'driver_newest' })
schema.index({ issuedAt: -1, _id: -1 }, { name: 'newest' })
schema.index({ rideId: 1 }, { name: 'ride' })

/** Bills by bill id. */
export const BillModel = model('Bill', schema)
