/**
 * Things that tests of routes need, whole and with few words.
 *
 * @module
 */
import type {
  Bill,
  DriverRecord,
  Fare,
  PresenceState,
  Ride,
  RideEvent,
  RideEventType,
  RideState
} from '../../avro/index.ts'
import type { UserProfile } from '../read/index.ts'

/** Places of New York, and one in the sea. */
export const places = {
  timesSquare: { lat: 40.758, lon: -73.9855 },
  unionSquare: { lat: 40.7359, lon: -73.9911 },
  chicagoLoop: { lat: 41.8781, lon: -87.6298 },
  atlantic: { lat: 40, lon: -60 }
}

/** A fare of 12.34 dollars. */
export const aFare = (fare: Partial<Fare> = {}): Fare => ({
  currency: 'USD',
  baseMinor: 255,
  distanceMinor: 400,
  timeMinor: 304,
  surgeMinor: 0,
  bookingMinor: 275,
  minimumTopUpMinor: 0,
  totalMinor: 1_234,
  distanceMeters: 3_700,
  durationSeconds: 520,
  surgePercent: 100,
  ...fare
})

/** A ride that waits for a driver. */
export const aRide = (ride: Partial<Ride> = {}): Ride => ({
  rideId: '0'.repeat(32),
  customerId: 'c-1',
  market: 'new_york',
  status: 'REQUESTED',
  attempt: 1,
  seq: 1,
  pickup: places.timesSquare,
  dropoff: places.unionSquare,
  fare: aFare(),
  quoteId: null,
  requestedAt: 1_700_000_000_000,
  waitUntil: 1_700_000_300_000,
  driverId: null,
  offerId: null,
  pickupEtaSeconds: null,
  matchedAt: null,
  acceptedAt: null,
  arrivedAt: null,
  startedAt: null,
  endedAt: null,
  endedBy: null,
  reason: null,
  feeMinor: null,
  riderRating: null,
  driverRating: null,
  excluded: [],
  offersMade: 0,
  offersDeclined: 0,
  offersExpired: 0,
  reallocations: 0,
  correlationId: 'test',
  ...ride
})

/** An event of a ride as it is after it. */
export const aRideEvent = (type: RideEventType, ride: Ride): RideEvent => ({
  eventId: `${ride.rideId}:${ride.seq}`,
  type,
  rideId: ride.rideId,
  seq: ride.seq,
  actorId: null,
  occurredAt: ride.requestedAt + ride.seq,
  ride
})

/** A registered driver who waits for a ride. */
export const aDriver = (driver: Partial<DriverRecord> = {}): DriverRecord => ({
  driverId: 'd-1',
  registered: true,
  status: 'AVAILABLE',
  driverVersion: 1,
  sessionId: 'session-1',
  offerId: null,
  rideId: null,
  leaving: false,
  place: places.timesSquare,
  placeAt: 1_700_000_000_000,
  since: 1_700_000_000_000,
  reservation: null,
  answered: [],
  actions: [],
  parked: [],
  vehicle: null,
  firstName: 'Dana',
  ...driver
})

/** A driver who is shown to riders. */
export const aPresence = (presence: Partial<PresenceState> = {}): PresenceState => ({
  driverId: 'd-1',
  status: 'AVAILABLE',
  driverVersion: 1,
  sessionId: 'session-1',
  rideId: null,
  ...places.timesSquare,
  accuracyMeters: 5,
  deviceTime: 1_700_000_000_000,
  heardAt: 1_700_000_000_000,
  published: [],
  suspectsAt: [],
  flaggedAt: null,
  ...presence
})

/** A bill of a trip. */
export const aBill = (bill: Partial<Bill> = {}): Bill => ({
  billId: 'bill-1',
  rideId: '0'.repeat(32),
  kind: 'TRIP',
  customerId: 'c-1',
  driverId: 'd-1',
  currency: 'USD',
  lines: [{ code: 'base', label: 'Base fare', amountMinor: 1_234 }],
  totalMinor: 1_234,
  driverEarningsMinor: 900,
  platformMinor: 334,
  issuedAt: 1_700_000_000_000,
  ...bill
})

/** A ride as the live store keeps it. */
export const aRideState = (ride: Ride): RideState => ({
  ride,
  actions: [],
  parkedDriverActions: [],
  parkedRiderActions: []
})

/** A driver's profile. */
export const aProfile = (profile: Partial<UserProfile> = {}): UserProfile => ({
  userId: 'd-1',
  firstName: 'Dana',
  lastName: 'Driver',
  email: 'd@example.com',
  phone: '+12125550100',
  street: '1 Main St',
  city: 'New York',
  state: 'NY',
  zip: '10001',
  ssnLast4: '6789',
  vehicle: { make: 'Toyota', model: 'Prius', year: 2021, color: 'white', plate: 'T1' },
  licence: { number: 'L-1', state: 'NY', expiresOn: '2030-01-01' },
  registeredAt: 1_700_000_000_000,
  ...profile
})
