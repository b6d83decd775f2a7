/**
 * A ride as answers carry it: what the parties of the ride may see, without the bookkeeping of
 * matching (whom it asked, who declined).
 *
 * @module
 */
import Type from 'typebox'
import type { Ride } from '../../avro/index.ts'
import { closed, point } from '../http/index.ts'
import { fareDocument } from '../write/index.ts'

const moment = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description: `${description}, epoch ms` })
const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** Schema of a ride in answers. */
export const rideDocument = closed({
  rideId: Type.String(),
  status: Type.String({ description: 'RideStatus in lower case; pending until it is known' }),
  customerId: Type.String(),
  driverId: nullable(Type.String()),
  market: Type.String(),
  attempt: Type.Integer(),
  seq: Type.Integer({ description: 'Grows with every change of the ride' }),
  pickup: point,
  dropoff: point,
  fare: fareDocument,
  quoteId: nullable(Type.String()),
  offerId: nullable(Type.String()),
  pickupEtaSeconds: nullable(Type.Integer()),
  requestedAt: Type.Integer(),
  waitUntil: Type.Integer(),
  matchedAt: moment('When a driver was found'),
  acceptedAt: moment('When the driver accepted'),
  arrivedAt: moment('When the driver arrived'),
  startedAt: moment('When the trip began'),
  endedAt: moment('When the ride ended'),
  endedBy: nullable(Type.String()),
  reason: nullable(Type.String()),
  feeMinor: nullable(Type.Integer()),
  riderRating: nullable(Type.Integer({ description: 'Given by the rider' })),
  driverRating: nullable(Type.Integer({ description: 'Given by the driver' }))
})

/** The document of a ride. */
export const toRideDocument = (ride: Ride): Type.Static<typeof rideDocument> => ({
  rideId: ride.rideId,
  status: ride.status.toLowerCase(),
  customerId: ride.customerId,
  driverId: ride.driverId,
  market: ride.market,
  attempt: ride.attempt,
  seq: ride.seq,
  pickup: ride.pickup,
  dropoff: ride.dropoff,
  fare: ride.fare,
  quoteId: ride.quoteId,
  offerId: ride.offerId,
  pickupEtaSeconds: ride.pickupEtaSeconds,
  requestedAt: ride.requestedAt,
  waitUntil: ride.waitUntil,
  matchedAt: ride.matchedAt,
  acceptedAt: ride.acceptedAt,
  arrivedAt: ride.arrivedAt,
  startedAt: ride.startedAt,
  endedAt: ride.endedAt,
  endedBy: ride.endedBy,
  reason: ride.reason,
  feeMinor: ride.feeMinor,
  riderRating: ride.riderRating,
  driverRating: ride.driverRating
})
