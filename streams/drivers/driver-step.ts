/**
 * @module The building blocks of the driver folds: a step is the record so far and the effects
 * gathered. Every change of what others see of a driver goes through `change`, which raises the
 * version and publishes the state, so no transition can forget either (S12).
 */
import type { ActionRecord, DriverRecord, DriverSession, OfferResult } from '../../avro/index.ts'
import { assertThat } from '../../core/index.ts'
import {
  type DriverPhase,
  type DriverTrigger,
  nextDriverPhase,
  type Policy
} from '../../domain/index.ts'
import { count, type Effect, emit } from '../runtime/index.ts'

/** Offers remembered with their answer, so that a repeated offer gets the same one. */
export const answeredMax = 16

/** Session actions remembered with their outcome. */
export const actionsMax = 16

/** How long the refusals of somebody who is no driver are remembered, ms: as long as apps retry. */
export const refusalMemoryMs = 3_600_000

/** Name of the timer that ends that memory. */
export const forgetTimer = 'forget'

/** Name of the timer that asks `trips` for word (S4). */
export const watchdogTimer = 'watchdog'

/** What the folds need to know besides record and input. */
export interface DriverEnv {
  readonly policy: Policy
  /** Task time, epoch ms. */
  readonly nowMs: number
  readonly faults: DriverFaults
}

/** Rules a test may switch off, to see that its checks notice. */
export interface DriverFaults {
  /** S4: the watchdog stays silent. */
  readonly noS4?: boolean
}

export interface DriverStep {
  readonly record: DriverRecord
  readonly effects: readonly Effect[]
}

/** A driver nothing is known of. */
export function unknownDriver(driverId: string, nowMs: number): DriverRecord {
  return {
    driverId,
    registered: false,
    status: 'OFFLINE',
    driverVersion: 0,
    sessionId: null,
    offerId: null,
    rideId: null,
    leaving: false,
    place: null,
    placeAt: null,
    since: nowMs,
    reservation: null,
    answered: [],
    actions: [],
    parked: [],
    vehicle: null,
    firstName: null
  }
}

/** Starts a step. */
export function stepOf(record: DriverRecord): DriverStep {
  return { record, effects: [] }
}

/** Adds effects to a step. */
export function also(step: DriverStep, ...effects: readonly Effect[]): DriverStep {
  return { record: step.record, effects: [...step.effects, ...effects] }
}

/** Changes fields nobody outside sees. */
export function keep(step: DriverStep, fields: Partial<DriverRecord>): DriverStep {
  return { record: { ...step.record, ...fields }, effects: step.effects }
}

/** The status and leaving mark a trigger leads to; the caller has checked that it is legal. */
export function phaseAfter(record: DriverRecord, trigger: DriverTrigger): DriverPhase {
  const phase = nextDriverPhase({ status: record.status, leaving: record.leaving }, trigger)
  assertThat(
    phase !== null,
    `expected a legal driver transition, got ${trigger} in ${record.status}`
  )
  return phase
}

/** Changes what others see: raises the version and publishes the driver's state. */
export function change(
  step: DriverStep,
  fields: Partial<DriverRecord>,
  env: DriverEnv
): DriverStep {
  const isTransition = fields.status !== undefined && fields.status !== step.record.status
  const record: DriverRecord = {
    ...step.record,
    ...fields,
    driverVersion: step.record.driverVersion + 1,
    since: isTransition ? env.nowMs : step.record.since
  }
  const { driverId, status, driverVersion, sessionId, rideId, offerId, place, placeAt } = record
  const state = emit('driver_states', driverId, {
    driverId,
    status,
    driverVersion,
    sessionId,
    rideId,
    offerId,
    place,
    placeAt,
    changedAt: env.nowMs
  })
  return { record, effects: [...step.effects, state] }
}

/** Remembers and publishes the outcome of a session action (S11). */
export function decide(
  step: DriverStep,
  action: DriverSession,
  verdict: { readonly refusedBecause: string | null },
  env: DriverEnv
): DriverStep {
  const decided: ActionRecord = {
    actionId: action.actionId,
    actorId: action.driverId,
    action: action.type.toLowerCase(),
    outcome: verdict.refusedBecause === null ? 'APPLIED' : 'REFUSED',
    reason: verdict.refusedBecause,
    at: env.nowMs
  }
  const actions = [...step.record.actions, decided].slice(-actionsMax)
  return also(
    keep(step, { actions }),
    actionResult(decided, action.driverId),
    count('session_actions', { action: decided.action, outcome: decided.outcome })
  )
}

/** The published form of a decided session action. */
export function actionResult(decided: ActionRecord, driverId: string): Effect {
  return emit('action_results', driverId, {
    actionId: decided.actionId,
    actorId: driverId,
    actorRole: 'DRIVER',
    entityId: driverId,
    action: decided.action,
    outcome: decided.outcome,
    reason: decided.reason,
    decidedAt: decided.at
  })
}

/** Remembers and publishes the answer to an offer. */
export function answer(step: DriverStep, result: OfferResult): DriverStep {
  const answered = [...step.record.answered, result].slice(-answeredMax)
  return also(
    keep(step, { answered }),
    emit('offer_results', result.rideId, result),
    count('offers', { result: result.result })
  )
}
