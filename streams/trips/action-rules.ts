/**
 * @module The rules of each action: who may do it, when, and what it does to the ride. The table of
 * legal transitions in `domain` says when; these say who and what else.
 */
import type { DriverAction, Ride, RiderAction } from '../../avro/index.ts'
import {
  actsForCustomer,
  isNoShowDue,
  nextRideStatus,
  noShowReason,
  type RideTrigger
} from '../../domain/index.ts'
import { apply, type Judge, refuse, type Verdict } from './actions.ts'
import {
  accept,
  arrive,
  cancel,
  complete,
  decline,
  rate,
  reallocate,
  start,
  triggerByDriverAction
} from './ride-moves.ts'
import type { KnownRideStep, RideEnv } from './ride-step.ts'

/** Judges an action by its actor's rules. */
export const judgeAction: Judge = (step, action, env) =>
  action.by === 'driver'
    ? judgeDriver(step, action.action, env)
    : judgeRider(step, action.action, env)

function judgeDriver(step: KnownRideStep, action: DriverAction, env: RideEnv): Verdict {
  const { ride } = step.state
  if (action.type === 'ACCEPT' || action.type === 'DECLINE') {
    if (action.offerId === null) return refuse('offer_id_missing')
    if (ride.offerId !== action.offerId) return refuse('offer_not_current')
  }
  if (ride.driverId !== action.driverId) return refuse('not_your_ride')
  if (action.offerId !== null && ride.offerId !== action.offerId) return refuse('offer_not_current')
  if (isIllegal(ride, triggerByDriverAction[action.type])) return refuse(notWhile(ride))
  switch (action.type) {
    case 'ACCEPT':
      return apply(accept(step, action, env))
    case 'DECLINE':
      return apply(decline(step, 'decline', action, env))
    case 'ARRIVE':
      return apply(arrive(step, action, env))
    case 'START':
      return apply(start(step, action, env))
    case 'END':
      return apply(complete(step, action, env))
    case 'CANCEL':
      return apply(
        ride.status === 'PENDING_ACCEPTANCE'
          ? decline(step, 'driver_cancel', action, env)
          : reallocate(step, action, env)
      )
    case 'NO_SHOW':
      if (!isNoShowDue({ ride, atMs: env.nowMs, policy: env.policy })) {
        return refuse('no_show_too_early')
      }
      return apply(
        cancel(step, { by: 'driver', actorId: action.driverId, reason: noShowReason }, env)
      )
    case 'RATE':
      return rate(step, { by: 'driver', actorId: action.driverId, rating: action.rating }, env)
    default:
      return action.type satisfies never
  }
}

function judgeRider(step: KnownRideStep, action: RiderAction, env: RideEnv): Verdict {
  const { ride } = step.state
  const isAdmin = action.actorRole === 'ADMIN'
  const isOwner =
    action.actorRole === 'CUSTOMER' && actsForCustomer(action.actorId, ride.customerId)
  if (!isOwner && !(isAdmin && action.type === 'CANCEL')) return refuse('not_your_ride')
  if (action.type === 'RATE') {
    if (isIllegal(ride, 'rate')) return refuse(notWhile(ride))
    return rate(step, { by: 'rider', actorId: action.actorId, rating: action.rating }, env)
  }
  if (isIllegal(ride, isAdmin ? 'admin_cancel' : 'rider_cancel')) return refuse(notWhile(ride))
  const by = isAdmin ? 'admin' : 'rider'
  const reason = action.reason ?? `${by}_cancelled`
  return apply(cancel(step, { by, actorId: action.actorId, reason }, env))
}

function isIllegal(ride: Ride, trigger: RideTrigger): boolean {
  return nextRideStatus(ride.status, trigger) === null
}

/** The code of "not in this status", such as `ride_completed`. */
function notWhile(ride: Ride): string {
  return `ride_${ride.status.toLowerCase()}`
}
