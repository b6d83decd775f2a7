/**
 * @module The checker: follows every record the services commit, in the order of the commits, and
 * notes each break of a promise at the record that breaks it. It shares no code with the services
 * beyond the table of legal transitions.
 */
import type {
  ActionResult,
  BillingTask,
  DriverCommand,
  DriverState,
  DriverStatus,
  Ride,
  RideEvent
} from '../../avro/index.ts'
import { holdsDriver, isEndedStatus } from '../../domain/index.ts'
import type { DrainedRecord } from '../support/index.ts'

/** A broken promise. */
export interface Violation {
  readonly rule: string
  readonly what: string
  /** Ids the trace is searched for. */
  readonly about: readonly string[]
}

export interface Ledger {
  readonly violations: Violation[]
  /** Newest event of each ride. */
  readonly rides: ReadonlyMap<string, RideEvent>
  /** Newest state of each driver. */
  readonly drivers: ReadonlyMap<string, DriverState>
  readonly outcomes: ReadonlyMap<string, ActionResult>
  readonly bills: ReadonlyMap<string, BillingTask>
  readonly demands: ReadonlySet<string>
  readonly closed: ReadonlySet<string>
  observe(record: DrainedRecord): void
  note(violation: Violation): void
}

/** States a driver may go to; a new session or registration changes the version only. */
const driverMoves: Readonly<Record<DriverStatus, readonly DriverStatus[]>> = {
  OFFLINE: ['OFFLINE', 'AVAILABLE'],
  AVAILABLE: ['AVAILABLE', 'OFFLINE', 'RESERVED'],
  RESERVED: ['RESERVED', 'ON_TRIP', 'AVAILABLE', 'OFFLINE'],
  ON_TRIP: ['ON_TRIP', 'AVAILABLE', 'OFFLINE']
}

/** Statuses an event may leave behind; RATED leaves COMPLETED. */
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

/** A ledger of nothing yet. */
export function createLedger(): Ledger {
  const violations: Violation[] = []
  const rides = new Map<string, RideEvent>()
  const drivers = new Map<string, DriverState>()
  const outcomes = new Map<string, ActionResult>()
  const bills = new Map<string, BillingTask>()
  const demands = new Set<string>()
  const closed = new Set<string>()
  const admitted = new Set<string>()
  const refusedBy = new Map<string, Set<string>>()
  const note = (violation: Violation): void => {
    violations.push(violation)
  }
  const expectThat = (
    holds: boolean,
    rule: string,
    what: string,
    ...about: (string | null | undefined)[]
  ): void => {
    if (!holds) note({ rule, what, about: about.filter((id) => id !== null && id !== undefined) })
  }
  const once = (seen: Set<string>, id: string, what: string): void => {
    expectThat(!seen.has(id), 'exactly once', `${what} of ${id} comes twice`, id)
    seen.add(id)
  }

  const observeRide = (event: RideEvent): void => {
    const { ride, rideId } = event
    const before = rides.get(rideId)
    const seq = (before?.seq ?? 0) + 1
    expectThat(
      event.seq === seq,
      'dense seq',
      `${rideId}: expected seq ${seq}, got ${event.seq}`,
      rideId
    )
    expectThat(
      ride.status === statusByEvent[event.type],
      'status',
      `${rideId}: ${event.type} leaves ${ride.status}`,
      rideId
    )
    const wasOver = before !== undefined && isEndedStatus(before.ride.status)
    expectThat(
      !wasOver || event.type === 'RIDE_RATED',
      'one end',
      `${rideId}: ${event.type} after ${before?.ride.status}`,
      rideId
    )
    expectThat(
      (before?.ride.attempt ?? 0) <= ride.attempt,
      'S1 attempts rise',
      `${rideId}: attempt ${before?.ride.attempt} then ${ride.attempt}`,
      rideId
    )
    rides.set(rideId, event)
    if (event.type === 'RIDE_MATCHED') observeMatch(event)
    const gaveUp = ['OFFER_DECLINED', 'OFFER_EXPIRED', 'RIDE_REALLOCATED'].includes(event.type)
    const driverId = before?.ride.driverId
    if (
      gaveUp &&
      driverId &&
      (ride.excluded.includes(driverId) || event.type !== 'OFFER_DECLINED')
    ) {
      refusedBy.set(rideId, (refusedBy.get(rideId) ?? new Set()).add(driverId))
    }
    if (before && holdsDriver(before.ride.status) && holdsDriver(ride.status)) {
      const same = before.ride.driverId === ride.driverId && before.ride.offerId === ride.offerId
      expectThat(same, 'S13 one driver', `${rideId}: the driver changed in ${ride.status}`, rideId)
    }
  }

  const observeMatch = ({ ride, rideId }: RideEvent): void => {
    const driverId = ride.driverId ?? ''
    for (const { ride: other } of rides.values()) {
      if (other.rideId === rideId || other.driverId !== driverId) continue
      expectThat(
        !holdsDriver(other.status),
        'S13 one trip',
        `${driverId} is matched to ${rideId} while on ${other.rideId} (${other.status})`,
        driverId,
        rideId,
        other.rideId
      )
    }
    expectThat(
      refusedBy.get(rideId)?.has(driverId) !== true,
      'S7 refused',
      `${driverId} is matched to ${rideId} again, having refused it`,
      driverId,
      rideId
    )
  }

  const observeDriver = (state: DriverState): void => {
    const before = drivers.get(state.driverId)
    const version = (before?.driverVersion ?? 0) + 1
    const id = state.driverId
    expectThat(
      state.driverVersion === version,
      'S12 versions',
      `${id}: expected version ${version}, got ${state.driverVersion}`,
      id
    )
    const from = before?.status ?? 'OFFLINE'
    expectThat(
      driverMoves[from].includes(state.status),
      'S2 driver moves',
      `${id}: ${from} then ${state.status}`,
      id
    )
    const isHeld = state.status === 'RESERVED' || state.status === 'ON_TRIP'
    const wasHeld = from === 'RESERVED' || from === 'ON_TRIP'
    expectThat(
      isHeld === (state.offerId !== null) &&
        (!isHeld || !wasHeld || before?.offerId === state.offerId),
      'S2 reservation',
      `${id}: ${from} of ${before?.offerId} then ${state.status} of ${state.offerId}`,
      id
    )
    drivers.set(id, state)
  }

  const observeCommand = (command: DriverCommand): void => {
    const ride = rides.get(command.rideId)?.ride
    const holds =
      ride?.offerId === command.offerId && ride !== undefined && holdsDriver(ride.status)
    const isRight =
      command.kind === 'ASSIGN' ? holds && ride.status !== 'PENDING_ACCEPTANCE' : !holds
    expectThat(
      isRight,
      'S3 commands',
      `${command.kind} of ${command.offerId} while its ride is ${ride?.status} with ${ride?.offerId}`,
      command.rideId,
      command.driverId
    )
  }

  const observeOutcome = (result: ActionResult): void => {
    const before = outcomes.get(result.actionId)
    expectThat(
      before === undefined || before.outcome === result.outcome,
      'S11 outcomes',
      `${result.actionId} (${result.action}): ${before?.outcome} then ${result.outcome}`,
      result.actionId,
      result.entityId
    )
    outcomes.set(result.actionId, result)
  }

  return {
    violations,
    rides,
    drivers,
    outcomes,
    bills,
    demands,
    closed,
    note,
    observe(record) {
      if (record.value === null) return
      switch (record.topic) {
        case 'ride_events':
          return observeRide(record.value)
        case 'driver_states':
          return observeDriver(record.value)
        case 'driver_commands':
          return observeCommand(record.value)
        case 'action_results':
          return observeOutcome(record.value)
        case 'trips_admissions':
          return once(admitted, record.value.request.rideId, 'the admission')
        case 'trips_closed':
          return once(closed, record.value.rideId, 'the closing')
        case 'demand_signals':
          return once(demands, record.value.signalId, 'the demand')
        case 'billing_tasks':
          expectThat(
            !bills.has(record.value.taskId),
            'one bill',
            `${record.value.taskId} is billed twice`,
            record.value.rideId
          )
          bills.set(record.value.taskId, record.value)
          return
        default:
      }
    }
  }
}
