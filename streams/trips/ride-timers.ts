/**
 * @module The timers of a ride. Each acts only in the status it was set for; a timer that finds
 * another one is over.
 */
import type { RideState } from '../../avro/index.ts'
import { isEndedStatus } from '../../domain/index.ts'
import { refuseParked } from './actions.ts'
import { failMatching, loseDriver, resend } from './ride-flow.ts'
import { noShowNotice } from './ride-notifications.ts'
import { also, type KnownRideStep, type RideEnv, type RideStep, rideTimers } from './ride-step.ts'

/** What a timer did to the ride; `isGone` = the ride leaves the store. */
export interface TimedStep extends RideStep {
  readonly isGone?: boolean
}

/** Folds one timer, by its name. */
export function foldRideTimer(state: RideState, name: string, env: RideEnv): TimedStep {
  const { ride } = state
  if (ride === null) return foldUnknown(state, name, env)
  const step: KnownRideStep = { state: { ...state, ride }, effects: [] }
  switch (name) {
    case rideTimers.resend:
      return resend(step, env)
    case rideTimers.wait:
      return ride.status === 'REQUESTED' ? failMatching(step, env) : step
    case rideTimers.offer:
      return ride.status === 'PENDING_ACCEPTANCE' ? expireOffer(step, env) : step
    case rideTimers.noShow:
      return ride.status === 'ARRIVED' ? also(step, ...noShowNotice(ride, env)) : step
    case rideTimers.retention:
      return { ...step, isGone: isEndedStatus(ride.status) }
    default:
      return step
  }
}

function foldUnknown(state: RideState, name: string, env: RideEnv): TimedStep {
  if (name !== rideTimers.retention) return refuseParked(state, name, env)
  const isParked = state.parkedDriverActions.length + state.parkedRiderActions.length > 0
  return { state, effects: [], isGone: !isParked }
}

function expireOffer(step: KnownRideStep, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  return loseDriver(
    step,
    {
      trigger: 'offer_timeout',
      event: 'OFFER_EXPIRED',
      actorId: ride.driverId,
      reason: 'offer_expired',
      isExcluded: true,
      isReallocation: false,
      fields: { offersExpired: ride.offersExpired + 1 }
    },
    env
  )
}
