/**
 * @module The birth of a ride: an admission becomes REQUESTED or REJECTED, and the actions that
 * came before it are handled.
 */
import type { Ride, RideAdmission, RideRequest, RideState } from '../../avro/index.ts'
import { count, type Effect } from '../runtime/index.ts'
import { judgeRequest, unpricedFare } from './admission.ts'
import { closing, demandOf, endOf, search } from './ride-flow.ts'
import {
  also,
  type KnownRideStep,
  publish,
  type RideEnv,
  type RideStep,
  rideTimers
} from './ride-step.ts'

/** Admits or rejects; a repeated admission changes nothing. Parked actions are left to the caller. */
export function foldAdmission(
  state: RideState,
  { request, problem }: RideAdmission,
  env: RideEnv
): RideStep {
  if (state.ride !== null) return { state, effects: [count('admissions_repeated')] }
  const admission =
    problem === null ? judgeRequest(request, env) : ({ kind: 'rejected', reason: problem } as const)
  if (admission.kind === 'rejected') return reject(state, { request, ...admission }, env)
  const ride: Ride = {
    ...newRide(request, env),
    fare: admission.fare,
    quoteId: admission.quoteId
  }
  const begun = begin(state, ride)
  const requested = publish(
    begun,
    { event: 'RIDE_REQUESTED', actorId: request.customerId, before: null },
    env
  )
  return search(also(requested, demandOf(ride, env)), env)
}

function reject(
  state: RideState,
  refused: { readonly request: RideRequest; readonly reason: string },
  env: RideEnv
): KnownRideStep {
  const ride: Ride = {
    ...newRide(refused.request, env),
    status: 'REJECTED',
    endedAt: endOf(refused.request, env),
    endedBy: 'system',
    reason: refused.reason
  }
  const told = { event: 'RIDE_REJECTED', actorId: null, before: null } as const
  const rejected = publish(begin(state, ride), told, env)
  return also(rejected, ...closing(ride, env), count('rejections', { reason: refused.reason }))
}

function begin(state: RideState, ride: Ride): KnownRideStep {
  // Refusals of actions that came too early planned the removal of what was known then.
  const effects: Effect[] =
    state.actions.length > 0 ? [{ kind: 'cancelTimer', name: rideTimers.retention }] : []
  return { state: { ...state, ride }, effects }
}

function newRide(request: RideRequest, env: RideEnv): Ride {
  return {
    rideId: request.rideId,
    customerId: request.customerId,
    market: request.market,
    status: 'REQUESTED',
    attempt: 1,
    seq: 1,
    pickup: request.pickup,
    dropoff: request.dropoff,
    fare: unpricedFare(request.market, env.markets),
    quoteId: null,
    requestedAt: request.requestedAt,
    waitUntil: env.nowMs + env.policy.waitLimitMs,
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
    correlationId: request.correlationId
  }
}
