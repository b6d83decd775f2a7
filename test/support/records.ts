/**
 * @module Builders of records, each whole and valid: a test names only what it is about.
 */

import type {
  Bill,
  DriverLocation,
  NotificationEvent,
  Ride,
  RideEvent,
  RidePosition,
  SurgeMultiplier,
  UserEvent
} from '../../avro/index.ts'

/** A moment on the hour, so that tests can count minutes from it. */
export const noonMs = Date.UTC(2026, 2, 1, 12)

export function aRide(ride: Partial<Ride> = {}): Ride {
  return {
    rideId: 'ride-1',
    customerId: 'c-1',
    market: 'new_york',
    status: 'REQUESTED',
    attempt: 1,
    seq: 1,
    pickup: { lat: 40.75, lon: -73.99 },
    dropoff: { lat: 40.65, lon: -73.78 },
    fare: {
      currency: 'USD',
      baseMinor: 300,
      distanceMinor: 2_150,
      timeMinor: 900,
      surgeMinor: 0,
      bookingMinor: 275,
      minimumTopUpMinor: 0,
      totalMinor: 3_625,
      distanceMeters: 26_400,
      durationSeconds: 2_700,
      surgePercent: 100
    },
    quoteId: null,
    requestedAt: noonMs,
    waitUntil: noonMs + 300_000,
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
    correlationId: 'correlation-1',
    ...ride
  }
}

export function aRideEvent(
  event: Partial<Omit<RideEvent, 'ride'>> & { readonly ride?: Partial<Ride> } = {}
): RideEvent {
  const { ride: fields, ...rest } = event
  const seq = event.seq ?? 1
  const ride = aRide({ seq, ...fields })
  return {
    eventId: `${ride.rideId}:${seq}`,
    type: 'RIDE_REQUESTED',
    rideId: ride.rideId,
    seq,
    actorId: ride.customerId,
    occurredAt: noonMs + seq * 1_000,
    ...rest,
    ride
  }
}

export function aUserEvent(event: Partial<UserEvent> = {}): UserEvent {
  const userId = event.userId ?? 'c-1'
  return {
    eventId: `${userId}:1`,
    type: 'USER_REGISTERED',
    userId,
    signupId: `s-${userId}`,
    role: 'CUSTOMER',
    version: 1,
    firstName: 'Ada',
    lastName: 'Example',
    email: `${userId}@example.com`,
    phone: '+12125550100',
    street: '1 Main Street',
    city: 'New York',
    state: 'NY',
    zip: '10001',
    ssnCipher: 'v1.dev1.iv.ct.tag',
    ssnKey: `ssn-${userId}`,
    ssnKeyId: 'k1',
    ssnLast4: '0000',
    vehicle: null,
    licence: null,
    occurredAt: noonMs,
    ...event
  }
}

export function aBill(bill: Partial<Bill> = {}): Bill {
  return {
    billId: 'bill-1',
    rideId: 'ride-1',
    kind: 'TRIP',
    customerId: 'c-1',
    driverId: 'd-1',
    currency: 'USD',
    lines: [{ code: 'base', label: 'Base fare', amountMinor: 3_625 }],
    totalMinor: 3_625,
    driverEarningsMinor: 2_700,
    platformMinor: 925,
    issuedAt: noonMs,
    ...bill
  }
}

export function aNotificationEvent(event: Partial<NotificationEvent> = {}): NotificationEvent {
  return {
    notificationId: 'n-1',
    userId: 'c-1',
    role: 'CUSTOMER',
    channel: 'PUSH',
    template: 'ride_accepted',
    rideId: 'ride-1',
    status: 'SENT',
    attempts: 1,
    provider: 'push',
    error: null,
    at: noonMs,
    ...event
  }
}

export function aRidePosition(position: Partial<RidePosition> = {}): RidePosition {
  return {
    rideId: 'ride-1',
    driverId: 'd-1',
    lat: 40.75,
    lon: -73.99,
    headingDegrees: 90,
    speedMps: 8.5,
    deviceTime: noonMs,
    ...position
  }
}

export function aDriverLocation(location: Partial<DriverLocation> = {}): DriverLocation {
  return {
    driverId: 'd-1',
    sessionId: 'session-1',
    lat: 40.75,
    lon: -73.99,
    accuracyMeters: 5,
    headingDegrees: null,
    speedMps: null,
    deviceTime: noonMs,
    receivedAt: noonMs + 150,
    ...location
  }
}

export function aSurgeMultiplier(surge: Partial<SurgeMultiplier> = {}): SurgeMultiplier {
  return {
    cell: '882a100d2dfffff',
    market: 'new_york',
    surgePercent: 140,
    demand: 12,
    supply: 4.5,
    publishedAt: noonMs,
    expiresAt: noonMs + 180_000,
    ...surge
  }
}
