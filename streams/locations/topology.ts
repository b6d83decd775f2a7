/**
 * @module Locations: where every driver is, and which markets may offer rides to whom. Serial by
 * driver.
 *
 *   driver_location_updates --+             +--> available_drivers (market; one a market and commit)
 *                             +-> presence -+
 *   driver_states ------------+             +--> ride_positions (ride; while on a trip)
 *
 * Store: `presence` by driver id, with a geographic index of the drivers that are shown to a market.
 * Timer: `silent`, one a shown driver, looked at every `silentMs`; not moved by pings, since that
 * would cost a write for each of them.
 */
import type { PresenceState } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import { type Markets, type Policy, pointProblem } from '../../domain/index.ts'
import { type Context, defineSubTopology, type SubTopology } from '../runtime/index.ts'
import { gather, takeBatches } from './batches.ts'
import {
  emptyPresence,
  foldDriverState,
  foldPing,
  foldSilence,
  type PresenceEnvironment,
  silenceDueMs
} from './presence.ts'
import { type MarketChange, withdraw } from './publication.ts'

/** What the service needs. */
export interface LocationsDeps {
  readonly policy: Pick<Policy, 'ping' | 'reachMeters' | 'driverUnheardMs'>
  readonly markets: Pick<Markets, 'reachable' | 'marketOf' | 'partitionOf'>
  /** Shortest time between two commits, ms; 1,000 when absent, the grain of conflation. */
  readonly commitIntervalMs?: number
}

const silenceTimer = 'silent'

const stores = {
  presence: {
    record: 'PresenceState',
    kind: 'remote',
    geo: ({ published, lat, lon }: PresenceState) =>
      published.length === 0 || lat === null || lon === null ? null : { lat, lon }
  }
} as const

type LocationsContext = Context<typeof stores>

/** The sub-topologies of the locations service. */
export function locationsTopologies(deps: LocationsDeps): SubTopology[] {
  const environmentOf = environmentFor(deps)
  return [
    defineSubTopology({
      app: 'locations',
      name: 'presence',
      sources: ['driver_location_updates', 'driver_states'],
      stores,
      outputs: ['available_drivers', 'ride_positions'],
      commitIntervalMs: deps.commitIntervalMs ?? 1_000,
      on: {
        driver_location_updates: (ctx, { key, value }) => {
          requireKey(key, value.driverId)
          requirePoint(value)
          const before = ctx.get('presence', key) ?? emptyPresence(key)
          const environment = environmentOf(ctx.taskTimeMs)
          const fold = foldPing(before, value, environment)
          ctx.count('pings', { verdict: fold.verdict })
          if (fold.isFlagged) ctx.count('flagged_drivers')
          if (fold.ridePosition)
            ctx.emit('ride_positions', fold.ridePosition.rideId, fold.ridePosition)
          keep(ctx, { before, ...fold, environment })
        },
        driver_states: (ctx, { key, value }) => {
          requireKey(key, value.driverId)
          const before = ctx.get('presence', key) ?? emptyPresence(key)
          const environment = environmentOf(ctx.taskTimeMs)
          const fold = foldDriverState(before, value, environment)
          if (fold.isStale) ctx.count('stale_states')
          keep(ctx, { before, ...fold, environment })
        }
      },
      onTombstone: forget,
      onTimer: (ctx, { key }) => {
        const before = ctx.get('presence', key)
        if (before === undefined) return
        const environment = environmentOf(ctx.taskTimeMs)
        const fold = foldSilence(before, environment)
        if (!fold.isStale) ctx.count('silent_drivers')
        const dueMs = silenceDueMs(fold.state, environment.silentMs)
        if (dueMs !== null) ctx.setTimer(key, silenceTimer, dueMs)
        if (fold.state !== before) ctx.put('presence', key, fold.state)
        gather(ctx.scratch, fold.changes)
      },
      beforeCommit: (ctx) => {
        for (const { market, changes } of takeBatches(ctx.scratch)) {
          const partition = deps.markets.partitionOf(market)
          ctx.emit(
            'available_drivers',
            market,
            { market, at: ctx.taskTimeMs, changes },
            { partition }
          )
        }
      }
    })
  ]
}

function environmentFor({
  policy,
  markets
}: LocationsDeps): (nowMs: number) => PresenceEnvironment {
  const { movedMeters, quietMs, flushMs } = policy.ping
  const rules = { markets, movedMeters, quietMs, flushMs, reachMeters: policy.reachMeters }
  // A standing driver is told every `quietMs`, which no time scale shortens.
  const silentMs = Math.max(policy.driverUnheardMs, 3 * quietMs)
  return (nowMs) => ({ nowMs, limits: policy.ping, rules, silentMs })
}

function keep(
  ctx: LocationsContext,
  step: {
    readonly before: PresenceState
    readonly state: PresenceState
    readonly changes: readonly MarketChange[]
    readonly environment: PresenceEnvironment
  }
): void {
  const { before, state, changes, environment } = step
  if (state === before) return
  ctx.put('presence', state.driverId, state)
  if (before.published.length === 0) {
    const dueMs = silenceDueMs(state, environment.silentMs)
    if (dueMs !== null) ctx.setTimer(state.driverId, silenceTimer, dueMs)
  }
  gather(ctx.scratch, changes)
}

/** A tombstone of `driver_states` means the driver is gone; one among the pings means nothing. */
function forget(ctx: LocationsContext, topic: string, key: string): void {
  if (topic !== 'driver_states') {
    throw new SkipToDlqError('HAIL_RULE', `expected a position in ${topic}, got a tombstone`)
  }
  const before = ctx.get('presence', key)
  ctx.count('forgotten_drivers')
  if (before === undefined) return
  ctx.delete('presence', key)
  ctx.cancelTimer(key, silenceTimer)
  gather(ctx.scratch, withdraw(before).changes)
}

function requireKey(key: string, driverId: string): void {
  if (key === driverId) return
  throw new SkipToDlqError('HAIL_RULE', 'expected the driver id as record key, got another id')
}

function requirePoint(point: { readonly lat: number; readonly lon: number }): void {
  if (pointProblem(point) === null) return
  throw new SkipToDlqError(
    'HAIL_RULE',
    'expected a position on Earth, got one outside of its range'
  )
}
