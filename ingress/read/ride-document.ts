/**
 * A ride as answers carry it: what the parties of the ride may see, without the bookkeeping of
 * matching (whom it asked, who declined).
 *
 * @module
 */
import Type from 'typebox'
import type { Ride, RideStatus } from '../../avro/index.ts'
import { closed, example, point } from '../http/index.ts'
import { exampleFare, fareDocument } from '../write/index.ts'

const moment = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description: `${description}, epoch ms` })
const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

type ShownStatus = Lowercase<RideStatus>

const shownStatuses = [
  'requested',
  'pending_acceptance',
  'accepted',
  'arrived',
  'started',
  'completed',
  'cancelled',
  'no_drivers_available',
  'rejected'
] as const satisfies readonly ShownStatus[]

/** Schema of a ride in answers. */
export const rideDocument = closed(
  {
    rideId: Type.String(),
    status: Type.Enum(shownStatuses),
    customerId: Type.String(),
    driverId: nullable(Type.String()),
    market: Type.String({ description: 'City, or a part of it' }),
    attempt: Type.Integer({ description: 'Grows with each reallocation, from 1' }),
    seq: Type.Integer({ description: 'Grows with every change of the ride' }),
    pickup: point,
    dropoff: point,
    fare: fareDocument,
    quoteId: nullable(Type.String()),
    offerId: nullable(Type.String()),
    pickupEtaSeconds: nullable(Type.Integer({ description: 'From acceptance to pickup' })),
    requestedAt: Type.Integer({ description: 'Epoch ms' }),
    waitUntil: Type.Integer({ description: 'When the search for a driver ends, epoch ms' }),
    matchedAt: moment('When a driver was found'),
    acceptedAt: moment('When the driver accepted'),
    arrivedAt: moment('When the driver arrived'),
    startedAt: moment('When the trip began'),
    endedAt: moment('When the ride ended'),
    endedBy: nullable(Type.String({ description: 'rider, driver, admin or system' })),
    reason: nullable(Type.String({ description: 'Why it ended' })),
    feeMinor: nullable(Type.Integer({ description: 'Fee of a cancellation, minor units' })),
    riderRating: nullable(Type.Integer({ description: 'Given by the rider' })),
    driverRating: nullable(Type.Integer({ description: 'Given by the driver' }))
  },
  { title: 'Ride' }
)

/** A ride that waits for a driver. */
export const exampleRide = {
  rideId: example.rideId,
  status: 'requested',
  customerId: example.customerId,
  driverId: null,
  market: example.market,
  attempt: 1,
  seq: 1,
  pickup: example.pickup,
  dropoff: example.dropoff,
  fare: exampleFare,
  quoteId: null,
  offerId: null,
  pickupEtaSeconds: null,
  requestedAt: example.requestedAt,
  waitUntil: example.requestedAt + 300_000,
  matchedAt: null,
  acceptedAt: null,
  arrivedAt: null,
  startedAt: null,
  endedAt: null,
  endedBy: null,
  reason: null,
  feeMinor: null,
  riderRating: null,
  driverRating: null
}

/** The document of a ride. */
export const toRideDocument = (ride: Ride): Type.Static<typeof rideDocument> => ({
  rideId: ride.rideId,
  status: ride.status.toLowerCase() as ShownStatus,
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
