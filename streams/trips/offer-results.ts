/**
 * @module Answers of drivers to offers, and the answer `trips` owes them (S3): every RESERVED is
 * a driver waiting for word, so each one is matched, confirmed or let go.
 *
 * | result | for the ride as it is | answer |
 * |---|---|---|
 * | RESERVED | REQUESTED, live attempt | PENDING_ACCEPTANCE |
 * | RESERVED | its own offer, pending | none: the driver is being asked |
 * | RESERVED, OFFLINE | its own offer, accepted or later | assign |
 * | OFFLINE | its own offer, pending | release, next attempt |
 * | RESERVED, OFFLINE | anything else | release |
 * | BUSY, OFFLINE, EXPIRED | REQUESTED, live attempt | next attempt |
 */
import type { OfferResult, Ride, RideState } from '../../avro/index.ts'
import { holdsDriver } from '../../domain/index.ts'
import { count, type Effect } from '../runtime/index.ts'
import {
  assign,
  endSearch,
  loseDriver,
  nextAttempt,
  type ReleasePlace,
  release
} from './ride-flow.ts'
import {
  also,
  type KnownRideStep,
  type RideEnv,
  type RideStep,
  rideTimers,
  transition
} from './ride-step.ts'

/** Folds one result; a result that is not for the current attempt or offer only gets its answer. */
export function foldOfferResult(state: RideState, result: OfferResult, env: RideEnv): RideStep {
  const { ride } = state
  const counted = count('offer_results', { result: result.result })
  if (ride === null) {
    return { state, effects: [counted, ...letGo(result, { ride: null }, env)] }
  }
  const step: KnownRideStep = { state: { ...state, ride }, effects: [counted] }
  if (ride.offerId === result.offerId && holdsDriver(ride.status)) return ofOwn(step, result, env)
  const isLive = ride.status === 'REQUESTED' && ride.attempt === result.attempt
  if (!isLive) return also(step, ...letGo(result, { ride }, env), count('offer_results_stale'))
  if (result.result === 'RESERVED') return match(step, result, env)
  // A reserved driver who went offline says so instead of RESERVED and waits for the release.
  return nextAttempt(also(step, ...letGo(result, { ride }, env)), env)
}

function match(step: KnownRideStep, result: OfferResult, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  const matched = transition(
    step,
    {
      trigger: 'offer_reserved',
      event: 'RIDE_MATCHED',
      actorId: result.driverId,
      fields: {
        driverId: result.driverId,
        offerId: result.offerId,
        pickupEtaSeconds: result.pickupEtaSeconds,
        matchedAt: env.nowMs,
        offersMade: ride.offersMade + 1
      }
    },
    env
  )
  return also(matched, ...endSearch(ride, env), {
    kind: 'setTimer',
    name: rideTimers.offer,
    dueMs: env.nowMs + env.policy.offerMs
  })
}

function ofOwn(step: KnownRideStep, result: OfferResult, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  if (result.result !== 'RESERVED' && result.result !== 'OFFLINE') {
    return also(step, count('offer_results_contradicting', { result: result.result }))
  }
  if (ride.status !== 'PENDING_ACCEPTANCE') return also(step, ...assign(ride, env))
  if (result.result === 'RESERVED') return step
  return loseDriver(
    step,
    {
      trigger: 'offer_refused',
      event: 'OFFER_DECLINED',
      actorId: ride.driverId,
      reason: 'driver_offline',
      isExcluded: false,
      isReallocation: false,
      fields: { offersDeclined: ride.offersDeclined + 1 }
    },
    env
  )
}

/** Frees a driver who may be reserved for nothing; BUSY and EXPIRED never reserved. */
function letGo(
  result: OfferResult,
  known: { readonly ride: Ride | null },
  env: RideEnv
): readonly Effect[] {
  if (result.result !== 'RESERVED' && result.result !== 'OFFLINE') return []
  if (env.faults.noS3 === true) return []
  return release(result, { reason: 'not_wanted', at: placeOf(result, known.ride) }, env)
}

/** Where a driver who missed the end of the trip is: at the drop-off. */
function placeOf(result: OfferResult, ride: Ride | null): ReleasePlace | null {
  if (ride?.status !== 'COMPLETED' || ride.offerId !== result.offerId) return null
  return { place: ride.dropoff, placeAt: ride.endedAt ?? 0 }
}
