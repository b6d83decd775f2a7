/**
 * @module Intake by customer: one admission for one idempotency key, and a limit of open rides.
 * The list of a customer's keys outlives the age at which the edge refuses a key, so a retry finds
 * its ride and not a second one.
 */
import type { IntakeRide, IntakeState, RideClosed, RideRequest } from '../../avro/index.ts'
import type { Policy } from '../../domain/index.ts'
import { count, type Effect, emit } from '../runtime/index.ts'

/**
 * Keys remembered for a customer. A person asks for a handful of rides in twelve hours; beyond this
 * the request is refused, as forgetting a key could admit a ride twice. 256 entries of about 120
 * bytes keep a customer's state below 32 KiB.
 */
export const intakeRidesMax = 256

/** A ride still called open after so long is forgotten: its closing was lost; ms. */
export const intakeOpenMsMax = 24 * 3_600_000

/** What the intake folds know besides state and input. */
export interface IntakeEnv {
  readonly policy: Policy
  /** Task time, epoch ms. */
  readonly nowMs: number
}

export interface IntakeStep {
  readonly state: IntakeState
  readonly effects: readonly Effect[]
}

/** Why intake lets `trips` refuse a ride. */
export type IntakeProblem = 'idempotency_key_too_old' | 'too_many_open_rides' | 'too_many_rides'

/** Admits a request once; an exact repeat changes nothing, the key with another body is refused. */
export function foldRideRequest(
  state: IntakeState,
  request: RideRequest,
  env: IntakeEnv
): IntakeStep {
  const known = state.rides.find(({ rideId }) => rideId === request.rideId)
  if (known !== undefined) return repeat(state, known, { request, nowMs: env.nowMs })
  const rides = prune(state.rides, env)
  const problem = problemOf(rides, request, env.policy)
  const admission = emit('trips_admissions', request.rideId, { problem, request })
  const counted = count('intake', { outcome: problem ?? 'admitted' })
  if (problem === 'too_many_rides') return { state: { rides }, effects: [admission, counted] }
  const ride: IntakeRide = {
    rideId: request.rideId,
    bodyHash: request.bodyHash,
    open: problem === null,
    at: env.nowMs
  }
  return { state: { rides: [...rides, ride] }, effects: [admission, counted] }
}

/** Frees the customer's slot of an ended ride; the key stays remembered. */
export function foldRideClosed(state: IntakeState, closed: RideClosed, env: IntakeEnv): IntakeStep {
  const rides = prune(state.rides, env).map((ride) =>
    ride.rideId === closed.rideId ? { ...ride, open: false } : ride
  )
  return { state: { rides }, effects: [] }
}

/** The id under which a refused reuse of a key is answered: ride id and the body that was refused. */
export function reuseActionId(rideId: string, bodyHash: string): string {
  return `${rideId}:${bodyHash.slice(0, 16)}`
}

function repeat(
  state: IntakeState,
  known: IntakeRide,
  { request, nowMs }: { readonly request: RideRequest; readonly nowMs: number }
): IntakeStep {
  if (known.bodyHash === request.bodyHash) {
    return { state, effects: [count('intake', { outcome: 'repeated' })] }
  }
  const refusal = emit('action_results', request.customerId, {
    actionId: reuseActionId(request.rideId, request.bodyHash),
    actorId: request.customerId,
    actorRole: 'CUSTOMER',
    entityId: request.rideId,
    action: 'request',
    outcome: 'REFUSED',
    reason: 'idempotency_key_reused',
    decidedAt: nowMs
  })
  return { state, effects: [refusal, count('intake', { outcome: 'idempotency_key_reused' })] }
}

/** Drops keys too old to come again; an open ride stays until closed, or until lost for sure. */
function prune(rides: readonly IntakeRide[], { policy, nowMs }: IntakeEnv): readonly IntakeRide[] {
  return rides.filter(({ open, at }) => {
    const ageMs = nowMs - at
    return ageMs <= (open ? intakeOpenMsMax : policy.idempotencyMaxAgeMs)
  })
}

function problemOf(
  rides: readonly IntakeRide[],
  request: RideRequest,
  policy: Policy
): IntakeProblem | null {
  const keyMs = uuidV7Ms(request.idempotencyKey)
  if (keyMs !== null && request.requestedAt - keyMs > policy.idempotencyMaxAgeMs) {
    return 'idempotency_key_too_old'
  }
  if (rides.length >= intakeRidesMax) return 'too_many_rides'
  const open = rides.filter((ride) => ride.open).length
  return open >= policy.maxOpenRides ? 'too_many_open_rides' : null
}

/** The time inside a UUIDv7, epoch ms, or null when the key is none (the edge requires one). */
function uuidV7Ms(key: string): number | null {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.exec(
    key
  )
  if (match?.[1] === undefined || match[2] === undefined) return null
  return Number.parseInt(match[1] + match[2], 16)
}
