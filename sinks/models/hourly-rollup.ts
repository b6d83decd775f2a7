/**
 * Hourly sums for statistics and charts, from `ride_events` and `bills`.
 *
 * A document holds the share of one hour, one market (or currency) and one source partition, so
 * that it can remember the last offset it counted: sum over the documents of an hour to read it.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import { type Folded, foldedFields } from './folded.ts'
import { nullable, partOptions, required, schemaOptions } from './schema-options.ts'

/** Ride events counted by what they say. */
export const rideCountNames = [
  'requested',
  'rejected',
  'accepted',
  'arrived',
  'started',
  'reallocated',
  'completed',
  'cancelled',
  'noDrivers',
  'rated'
] as const

/** Events of an hour, by kind. */
export type RideCounts = Record<(typeof rideCountNames)[number], number>

/** Offers of an hour: `made` were shown to a driver. */
export type OfferCounts = { made: number; accepted: number; declined: number; expired: number }

/** Waiting of the rides that started in the hour: sums in milliseconds, and how many. */
export type WaitingSums = {
  /** From request to acceptance. */
  matchMs: number
  matchCount: number
  /** From acceptance to arrival at the pickup. */
  pickupMs: number
  pickupCount: number
}

/** Bills issued in the hour, minor units. */
export type RevenueSums = {
  billCount: number
  totalMinor: number
  /** The part of the total that is cancellation fees. */
  feeMinor: number
  driverEarningsMinor: number
  platformMinor: number
}

/** One share of an hour; sums that do not come from `source` are 0. */
export type HourlyRollupDocument = Folded & {
  /** Start of the hour, UTC. */
  hour: Date
  source: 'ride_events' | 'bills'
  /** Market of the rides; null for bills, which know none. */
  market: string | null
  /** Currency of the bills; null for rides. */
  currency: string | null
  rides: RideCounts
  offers: OfferCounts
  waiting: WaitingSums
  revenue: RevenueSums
  /** Time of the newest event counted. */
  updatedAt: Date
}

const counts = <K extends string>(names: readonly K[]) =>
  new Schema(Object.fromEntries(names.map((name) => [name, required(Number)])), partOptions)

const schema = new Schema<HourlyRollupDocument>(
  {
    ...foldedFields,
    hour: required(Date),
    source: required(String),
    market: nullable(String),
    currency: nullable(String),
    rides: required(counts(rideCountNames)),
    offers: required(counts(['made', 'accepted', 'declined', 'expired'])),
    waiting: required(counts(['matchMs', 'matchCount', 'pickupMs', 'pickupCount'])),
    revenue: required(
      counts(['billCount', 'totalMinor', 'feeMinor', 'driverEarningsMinor', 'platformMinor'])
    ),
    updatedAt: required(Date)
  },
  { ...schemaOptions, collection: 'hourly_rollups' }
)
schema.index({ hour: 1, market: 1 }, { name: 'hour_market' })

/** Hourly sums by `<hour>|<market or currency>|<topic>-<partition>`. */
export const HourlyRollupModel = model('HourlyRollup', schema)
