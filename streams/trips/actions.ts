/**
 * @module Actions have outcomes (S11): each ends applied or refused, is remembered, and gets the
 * same answer when it comes again. An action for a ride not known yet is parked for a short while,
 * since actions and rides come on different topics (S9); its refusal is remembered too, so that a
 * repeat does not take effect after all when the ride comes late.
 */
import type { ActionRecord, DriverAction, RiderAction, RideState, Role } from '../../avro/index.ts'
import { count, type Effect, emit } from '../runtime/index.ts'
import { also, type KnownRideStep, type RideEnv, type RideStep, rideTimers } from './ride-step.ts'

/** Actions remembered for a ride with their outcome. */
export const actionsMax = 64

const parkedPrefix = 'parked/'

/** An action of either kind, with who acts and what is asked. */
export type RideAction =
  | { readonly by: 'driver'; readonly action: DriverAction }
  | { readonly by: 'rider'; readonly action: RiderAction }

/** What a rule says to an action: how the ride changes, or the stable code of why it does not. */
export type Verdict =
  | { readonly kind: 'apply'; readonly step: KnownRideStep }
  | {
      readonly kind: 'refuse'
      readonly reason: string
      /** True when an earlier action of the kind does not make this one a repeat. */
      readonly isFinal: boolean
    }

/** The action takes effect. */
export function apply(step: KnownRideStep): Verdict {
  return { kind: 'apply', step }
}

/** The action is refused, by a stable code. */
export function refuse(reason: string, isFinal = false): Verdict {
  return { kind: 'refuse', reason, isFinal }
}

/** The rules of an action, for a ride that is known. */
export type Judge = (step: KnownRideStep, action: RideAction, env: RideEnv) => Verdict

/** Answers, parks, or judges an action. */
export function foldAction(
  state: RideState,
  action: RideAction,
  { judge, env }: { readonly judge: Judge; readonly env: RideEnv }
): RideStep {
  const { actionId } = action.action
  const decided = state.actions.find((record) => record.actionId === actionId)
  if (decided !== undefined) return { state, effects: [resultOf(decided, action)] }
  const { ride } = state
  if (ride === null) return park(state, action, env)
  const verdict = judge({ state: { ...state, ride }, effects: [] }, action, env)
  if (verdict.kind === 'apply') return decide(verdict.step, { action, reason: null }, env)
  // Judged first: an action that takes effect now is no repeat, whatever was applied before.
  const reason = !verdict.isFinal && isRepeat(state, action) ? null : verdict.reason
  return decide({ state, effects: [] }, { action, reason }, env)
}

/** The actions that waited for the ride, oldest first, and the state without them. */
export function takeParked(state: RideState): {
  readonly state: RideState
  readonly actions: readonly RideAction[]
} {
  const actions: RideAction[] = [
    ...state.parkedDriverActions.map((action) => ({ by: 'driver', action }) as const),
    ...state.parkedRiderActions.map((action) => ({ by: 'rider', action }) as const)
  ]
  actions.sort((a, b) => a.action.actedAt - b.action.actedAt)
  return { state: { ...state, parkedDriverActions: [], parkedRiderActions: [] }, actions }
}

/** The timer that ends an action's wait. */
export function parkedTimer({ action }: RideAction): string {
  return parkedPrefix + action.actionId
}

/** Refuses the parked action whose timer fired. */
export function refuseParked(state: RideState, timer: string, env: RideEnv): RideStep {
  const { actions } = takeParked(state)
  const action = actions.find((parked) => parkedTimer(parked) === timer)
  if (action === undefined) return { state, effects: [] }
  const left: RideState = {
    ...state,
    parkedDriverActions: state.parkedDriverActions.filter((other) => other !== action.action),
    parkedRiderActions: state.parkedRiderActions.filter((other) => other !== action.action)
  }
  return refuseUnknown(left, action, env)
}

/** Id of the user who acts. */
export function actorIdOf(action: RideAction): string {
  return action.by === 'driver' ? action.action.driverId : action.action.actorId
}

/** What is asked, as outcomes name it. */
export function actionName(action: RideAction): string {
  return action.action.type.toLowerCase()
}

function park(state: RideState, action: RideAction, env: RideEnv): RideStep {
  const { parkedDriverActions, parkedRiderActions } = state
  const { actionId } = action.action
  const parked = [...parkedDriverActions, ...parkedRiderActions]
  if (parked.some((other) => other.actionId === actionId)) return { state, effects: [] }
  if (parked.length >= env.policy.parkedMax) {
    return refuseUnknown(state, action, env)
  }
  const next: RideState =
    action.by === 'driver'
      ? { ...state, parkedDriverActions: [...parkedDriverActions, action.action] }
      : { ...state, parkedRiderActions: [...parkedRiderActions, action.action] }
  const dueMs = env.nowMs + env.policy.parkedMs
  return {
    state: next,
    effects: [{ kind: 'setTimer', name: parkedTimer(action), dueMs }, count('actions_parked')]
  }
}

/** Anyone may name any ride, so what is kept of an unknown one leaves as an ended ride does. */
function refuseUnknown(state: RideState, action: RideAction, env: RideEnv): RideStep {
  const refused = decide({ state, effects: [] }, { action, reason: 'unknown_ride' }, env)
  const dueMs = env.nowMs + env.policy.rideRetentionMs
  return also(refused, { kind: 'setTimer', name: rideTimers.retention, dueMs })
}

function decide<T extends RideStep>(
  step: T,
  decision: { readonly action: RideAction; readonly reason: string | null },
  env: RideEnv
): T {
  const { action, reason } = decision
  const decided: ActionRecord = {
    actionId: action.action.actionId,
    actorId: actorIdOf(action),
    action: actionName(action),
    outcome: reason === null ? 'APPLIED' : 'REFUSED',
    reason,
    at: env.nowMs
  }
  const actions = [...step.state.actions, decided].slice(-actionsMax)
  return also(
    { ...step, state: { ...step.state, actions } },
    resultOf(decided, action),
    count('actions', { action: decided.action, outcome: decided.outcome })
  )
}

function resultOf(decided: ActionRecord, action: RideAction): Effect {
  const actorRole: Role = action.by === 'driver' ? 'DRIVER' : action.action.actorRole
  return emit('action_results', decided.actorId, {
    actionId: decided.actionId,
    actorId: decided.actorId,
    actorRole,
    entityId: action.action.rideId,
    action: decided.action,
    outcome: decided.outcome,
    reason: decided.reason,
    decidedAt: decided.at
  })
}

/** True when the same actor's same action took effect before, under another action id. */
function isRepeat(state: RideState, action: RideAction): boolean {
  const actorId = actorIdOf(action)
  const name = actionName(action)
  return state.actions.some(
    (record) => record.outcome === 'APPLIED' && record.actorId === actorId && record.action === name
  )
}
