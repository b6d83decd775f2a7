/**
 * @module What each action does to a ride once the rules allow it: transition, timers, commands to
 * the driver, bill.
 */
import type { BillKind, DriverAction, Ride } from '../../avro/index.ts'
import { cancellationFeeMinor, type RideTrigger, ratingProblem } from '../../domain/index.ts'
import { type Effect, emit } from '../runtime/index.ts'
import { apply, refuse, type Verdict } from './actions.ts'
import { assign, end, loseDriver } from './ride-flow.ts'
import {
  also,
  type KnownRideStep,
  type RideEnv,
  rideTimers,
  type Transition,
  transition
} from './ride-step.ts'

/** What a driver's action means to the state machine. */
export const triggerByDriverAction = {
  ACCEPT: 'accept',
  DECLINE: 'decline',
  ARRIVE: 'arrive',
  START: 'start',
  END: 'end',
  CANCEL: 'driver_cancel',
  NO_SHOW: 'no_show',
  RATE: 'rate'
} as const satisfies Record<DriverAction['type'], RideTrigger>

/** ACCEPTED: the driver is bound to the trip. */
export function accept(step: KnownRideStep, action: DriverAction, env: RideEnv): KnownRideStep {
  const accepted = move(
    step,
    action,
    { to: 'RIDE_ACCEPTED', fields: { acceptedAt: env.nowMs } },
    env
  )
  const { ride } = accepted.state
  return also(accepted, { kind: 'cancelTimer', name: rideTimers.offer }, ...assign(ride, env))
}

/** ARRIVED: from `noShowMs` later on a no-show may be reported. */
export function arrive(step: KnownRideStep, action: DriverAction, env: RideEnv): KnownRideStep {
  const arrived = move(
    step,
    action,
    { to: 'DRIVER_ARRIVED', fields: { arrivedAt: env.nowMs } },
    env
  )
  const dueMs = env.nowMs + env.policy.noShowMs
  return also(arrived, { kind: 'setTimer', name: rideTimers.noShow, dueMs })
}

/** STARTED: the rider is in the car. */
export function start(step: KnownRideStep, action: DriverAction, env: RideEnv): KnownRideStep {
  const started = move(step, action, { to: 'RIDE_STARTED', fields: { startedAt: env.nowMs } }, env)
  return also(started, { kind: 'cancelTimer', name: rideTimers.noShow })
}

/** COMPLETED: billed, and the driver is free where the trip ended. */
export function complete(step: KnownRideStep, action: DriverAction, env: RideEnv): KnownRideStep {
  const releasedAt = {
    place: action.place ?? step.state.ride.dropoff,
    placeAt: action.actedAt
  }
  const completed = end(
    step,
    {
      trigger: 'end',
      event: 'RIDE_COMPLETED',
      actorId: action.driverId,
      fields: { endedBy: 'driver' },
      releasedAt
    },
    env
  )
  return also(completed, billing('TRIP', completed.state.ride, env))
}

/** The driver does not want the offer: not asked again for this ride. */
export function decline(
  step: KnownRideStep,
  trigger: 'decline' | 'driver_cancel',
  action: DriverAction,
  env: RideEnv
): KnownRideStep {
  const { ride } = step.state
  return loseDriver(
    step,
    {
      trigger,
      event: 'OFFER_DECLINED',
      actorId: action.driverId,
      reason: 'offer_declined',
      isExcluded: true,
      isReallocation: false,
      fields: { offersDeclined: ride.offersDeclined + 1 }
    },
    env
  )
}

/** The driver gives an accepted ride back: it looks for another one (S8). */
export function reallocate(step: KnownRideStep, action: DriverAction, env: RideEnv): KnownRideStep {
  return loseDriver(
    step,
    {
      trigger: 'driver_cancel',
      event: 'RIDE_REALLOCATED',
      actorId: action.driverId,
      reason: 'driver_cancelled',
      isExcluded: true,
      isReallocation: true
    },
    env
  )
}

const triggerByCanceller = {
  rider: 'rider_cancel',
  admin: 'admin_cancel',
  driver: 'no_show'
} as const satisfies Record<string, RideTrigger>

/** CANCELLED, with a fee where the rules of cancelling say so. */
export function cancel(
  step: KnownRideStep,
  who: {
    readonly by: 'rider' | 'admin' | 'driver'
    readonly actorId: string
    readonly reason: string
  },
  env: RideEnv
): KnownRideStep {
  const { ride } = step.state
  const tariff = env.markets.byId(ride.market)?.tariff
  const feeMinor =
    tariff === undefined
      ? null
      : cancellationFeeMinor({
          ride,
          cancelledAt: env.nowMs,
          by: who.by,
          policy: env.policy,
          tariff
        })
  const cancelled = end(
    step,
    {
      trigger: triggerByCanceller[who.by],
      event: 'RIDE_CANCELLED',
      actorId: who.actorId,
      fields: { endedBy: who.by, reason: who.reason, feeMinor }
    },
    env
  )
  if (feeMinor === null || feeMinor <= 0) return cancelled
  return also(cancelled, billing('CANCELLATION_FEE', cancelled.state.ride, env))
}

/** A rating after the trip, once by each side. */
export function rate(
  step: KnownRideStep,
  given: {
    readonly by: 'rider' | 'driver'
    readonly actorId: string
    readonly rating: number | null
  },
  env: RideEnv
): Verdict {
  const field = given.by === 'rider' ? 'riderRating' : 'driverRating'
  const { rating, actorId } = given
  if (rating === null || ratingProblem(rating) !== null) return refuse('rating_invalid', true)
  const known = step.state.ride[field]
  if (known !== null) return refuse('already_rated', known !== rating)
  const fields = { [field]: rating }
  return apply(transition(step, { trigger: 'rate', event: 'RIDE_RATED', actorId, fields }, env))
}

/** A step on the way of a matched ride. */
function move(
  step: KnownRideStep,
  action: DriverAction,
  told: { readonly to: Transition['event']; readonly fields: Partial<Ride> },
  env: RideEnv
): KnownRideStep {
  const trigger = triggerByDriverAction[action.type]
  const { to: event, fields } = told
  return transition(step, { trigger, event, actorId: action.driverId, fields }, env)
}

function billing(kind: BillKind, ride: Ride, env: RideEnv): Effect {
  return emit('billing_tasks', ride.rideId, {
    taskId: `${ride.rideId}:${kind}`,
    rideId: ride.rideId,
    kind,
    customerId: ride.customerId,
    driverId: ride.driverId,
    fare: ride.fare,
    feeMinor: kind === 'TRIP' ? null : ride.feeMinor,
    requestedAt: ride.requestedAt,
    startedAt: ride.startedAt,
    endedAt: ride.endedAt ?? env.nowMs,
    reason: ride.reason
  })
}
