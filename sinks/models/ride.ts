/**
 * Rides, from `ride_events`: the newest snapshot of each.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import type { Ride, RideEventType } from '../../avro/index.ts'
import { fareSchema, pointSchema } from './parts.ts'
import { nullable, required, schemaOptions } from './schema-options.ts'

type TimeField =
  | 'requestedAt'
  | 'waitUntil'
  | 'matchedAt'
  | 'acceptedAt'
  | 'arrivedAt'
  | 'startedAt'
  | 'endedAt'

/** A ride as its newest event shows it: the snapshot with times as dates. */
export type RideDocument = Omit<Ride, 'rideId' | TimeField> & {
  [K in TimeField]: Ride[K] extends number ? Date : Date | null
} & {
  /** Ride id. */
  _id: string
  /** Type of the event with this `seq`. */
  lastEvent: RideEventType
  /** When the ride was requested: equal to `requestedAt`, the order of pages. */
  createdAt: Date
  /** When the newest event happened. */
  updatedAt: Date
}

const schema = new Schema<RideDocument>(
  {
    _id: required(String),
    customerId: required(String),
    market: { type: String, default: '' },
    status: required(String),
    attempt: required(Number),
    seq: required(Number),
    pickup: required(pointSchema),
    dropoff: required(pointSchema),
    fare: required(fareSchema),
    quoteId: nullable(String),
    requestedAt: required(Date),
    waitUntil: required(Date),
    driverId: nullable(String),
    offerId: nullable(String),
    pickupEtaSeconds: nullable(Number),
    matchedAt: nullable(Date),
    acceptedAt: nullable(Date),
    arrivedAt: nullable(Date),
    startedAt: nullable(Date),
    endedAt: nullable(Date),
    endedBy: nullable(String),
    reason: nullable(String),
    feeMinor: nullable(Number),
    riderRating: nullable(Number),
    driverRating: nullable(Number),
    excluded: [String],
    offersMade: required(Number),
    offersDeclined: required(Number),
    offersExpired: required(Number),
    reallocations: required(Number),
    correlationId: { type: String, default: '' },
    lastEvent: required(String),
    createdAt: required(Date),
    updatedAt: required(Date)
  },
  { ...schemaOptions, collection: 'rides' }
)
schema.index({ customerId: 1, createdAt: -1, _id: -1 }, { name: 'customer_newest' })
schema.index({ driverId: 1, createdAt: -1, _id: -1 }, { name: 'driver_newest' })
schema.index({ status: 1, createdAt: -1, _id: -1 }, { name: 'status_newest' })
schema.index({ createdAt: -1, _id: -1 }, { name: 'newest' })

/** Rides by ride id. */
export const RideModel = model('Ride', schema)

/** The ride snapshot a document was written from: the inverse of the sink's mapping. */
export function rideOf(document: RideDocument): Ride {
  const { _id, lastEvent: _lastEvent, createdAt: _created, updatedAt: _updated, ...ride } = document
  return {
    ...ride,
    rideId: _id,
    requestedAt: ride.requestedAt.getTime(),
    waitUntil: ride.waitUntil.getTime(),
    matchedAt: ride.matchedAt?.getTime() ?? null,
    acceptedAt: ride.acceptedAt?.getTime() ?? null,
    arrivedAt: ride.arrivedAt?.getTime() ?? null,
    startedAt: ride.startedAt?.getTime() ?? null,
    endedAt: ride.endedAt?.getTime() ?? null
  }
}
