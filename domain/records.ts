/**
 * @module The shapes of the business records that domain rules read, field by field as the Avro
 * contracts declare them. The contracts build on this folder and not the other way round, so the
 * rules say here what they need; generated contract types fit these by structure. Optional
 * values are `null`, times are epoch milliseconds, money is in minor units of its currency.
 */

/** A WGS84 position in degrees. */
export type Point = { readonly lat: number; readonly lon: number }

/** Who a user is. */
export type Role = 'CUSTOMER' | 'DRIVER' | 'ADMIN'

/** Where a ride stands. */
export type RideStatus =
  | 'REQUESTED'
  | 'PENDING_ACCEPTANCE'
  | 'ACCEPTED'
  | 'ARRIVED'
  | 'STARTED'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'NO_DRIVERS_AVAILABLE'
  | 'REJECTED'

/** What a driver is doing. */
export type DriverStatus = 'OFFLINE' | 'AVAILABLE' | 'RESERVED' | 'ON_TRIP'

/** Who ended a ride. */
export type EndedBy = 'rider' | 'driver' | 'admin' | 'system'

/** A price with its lines; `totalMinor` is the sum of the other `…Minor` lines. */
export type Fare = {
  currency: string
  baseMinor: number
  distanceMinor: number
  timeMinor: number
  surgeMinor: number
  bookingMinor: number
  minimumTopUpMinor: number
  totalMinor: number
  distanceMeters: number
  durationSeconds: number
  /** Multiplier in percent, 100 = no surge. */
  surgePercent: number
}

/** A driver's vehicle. */
export type Vehicle = { make: string; model: string; year: number; color: string; plate: string }

/** A driver's licence; `expiresOn` is `YYYY-MM-DD`. */
export type Licence = { number: string; state: string; expiresOn: string }

/** A ride as its owner keeps it. */
export type Ride = {
  rideId: string
  customerId: string
  market: string
  status: RideStatus
  attempt: number
  seq: number
  pickup: Point
  dropoff: Point
  fare: Fare
  quoteId: string | null
  requestedAt: number
  waitUntil: number
  driverId: string | null
  offerId: string | null
  pickupEtaSeconds: number | null
  matchedAt: number | null
  acceptedAt: number | null
  arrivedAt: number | null
  startedAt: number | null
  endedAt: number | null
  endedBy: string | null
  reason: string | null
  feeMinor: number | null
  riderRating: number | null
  driverRating: number | null
  excluded: readonly string[]
  offersMade: number
  offersDeclined: number
  offersExpired: number
  reallocations: number
  correlationId: string
}

/** What a bill is for. */
export type BillKind = 'TRIP' | 'CANCELLATION_FEE'

/** An order to issue one bill. */
export type BillingTask = {
  taskId: string
  rideId: string
  kind: BillKind
  customerId: string
  driverId: string | null
  fare: Fare
  feeMinor: number | null
  requestedAt: number
  startedAt: number | null
  endedAt: number
  reason: string | null
}

/** One line of a bill. */
export type BillLine = { code: string; label: string; amountMinor: number }
