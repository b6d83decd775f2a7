/**
 * @module Records for tests of the saga: each builder gives a whole valid record, and takes what a
 * test cares about.
 */
import type {
  DispatchRequest,
  DriverAction,
  DriverCommand,
  DriverOffer,
  DriverSession,
  OfferResult,
  RideRequest,
  RiderAction,
  UserEvent
} from '../../avro/index.ts'
import { offerId } from '../../domain/index.ts'

/** 2026-03-02 10:00 in New York: a Monday morning. */
export const startMs = Date.parse('2026-03-02T15:00:00Z')

/** Places in Manhattan and Chicago. */
export const places = {
  unionSquare: { lat: 40.7359, lon: -73.9911 },
  timesSquare: { lat: 40.758, lon: -73.9855 },
  /** 700 m from Union Square. */
  astorPlace: { lat: 40.7297, lon: -73.991 },
  brooklyn: { lat: 40.6782, lon: -73.9442 },
  loop: { lat: 41.8786, lon: -87.6251 },
  /** 600 m from the Loop's place. */
  wacker: { lat: 41.8838, lon: -87.6267 },
  lincolnPark: { lat: 41.9214, lon: -87.6513 },
  ocean: { lat: 38.5, lon: -60 }
} as const

export const quoteSecret = 'a quote secret for tests only'

/** A ride request of customer c-1 in New York, without a quote. */
export function aRideRequest(fields: Partial<RideRequest> = {}): RideRequest {
  return {
    rideId: 'ride-1',
    customerId: 'c-1',
    idempotencyKey: 'key-1',
    bodyHash: 'hash-1',
    market: 'new_york',
    pickup: places.unionSquare,
    dropoff: places.timesSquare,
    quoteToken: null,
    surgePercent: 100,
    requestedAt: startMs,
    correlationId: 'correlation-1',
    ...fields
  }
}

/** An answer of driver d-1 to attempt 1 of ride-1; the offer id follows from the other fields. */
export function anOfferResult(fields: Partial<OfferResult> = {}): OfferResult {
  const parts = { rideId: 'ride-1', attempt: 1, driverId: 'd-1', ...fields }
  return {
    offerId: offerId(parts),
    rideId: 'ride-1',
    attempt: 1,
    driverId: 'd-1',
    result: 'RESERVED',
    driverVersion: 3,
    place: places.timesSquare,
    pickupEtaSeconds: 240,
    decidedAt: startMs,
    ...fields
  }
}

let actions = 0

/** An action of driver d-1 on ride-1; accepts and declines carry the first offer's id. */
export function aDriverAction(fields: Partial<DriverAction> = {}): DriverAction {
  actions += 1
  const carriesOffer = fields.type === undefined || ['ACCEPT', 'DECLINE'].includes(fields.type)
  return {
    actionId: `action-${actions}`,
    rideId: 'ride-1',
    driverId: 'd-1',
    type: 'ACCEPT',
    offerId: carriesOffer ? 'ride-1/1/d-1' : null,
    place: null,
    reason: null,
    rating: null,
    actedAt: startMs,
    ...fields
  }
}

/** An action of customer c-1 on ride-1. */
export function aRiderAction(fields: Partial<RiderAction> = {}): RiderAction {
  actions += 1
  return {
    actionId: `action-${actions}`,
    rideId: 'ride-1',
    actorId: 'c-1',
    actorRole: 'CUSTOMER',
    type: 'CANCEL',
    reason: null,
    rating: null,
    actedAt: startMs,
    ...fields
  }
}

/** Driver d-1 comes online at Times Square. */
export function aSession(fields: Partial<DriverSession> = {}): DriverSession {
  actions += 1
  return {
    actionId: `action-${actions}`,
    driverId: 'd-1',
    type: 'ONLINE',
    sessionId: `session-${actions}`,
    place: places.timesSquare,
    actedAt: startMs,
    ...fields
  }
}

/** An offer of ride-1, attempt 1, to driver d-1, good for five seconds. */
export function anOffer(fields: Partial<DriverOffer> = {}): DriverOffer {
  const parts = { rideId: 'ride-1', attempt: 1, driverId: 'd-1', ...fields }
  return {
    offerId: offerId(parts),
    rideId: 'ride-1',
    attempt: 1,
    driverId: 'd-1',
    market: 'new_york',
    driverVersion: 2,
    pickupEtaSeconds: 240,
    pickupMeters: 900,
    offeredAt: startMs,
    expiresAt: startMs + 5_000,
    ...fields
  }
}

/** A command about the first offer to driver d-1. */
export function aCommand(fields: Partial<DriverCommand> = {}): DriverCommand {
  return {
    kind: 'ASSIGN',
    offerId: 'ride-1/1/d-1',
    driverId: 'd-1',
    rideId: 'ride-1',
    place: null,
    placeAt: null,
    reason: 'accepted',
    at: startMs,
    ...fields
  }
}

/** The registration of a driver. */
export function aRegistration(driverId: string, fields: Partial<UserEvent> = {}): UserEvent {
  return {
    eventId: `registered-${driverId}`,
    type: 'USER_REGISTERED',
    userId: driverId,
    signupId: `s-${driverId}`,
    role: 'DRIVER',
    version: 1,
    firstName: 'Dana',
    lastName: 'Doe',
    email: 'dana@example.com',
    phone: '+12125550100',
    street: '1 Main Street',
    city: 'New York',
    state: 'NY',
    zip: '10001',
    ssnCipher: 'v1.cipher',
    ssnKey: 'ssn-key',
    ssnKeyId: 'k1',
    ssnLast4: '1234',
    vehicle: { make: 'Toyota', model: 'Camry', year: 2022, color: 'black', plate: 'T1' },
    licence: { number: 'L1', state: 'NY', expiresOn: '2030-01-01' },
    occurredAt: startMs,
    ...fields
  }
}

/** A dispatch request of ride-1, attempt 1. */
export function aDispatch(fields: Partial<DispatchRequest> = {}): DispatchRequest {
  return {
    kind: 'ADD',
    market: 'new_york',
    rideId: 'ride-1',
    attempt: 1,
    pickup: places.unionSquare,
    excluded: [],
    waitUntil: startMs + 300_000,
    requestedAt: startMs,
    expiresAt: startMs + 30_000,
    ...fields
  }
}
