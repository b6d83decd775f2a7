/**
 * @module Trips: owns the life of a ride, from request to bill.
 *
 *   ride_requests (customer) --> intake --trips_admissions (ride)--> rides --> ride_events, ...
 *                                  ^                                   |
 *                                  +-------- trips_closed (customer) --+
 *
 * `intake` is serial by customer: one ride for one idempotency key, a limit of open rides. Store:
 * `intake` by customer id, keys for twelve hours. `rides` is serial by ride: the state machine, its
 * timers and every answer to drivers. Store: `rides` by ride id, until an hour after the end.
 */
import type { RideState } from '../../avro/index.ts'
import type { Markets, Policy } from '../../domain/index.ts'
import {
  applyEffects,
  type Context,
  defineSubTopology,
  type SubTopology
} from '../runtime/index.ts'
import { judgeAction } from './action-rules.ts'
import { foldAction, parkedTimer, type RideAction, takeParked } from './actions.ts'
import { foldRideClosed, foldRideRequest, type IntakeEnv, type IntakeStep } from './intake.ts'
import { foldOfferResult } from './offer-results.ts'
import { foldAdmission } from './ride-request.ts'
import { also, type RideEnv, type RideStep, type TripFaults, unknownRide } from './ride-step.ts'
import { foldRideTimer, type TimedStep } from './ride-timers.ts'

export interface TripsDeps {
  readonly policy: Policy
  readonly markets: Markets
  /** Key that quote tokens are signed with. */
  readonly quoteSecret: string
  /** Rules switched off; only tests set this. */
  readonly faults?: TripFaults
}

/** The sub-topologies of the trips service. */
export function tripsTopologies(deps: TripsDeps): SubTopology[] {
  return [intakeTopology(deps), ridesTopology(deps)]
}

function intakeTopology({ policy }: TripsDeps): SubTopology {
  const stores = { intake: { record: 'IntakeState', kind: 'remote' } } as const
  const run = (
    ctx: Context<typeof stores>,
    customerId: string,
    fold: (state: Parameters<typeof foldRideRequest>[0], env: IntakeEnv) => IntakeStep
  ): void => {
    const before = ctx.get('intake', customerId) ?? { rides: [] }
    const { state, effects } = fold(before, { policy, nowMs: ctx.taskTimeMs })
    if (state !== before) ctx.put('intake', customerId, state)
    applyEffects(ctx, customerId, effects)
  }
  return defineSubTopology({
    app: 'trips',
    name: 'intake',
    sources: ['ride_requests', 'trips_closed'],
    stores,
    outputs: ['trips_admissions', 'action_results'],
    commitIntervalMs: 100,
    on: {
      ride_requests: (ctx, { key, value }) =>
        run(ctx, key, (state, env) => foldRideRequest(state, value, env)),
      trips_closed: (ctx, { key, value }) =>
        run(ctx, key, (state, env) => foldRideClosed(state, value, env))
    }
  })
}

const rideStores = { rides: { record: 'RideState', kind: 'remote' } } as const

function ridesTopology(deps: TripsDeps): SubTopology {
  const run = (
    ctx: Context<typeof rideStores>,
    rideId: string,
    fold: (state: RideState, env: RideEnv) => TimedStep
  ): void => {
    const { policy, markets, quoteSecret } = deps
    const faults = deps.faults ?? {}
    const env: RideEnv = { policy, markets, quoteSecret, nowMs: ctx.taskTimeMs, faults }
    const before = ctx.get('rides', rideId)
    const step = fold(before ?? unknownRide, env)
    if (step.isGone === true || isBlank(step.state)) {
      if (before !== undefined) ctx.delete('rides', rideId)
    } else if (step.state !== before) {
      ctx.put('rides', rideId, step.state)
    }
    applyEffects(ctx, rideId, step.effects)
  }
  const act = (ctx: Context<typeof rideStores>, rideId: string, action: RideAction): void =>
    run(ctx, rideId, (state, env) => foldAction(state, action, { judge: judgeAction, env }))
  return defineSubTopology({
    app: 'trips',
    name: 'rides',
    sources: ['trips_admissions', 'rider_actions', 'driver_actions', 'offer_results'],
    stores: rideStores,
    outputs: [
      'ride_events',
      'dispatch_requests',
      'driver_commands',
      'demand_signals',
      'billing_tasks',
      'notification_tasks',
      'action_results',
      'trips_closed'
    ],
    commitIntervalMs: 100,
    on: {
      trips_admissions: (ctx, { key, value }) =>
        run(ctx, key, (state, env) => withParked(foldAdmission(state, value, env), env)),
      rider_actions: (ctx, { key, value }) => act(ctx, key, { by: 'rider', action: value }),
      driver_actions: (ctx, { key, value }) => act(ctx, key, { by: 'driver', action: value }),
      offer_results: (ctx, { key, value }) =>
        run(ctx, key, (state, env) => foldOfferResult(state, value, env))
    },
    onTimer: (ctx, { key, name }) => run(ctx, key, (state, env) => foldRideTimer(state, name, env))
  })
}

/** Handles the actions that came before the ride. */
function withParked(step: RideStep, env: RideEnv): RideStep {
  const { state, actions } = takeParked(step.state)
  let current: RideStep = actions.length === 0 ? step : { ...step, state }
  for (const action of actions) {
    const handled = foldAction(current.state, action, { judge: judgeAction, env })
    current = also(
      { state: handled.state, effects: [...current.effects, ...handled.effects] },
      { kind: 'cancelTimer', name: parkedTimer(action) }
    )
  }
  return current
}

/** Nothing at all, as after an offer result of a ride long gone. */
function isBlank(state: RideState): boolean {
  return (
    state.ride === null &&
    state.actions.length === 0 &&
    state.parkedDriverActions.length === 0 &&
    state.parkedRiderActions.length === 0
  )
}
