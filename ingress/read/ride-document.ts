/**
 * A ride as answers carry it: what its reader may see (projections.ts), status in lower case, parts
 * copied field by field, so that the same version of a ride has the same bytes whether it came from
 * the live store or from history.
 *
 * @module
 */
import { hash } from 'node:crypto'
import Type from 'typebox'
import type { Fare, GeoPoint, Ride, RideStatus } from '../../avro/index.ts'
import { example, point, type TokenRole, tagOfVersion } from '../http/index.ts'
import { exampleFare, fareDocument } from '../write/index.ts'
import { documentFor, nullable } from './document.ts'
import { createProjection, rideVisibility } from './projections.ts'

const moment = (description: string) =>
  Type.Union([Type.Integer(), Type.Null()], { description: `${description}, epoch ms` })

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
export const rideDocument = documentFor<Ride>(
  {
    rideId: Type.String(),
    status: Type.Enum(shownStatuses),
    seq: Type.Integer({ description: 'Grows with every change of the ride' }),
    customerId: Type.String(),
    driverId: nullable(Type.String()),
    market: Type.String({ description: 'City, or a part of it' }),
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
    driverRating: nullable(Type.Integer({ description: 'Given by the driver' })),
    attempt: Type.Integer({ description: 'Grows with each search for a driver, from 1' }),
    excluded: Type.Array(Type.String(), { description: 'Drivers who are not asked again' }),
    offersMade: Type.Integer(),
    offersDeclined: Type.Integer(),
    offersExpired: Type.Integer(),
    reallocations: Type.Integer(),
    correlationId: Type.String()
  },
  rideVisibility,
  { title: 'Ride' }
)

/** A ride that waits for a driver, as its customer sees it. */
export const exampleRide = {
  rideId: example.rideId,
  status: 'requested',
  customerId: example.customerId,
  driverId: null,
  market: example.market,
  seq: 1,
  pickup: example.pickup,
  dropoff: example.dropoff,
  fare: exampleFare,
  quoteId: null,
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
  riderRating: null
}

const project = createProjection(rideVisibility)

/** The document of a ride for a role. */
export const toRideDocument = (ride: Ride, role: TokenRole): Record<string, unknown> => {
  const { status, pickup, dropoff, fare, ...rest } = project(ride, role)
  return {
    rideId: rest.rideId,
    status: status?.toLowerCase(),
    ...rest,
    pickup: pointOf(pickup),
    dropoff: pointOf(dropoff),
    fare: fareOf(fare)
  }
}

/** Changes when a release shows other fields. */
const form = hash('sha256', JSON.stringify(rideVisibility), 'base64url').slice(0, 4)

/**
 * The tag of a version of a ride for a role. `seq` grows with every event; a refused offer raises
 * `attempt` without one.
 */
export const rideTag = ({ rideId, seq, attempt }: Ride, role: TokenRole): string =>
  tagOfVersion(rideId, seq, attempt, role, form)

const pointOf = (place: GeoPoint | undefined): GeoPoint | undefined =>
  place === undefined ? undefined : { lat: place.lat, lon: place.lon }

const fareOf = (fare: Fare | undefined): Fare | undefined =>
  fare === undefined
    ? undefined
    : {
        currency: fare.currency,
        baseMinor: fare.baseMinor,
        distanceMinor: fare.distanceMinor,
        timeMinor: fare.timeMinor,
        surgeMinor: fare.surgeMinor,
        bookingMinor: fare.bookingMinor,
        minimumTopUpMinor: fare.minimumTopUpMinor,
        totalMinor: fare.totalMinor,
        distanceMeters: fare.distanceMeters,
        durationSeconds: fare.durationSeconds,
        surgePercent: fare.surgePercent
      }
