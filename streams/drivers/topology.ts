/**
 * @module Drivers: who is registered, online, reserved or on a trip. Serial by driver, and the only
 * place where a driver is reserved, so nobody can be on two trips.
 *
 *   user_events ------+
 *   driver_sessions --+          +--> driver_states (driver), action_results (driver)
 *   driver_offers ----+-> drivers+
 *   driver_commands --+          +--> offer_results (ride)
 *
 * Store: `drivers` by driver id, kept for every registered driver. Timers: the watchdog of a
 * reservation, one for each session action parked before the registration, and one that ends the
 * memory of refusals of somebody who is no driver.
 */
import type { DriverRecord } from '../../avro/index.ts'
import type { Policy } from '../../domain/index.ts'
import {
  applyEffects,
  type Context,
  defineSubTopology,
  type SubTopology,
  type Timer
} from '../runtime/index.ts'
import {
  type DriverEnv,
  type DriverFaults,
  type DriverStep,
  forgetTimer,
  unknownDriver,
  watchdogTimer
} from './driver-step.ts'
import { foldCommand, foldOffer, foldWatchdog } from './offers.ts'
import { foldForget, foldParkedTimer, foldRegistration, foldSession } from './sessions.ts'

export interface DriversDeps {
  readonly policy: Policy
  /** Rules switched off; only tests set this. */
  readonly faults?: DriverFaults
}

const stores = { drivers: { record: 'DriverRecord', kind: 'remote' } } as const

type DriversContext = Context<typeof stores>

/** The sub-topologies of the drivers service. */
export function driversTopologies(deps: DriversDeps): SubTopology[] {
  const run = (
    ctx: DriversContext,
    driverId: string,
    fold: (record: DriverRecord, env: DriverEnv) => DriverStep
  ): void => {
    const env = { policy: deps.policy, nowMs: ctx.taskTimeMs, faults: deps.faults ?? {} }
    const before = ctx.get('drivers', driverId)
    const { record, effects } = fold(before ?? unknownDriver(driverId, ctx.taskTimeMs), env)
    store(ctx, before, record)
    applyEffects(ctx, driverId, effects)
  }
  return [
    defineSubTopology({
      app: 'drivers',
      name: 'sessions',
      sources: ['driver_sessions', 'driver_offers', 'driver_commands', 'user_events'],
      stores,
      outputs: ['driver_states', 'offer_results', 'action_results'],
      commitIntervalMs: 100,
      on: {
        driver_sessions: (ctx, { key, value }) =>
          run(ctx, key, (record, env) => foldSession(record, value, env)),
        driver_offers: (ctx, { key, value }) =>
          run(ctx, key, (record, env) => foldOffer(record, value, env)),
        driver_commands: (ctx, { key, value }) =>
          run(ctx, key, (record, env) => foldCommand(record, value, env)),
        user_events: (ctx, { key, value }) => {
          if (value.role !== 'DRIVER') return
          run(ctx, key, (record, env) => foldRegistration(record, value, env))
        }
      },
      onTimer: (ctx, timer) => run(ctx, timer.key, (record, env) => foldTimer(record, timer, env))
    })
  ]
}

function foldTimer(record: DriverRecord, timer: Timer, env: DriverEnv): DriverStep {
  if (timer.name === watchdogTimer) return foldWatchdog(record, env)
  if (timer.name === forgetTimer) return foldForget(record)
  return foldParkedTimer(record, timer.name, env)
}

/** Of somebody unregistered only what is parked or was refused lately is kept: anyone may try. */
function store(ctx: DriversContext, before: DriverRecord | undefined, record: DriverRecord): void {
  if (record === before) return
  if (record.registered || record.parked.length + record.actions.length > 0)
    ctx.put('drivers', record.driverId, record)
  else if (before !== undefined) ctx.delete('drivers', record.driverId)
}
