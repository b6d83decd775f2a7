/**
 * @module What belongs together when a ride moves: looking for a driver, letting one go, ending.
 * `trips` owns every timer of a ride and repeats what it wants (S5), so a lost dispatch request or
 * withdrawal costs time and nothing else.
 */
import type { DispatchKind, Ride } from '../../avro/index.ts'
import { cellOf, holdsDriver } from '../../domain/index.ts'
import { type Effect, emit, emitTo } from '../runtime/index.ts'
import {
  also,
  amend,
  type KnownRideStep,
  type RideEnv,
  rideTimers,
  type Transition,
  transition
} from './ride-step.ts'

/** Where and when a driver was let go; only the end of a trip knows. */
export interface ReleasePlace {
  readonly place: Ride['pickup']
  readonly placeAt: number
}

/**
 * Looks for a driver: asks matching, sets the repeat and the wait limit. A ride whose limit passed
 * while a driver held it ends at once.
 */
export function search(step: KnownRideStep, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  if (ride.waitUntil <= env.nowMs) return failMatching(step, env)
  return also(
    step,
    dispatch('ADD', ride, env),
    { kind: 'setTimer', name: rideTimers.resend, dueMs: env.nowMs + env.policy.resendMs },
    { kind: 'setTimer', name: rideTimers.wait, dueMs: ride.waitUntil }
  )
}

/** Repeats the dispatch request while the ride still waits. */
export function resend(step: KnownRideStep, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  if (ride.status !== 'REQUESTED') return step
  return also(step, dispatch('ADD', ride, env), {
    kind: 'setTimer',
    name: rideTimers.resend,
    dueMs: env.nowMs + env.policy.resendMs
  })
}

/** Effects of leaving REQUESTED: matching is told, the timers of the search end. */
export function endSearch(ride: Ride, env: RideEnv): Effect[] {
  return [
    dispatch('WITHDRAW', ride, env),
    { kind: 'cancelTimer', name: rideTimers.resend },
    { kind: 'cancelTimer', name: rideTimers.wait }
  ]
}

/** Ends a waiting ride unserved. */
export function failMatching(step: KnownRideStep, env: RideEnv): KnownRideStep {
  return end(
    step,
    {
      trigger: 'wait_limit',
      event: 'MATCHING_FAILED',
      actorId: null,
      fields: { endedBy: 'system', reason: 'no_drivers_available' }
    },
    env
  )
}

/** A refused offer: the next attempt begins, nobody is excluded (S7). */
export function nextAttempt(step: KnownRideStep, env: RideEnv): KnownRideStep {
  if (env.faults.noS7 === true) return step
  return search(amend(step, { attempt: step.state.ride.attempt + 1 }), env)
}

/** Why a ride loses its driver and goes back to the search. */
export interface DriverLoss extends Omit<Transition, 'fields'> {
  readonly reason: string
  /** True when the driver must not be asked again for this ride. */
  readonly isExcluded: boolean
  /** True when an accepted driver is lost: the rider's patience starts anew. */
  readonly isReallocation: boolean
  readonly fields?: Partial<Ride>
}

/** Takes the driver off the ride, releases them and searches again (S7, S8). */
export function loseDriver(step: KnownRideStep, loss: DriverLoss, env: RideEnv): KnownRideStep {
  const { ride } = step.state
  const isBlunt = env.faults.noS7 === true
  const excluded =
    loss.isExcluded && ride.driverId !== null && !isBlunt
      ? [...ride.excluded, ride.driverId].slice(-env.policy.excludedMax)
      : ride.excluded
  const fields: Partial<Ride> = {
    ...loss.fields,
    attempt: isBlunt ? ride.attempt : ride.attempt + 1,
    excluded,
    driverId: null,
    offerId: null,
    pickupEtaSeconds: null,
    matchedAt: null,
    acceptedAt: null,
    arrivedAt: null,
    waitUntil: loss.isReallocation ? env.nowMs + env.policy.waitLimitMs : ride.waitUntil,
    reallocations: ride.reallocations + (loss.isReallocation ? 1 : 0)
  }
  const lost = also(
    transition(step, { ...loss, fields }, env),
    ...release(ride, { reason: loss.reason, at: null }, env),
    { kind: 'cancelTimer', name: rideTimers.offer },
    { kind: 'cancelTimer', name: rideTimers.noShow }
  )
  return search(lost, env)
}

/** Task time trails the clocks of the edge by as much as records take to be appended: no ride ends before its request. */
export function endOf({ requestedAt }: Pick<Ride, 'requestedAt'>, env: RideEnv): number {
  return Math.max(env.nowMs, requestedAt)
}

/** Ends the ride: event, driver released, customer's slot freed, removal planned. */
export function end(
  step: KnownRideStep,
  change: Transition & { readonly releasedAt?: ReleasePlace },
  env: RideEnv
): KnownRideStep {
  const before = step.state.ride
  const fields = { ...change.fields, endedAt: endOf(before, env) }
  const ended = transition(step, { ...change, fields }, env)
  const { ride } = ended.state
  const freed = holdsDriver(before.status)
    ? release(before, { reason: change.event.toLowerCase(), at: change.releasedAt ?? null }, env)
    : []
  const search = before.status === 'REQUESTED' ? endSearch(before, env) : []
  return also(ended, ...search, ...freed, ...closing(ride, env))
}

/** Effects every ended ride has. */
export function closing(ride: Ride, env: RideEnv): Effect[] {
  return [
    emit('trips_closed', ride.customerId, {
      rideId: ride.rideId,
      customerId: ride.customerId,
      status: ride.status,
      closedAt: env.nowMs
    }),
    { kind: 'cancelTimer', name: rideTimers.offer },
    { kind: 'cancelTimer', name: rideTimers.noShow },
    {
      kind: 'setTimer',
      name: rideTimers.retention,
      dueMs: env.nowMs + env.policy.rideRetentionMs
    }
  ]
}

/** The command that lets the ride's driver go. */
export function release(
  ride: Pick<Ride, 'rideId' | 'offerId' | 'driverId'>,
  why: { readonly reason: string; readonly at: ReleasePlace | null },
  env: Pick<RideEnv, 'nowMs'>
): Effect[] {
  if (ride.offerId === null || ride.driverId === null) return []
  return [
    emit('driver_commands', ride.driverId, {
      kind: 'RELEASE',
      offerId: ride.offerId,
      driverId: ride.driverId,
      rideId: ride.rideId,
      place: why.at?.place ?? null,
      placeAt: why.at?.placeAt ?? null,
      reason: why.reason,
      at: env.nowMs
    })
  ]
}

/** The command that binds the ride's driver to the trip. */
export function assign(ride: Ride, env: RideEnv): Effect[] {
  if (ride.offerId === null || ride.driverId === null) return []
  return [
    emit('driver_commands', ride.driverId, {
      kind: 'ASSIGN',
      offerId: ride.offerId,
      driverId: ride.driverId,
      rideId: ride.rideId,
      place: null,
      placeAt: null,
      reason: 'accepted',
      at: env.nowMs
    })
  ]
}

/** Demand, told once a ride: a repeated dispatch is no new rider. */
export function demandOf(ride: Ride, env: RideEnv): Effect {
  return emitTo(env.markets.partitionOf(ride.market), 'demand_signals', {
    key: ride.market,
    value: {
      signalId: ride.rideId,
      kind: 'REQUEST',
      market: ride.market,
      customerId: ride.customerId,
      cell: cellOf(ride.pickup, env.policy.surge.resolution),
      at: ride.requestedAt
    }
  })
}

function dispatch(kind: DispatchKind, ride: Ride, env: RideEnv): Effect {
  const { nowMs, policy, markets } = env
  // Read by windows that no time scale shortens.
  const lifeMs = Math.max(policy.dispatchLifeMs, 2 * policy.matchingWindowMs)
  return emitTo(markets.partitionOf(ride.market), 'dispatch_requests', {
    key: ride.market,
    value: {
      kind,
      market: ride.market,
      rideId: ride.rideId,
      attempt: ride.attempt,
      pickup: ride.pickup,
      excluded: ride.excluded,
      waitUntil: ride.waitUntil,
      requestedAt: ride.requestedAt,
      expiresAt: Math.min(ride.waitUntil, nowMs + lifeMs)
    }
  })
}
