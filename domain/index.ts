/**
 * @module The business in pure functions: identities, places, prices, limits, states and rules.
 * Nothing here reads a clock, an environment or a network.
 */

export {
  type BillableTask,
  billLines,
  type Earnings,
  noShowReason,
  splitEarnings,
  totalOfLines
} from './bills.ts'
export {
  type CancellableRide,
  type CancellationInput,
  cancellationFeeMinor,
  isNoShowDue
} from './cancellation.ts'
export { defaultMarkets } from './default-markets.ts'
export {
  type DriverPhase,
  type DriverTrigger,
  driverStatuses,
  driverTransitions,
  driverTriggers,
  isHeldStatus,
  nextDriverPhase
} from './driver-state.ts'
export {
  type FareInput,
  quoteFare,
  sumOfLines,
  surgePercentMax,
  tripMetersMax,
  tripSecondsMax
} from './fares.ts'
export {
  type Cell,
  cellOf,
  disk,
  distanceMeters,
  estimateTrip,
  etaSeconds,
  type Journey,
  neighbours,
  parentCell,
  roadFactor,
  speedKmh
} from './geo.ts'
export {
  type ActionScope,
  accountOf,
  actsForCustomer,
  createIds,
  emailKeyOfSignup,
  type GuestParts,
  guestCustomerId,
  type Ids,
  normalizeEmail,
  normalizeSsn,
  type OfferParts,
  offerId,
  parseOfferId,
  partnerAccount
} from './ids.ts'
export { localHour } from './local-hour.ts'
export {
  createMarkets,
  type Market,
  type Markets,
  shardResolution,
  splitMarket
} from './markets.ts'
export { divideHalfUp, roundHalfUp } from './money.ts'
export {
  createPolicy,
  modelSecondsToMs,
  type PingPolicy,
  type Policy,
  type SurgePolicy
} from './policy.ts'
export { isInRing, metersToRing, type Ring } from './polygon.ts'
export {
  type Quote,
  type QuoteCheck,
  type QuoteProblem,
  type QuoteUse,
  signQuote,
  verifyQuote
} from './quotes.ts'
export type {
  BillingTask,
  BillKind,
  BillLine,
  DriverStatus,
  EndedBy,
  Fare,
  Licence,
  Point,
  Ride,
  RideStatus,
  Role,
  Vehicle
} from './records.ts'
export {
  holdsDriver,
  isEndedStatus,
  nextRideStatus,
  type RideTrigger,
  rideStatuses,
  rideTransitions,
  rideTriggers
} from './ride-state.ts'
export { type Tariff, usdTariff } from './tariffs.ts'
export {
  calendarDay,
  emailProblem,
  isCalendarDay,
  licenceProblems,
  nameProblem,
  normalizePlate,
  phoneProblem,
  pointProblem,
  ratingProblem,
  type SignupFields,
  type SignupFindings,
  ssnProblem,
  stateOfZip,
  stateProblem,
  states,
  streetProblem,
  validateSignup,
  vehicleProblems,
  vehicleYearMin,
  zipProblem,
  zipWarning
} from './validation/index.ts'
