/**
 * @module Registration and sessions: only a registered driver goes online, and a session asked for
 * before the registration was seen waits for it a short while, since the two topics have no order
 * between them (S9). A refusal is remembered, so that a repeat of it does not take effect after all.
 */
import type { DriverRecord, DriverSession, UserEvent } from '../../avro/index.ts'
import { count } from '../runtime/index.ts'
import {
  actionResult,
  also,
  change,
  type DriverEnv,
  type DriverStep,
  decide,
  forgetTimer,
  keep,
  phaseAfter,
  refusalMemoryMs,
  stepOf
} from './driver-step.ts'
import { voteOf } from './offers.ts'

const parkedPrefix = 'parked/'

/** Registers the driver and handles what waited for it. A repeated registration changes nothing. */
export function foldRegistration(
  record: DriverRecord,
  event: UserEvent,
  env: DriverEnv
): DriverStep {
  if (record.registered) return also(stepOf(record), count('registrations_repeated'))
  const { vehicle, firstName } = event
  const known = keep(stepOf(record), { registered: true, vehicle, firstName, parked: [] })
  let step = also(change(known, {}, env), { kind: 'cancelTimer', name: forgetTimer })
  for (const action of record.parked) {
    const handled = foldSession(step.record, action, env)
    step = also(
      { record: handled.record, effects: [...step.effects, ...handled.effects] },
      { kind: 'cancelTimer', name: parkedPrefix + action.actionId }
    )
  }
  return step
}

/** Handles `online` and `offline`. */
export function foldSession(
  record: DriverRecord,
  action: DriverSession,
  env: DriverEnv
): DriverStep {
  const step = stepOf(record)
  const decided = record.actions.find(({ actionId }) => actionId === action.actionId)
  if (decided !== undefined) return also(step, actionResult(decided, record.driverId))
  if (!record.registered) return park(step, action, env)
  const changed = action.type === 'ONLINE' ? goOnline(step, action, env) : goOffline(step, env)
  return decide(changed, action, { refusedBecause: null }, env)
}

/** Refuses a parked action whose wait is over; the topology passes timers of that name. */
export function foldParkedTimer(record: DriverRecord, name: string, env: DriverEnv): DriverStep {
  const actionId = name.slice(parkedPrefix.length)
  const action = record.parked.find((parked) => parked.actionId === actionId)
  if (action === undefined) return stepOf(record)
  const parked = record.parked.filter((other) => other !== action)
  return refuse(keep(stepOf(record), { parked }), action, env)
}

/** Forgets the refusals of somebody who is no driver; anyone may try to be one. */
export function foldForget(record: DriverRecord): DriverStep {
  return record.registered ? stepOf(record) : keep(stepOf(record), { actions: [] })
}

function refuse(step: DriverStep, action: DriverSession, env: DriverEnv): DriverStep {
  const refused = decide(step, action, { refusedBecause: 'driver_not_registered' }, env)
  const dueMs = env.nowMs + refusalMemoryMs
  return also(refused, { kind: 'setTimer', name: forgetTimer, dueMs })
}

function park(step: DriverStep, action: DriverSession, env: DriverEnv): DriverStep {
  const { parked } = step.record
  if (parked.some(({ actionId }) => actionId === action.actionId)) return step
  if (parked.length >= env.policy.parkedMax) {
    return refuse(step, action, env)
  }
  return also(keep(step, { parked: [...parked, action] }), {
    kind: 'setTimer',
    name: parkedPrefix + action.actionId,
    dueMs: env.nowMs + env.policy.parkedMs
  })
}

/** A new session always counts as a change, so that pings of an older one are dropped (S12). */
function goOnline(step: DriverStep, action: DriverSession, env: DriverEnv): DriverStep {
  const { record } = step
  const isNewer = action.place !== null && action.actedAt > (record.placeAt ?? 0)
  return change(
    step,
    {
      ...phaseAfter(record, 'go_online'),
      sessionId: action.sessionId,
      place: isNewer ? action.place : record.place,
      placeAt: isNewer ? action.actedAt : record.placeAt
    },
    env
  )
}

/** A prepared vote outlives the session: the driver leaves when `trips` releases them (S8). */
function goOffline(step: DriverStep, env: DriverEnv): DriverStep {
  const { record } = step
  const phase = phaseAfter(record, 'go_offline')
  if (record.status === 'OFFLINE') return step
  if (phase.status === 'OFFLINE') return change(step, { ...phase, sessionId: null }, env)
  const leaving = keep(step, phase)
  if (record.status !== 'RESERVED' || record.reservation === null) return leaving
  return also(leaving, voteOf(leaving.record, record.reservation, env))
}
