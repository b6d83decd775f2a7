/**
 * @module The promises a single committed record can break, given those before it.
 */
import type {
  ActionResult,
  DriverCommand,
  DriverState,
  DriverStatus,
  Ride,
  RideEvent
} from '../../avro/index.ts'
import { holdsDriver, isEndedStatus } from '../../domain/index.ts'
import { expectThat, type Ledger } from './ledger.ts'

/** States a driver may go to; a new session or registration changes the version only. */
const driverMoves: Readonly<Record<DriverStatus, readonly DriverStatus[]>> = {
  OFFLINE: ['OFFLINE', 'AVAILABLE'],
  AVAILABLE: ['AVAILABLE', 'OFFLINE', 'RESERVED'],
  RESERVED: ['RESERVED', 'ON_TRIP', 'AVAILABLE', 'OFFLINE'],
  ON_TRIP: ['ON_TRIP', 'AVAILABLE', 'OFFLINE']
}

/** The status an event leaves behind. */
const statusByEvent: Readonly<Record<RideEvent['type'], Ride['status']>> = {
  RIDE_REQUESTED: 'REQUESTED',
  RIDE_REJECTED: 'REJECTED',
  RIDE_MATCHED: 'PENDING_ACCEPTANCE',
  OFFER_DECLINED: 'REQUESTED',
  OFFER_EXPIRED: 'REQUESTED',
  RIDE_ACCEPTED: 'ACCEPTED',
  DRIVER_ARRIVED: 'ARRIVED',
  RIDE_STARTED: 'STARTED',
  RIDE_REALLOCATED: 'REQUESTED',
  RIDE_COMPLETED: 'COMPLETED',
  RIDE_CANCELLED: 'CANCELLED',
  MATCHING_FAILED: 'NO_DRIVERS_AVAILABLE',
  RIDE_RATED: 'COMPLETED'
}

/** A ride's events are dense, end once, and keep one driver at a time. */
export function checkRide(ledger: Ledger, event: RideEvent): void {
  const { ride, rideId, type } = event
  const before = ledger.rides.get(rideId)
  const about = [rideId]
  const seq = (before?.seq ?? 0) + 1
  expectThat(ledger, event.seq === seq, {
    rule: 'dense seq',
    what: `${rideId}: expected seq ${seq}, got ${event.seq}`,
    about
  })
  expectThat(ledger, ride.status === statusByEvent[type], {
    rule: 'status',
    what: `${rideId}: ${type} leaves ${ride.status}`,
    about
  })
  const wasOver = before !== undefined && isEndedStatus(before.ride.status)
  expectThat(ledger, !wasOver || type === 'RIDE_RATED', {
    rule: 'one end',
    what: `${rideId}: ${type} after ${before?.ride.status}`,
    about
  })
  expectThat(ledger, (before?.ride.attempt ?? 0) <= ride.attempt, {
    rule: 'S1 attempts rise',
    what: `${rideId}: attempt ${before?.ride.attempt} then ${ride.attempt}`,
    about
  })
  if (type === 'RIDE_MATCHED') checkMatch(ledger, event)
  if (before !== undefined) checkSameDriver(ledger, before.ride, event)
}

/** Nobody is matched while on another ride (S13), nor to a ride they refused (S7). */
function checkMatch(ledger: Ledger, { ride, rideId }: RideEvent): void {
  const driverId = ride.driverId ?? ''
  for (const { ride: other } of ledger.rides.values()) {
    if (other.rideId === rideId || other.driverId !== driverId) continue
    expectThat(ledger, !holdsDriver(other.status), {
      rule: 'S13 one trip',
      what: `${driverId} is matched to ${rideId} while on ${other.rideId} (${other.status})`,
      about: [driverId, rideId, other.rideId]
    })
  }
  expectThat(ledger, ledger.refusedBy.get(rideId)?.has(driverId) !== true, {
    rule: 'S7 refused',
    what: `${driverId} is matched to ${rideId} again, having refused it`,
    about: [driverId, rideId]
  })
}

/** A ride changes its driver by way of the search only; who left it is remembered. */
function checkSameDriver(ledger: Ledger, before: Ride, { ride, rideId, type }: RideEvent): void {
  if (before.driverId === null || !holdsDriver(before.status)) return
  const isSame = before.driverId === ride.driverId && before.offerId === ride.offerId
  expectThat(ledger, isSame || !holdsDriver(ride.status), {
    rule: 'S13 one driver',
    what: `${rideId}: the driver changed in ${ride.status}`,
    about: [rideId]
  })
  // A driver who went offline before answering is no refusal: the event is the same, nobody is excluded.
  const isRefusal =
    type === 'OFFER_EXPIRED' ||
    type === 'RIDE_REALLOCATED' ||
    (type === 'OFFER_DECLINED' && ride.excluded.includes(before.driverId))
  if (!isRefusal) return
  const refused = ledger.refusedBy.get(rideId) ?? new Set()
  ledger.refusedBy.set(rideId, refused.add(before.driverId))
}

/** A driver's versions are dense (S12), and a reservation ends only by way of a release (S2). */
export function checkDriver(ledger: Ledger, state: DriverState): void {
  const { driverId, status } = state
  const before = ledger.drivers.get(driverId)
  const from = before?.status ?? 'OFFLINE'
  const version = (before?.driverVersion ?? 0) + 1
  const about = [driverId]
  expectThat(ledger, state.driverVersion === version, {
    rule: 'S12 versions',
    what: `${driverId}: expected version ${version}, got ${state.driverVersion}`,
    about
  })
  expectThat(ledger, driverMoves[from].includes(status), {
    rule: 'S2 driver moves',
    what: `${driverId}: ${from} then ${status}`,
    about
  })
  const isHeld = status === 'RESERVED' || status === 'ON_TRIP'
  const wasHeld = from === 'RESERVED' || from === 'ON_TRIP'
  const isSame = !isHeld || !wasHeld || before?.offerId === state.offerId
  expectThat(ledger, isHeld === (state.offerId !== null) && isSame, {
    rule: 'S2 reservation',
    what: `${driverId}: ${from} of ${before?.offerId} then ${status} of ${state.offerId}`,
    about
  })
}

/** Only an accepted offer is assigned, and only one that is not wanted any more is released (S3). */
export function checkCommand(ledger: Ledger, command: DriverCommand): void {
  const ride = ledger.rides.get(command.rideId)?.ride
  const isWanted =
    ride !== undefined && ride.offerId === command.offerId && holdsDriver(ride.status)
  const isAccepted = isWanted && ride.status !== 'PENDING_ACCEPTANCE'
  expectThat(ledger, command.kind === 'ASSIGN' ? isAccepted : !isWanted, {
    rule: 'S3 commands',
    what: `${command.kind} of ${command.offerId} while its ride is ${ride?.status} with ${ride?.offerId}`,
    about: [command.rideId, command.driverId]
  })
}

/** An action that comes again gets the same outcome (S11). */
export function checkOutcome(ledger: Ledger, result: ActionResult): void {
  const before = ledger.outcomes.get(result.actionId)
  expectThat(ledger, before === undefined || before.outcome === result.outcome, {
    rule: 'S11 outcomes',
    what: `${result.actionId} (${result.action}): ${before?.outcome} then ${result.outcome}`,
    about: [result.actionId, result.entityId]
  })
}
