/**
 * @module Surge: what demand does to prices, by market and cell, once a minute.
 *
 *   demand_signals (market) ----+              close of a period
 *                               +--> demand, --------------------> surge_multipliers
 *   available_drivers (market) -+    drivers      cells            (cell; tombstone: 100 %)
 *
 * Stores (resident, since a close scans them): `demand` by market, cell and rider; `drivers` by market
 * and driver; `cells` by cell, those with a multiplier; `clocks` by market, the period to close next.
 * Timer: `close`, by market, 2 s after the end of the period. It goes by task time: by the records
 * while there are any, by the wall clock when input is idle. A market of which nothing is left has none.
 */
import { SkipToDlqError } from '../../core/index.ts'
import { cellOf, type Markets, type Policy } from '../../domain/index.ts'
import { defineSubTopology, type SubTopology } from '../runtime/index.ts'
import { demandKey, foldSignal } from './demand.ts'
import { geometryOf, isSurgeCell } from './geometry.ts'
import { endMsOf, periodOf, periodRulesOf } from './period.ts'
import { closePeriod, nextPeriod, type SurgeRules, stores } from './period-close.ts'
import { foldSupplyChange, supplyKey } from './supply.ts'

/** What the service needs. */
export interface SurgeDeps {
  readonly policy: Pick<Policy, 'surge'>
  readonly markets: Pick<Markets, 'marketOf' | 'partitionOf' | 'byId'>
}

/** The sub-topologies of the surge service. */
export function surgeTopologies({ policy: { surge: policy }, markets }: SurgeDeps): SubTopology[] {
  const periods = periodRulesOf(policy)
  const rules: SurgeRules = { policy, periods, geometry: geometryOf(policy), markets }
  return [
    defineSubTopology({
      app: 'surge',
      name: 'cells',
      sources: ['demand_signals', 'available_drivers'],
      stores,
      outputs: ['surge_multipliers'],
      commitIntervalMs: 1000,
      on: {
        demand_signals: (ctx, { key, value }) => {
          requireMarket(key, value.market, markets)
          if (!isSurgeCell(value.cell, policy)) {
            throw new SkipToDlqError('HAIL_RULE', 'expected an H3 cell of the priced resolution')
          }
          const next = nextPeriod(ctx, value.market, rules)
          // A clock ahead of ours must not reserve a place in windows to come.
          const period = periodOf(Math.min(value.at, ctx.taskTimeMs), periods)
          if (period < next - periods.windowPeriods) {
            ctx.count('late_signals')
            return
          }
          const before = ctx.get('demand', demandKey(value))
          const after = foldSignal(before, value, period)
          if (after !== before) ctx.put('demand', demandKey(value), after)
          ctx.count('signals', { kind: value.kind.toLowerCase() })
        },
        available_drivers: (ctx, { key, value }) => {
          requireMarket(key, value.market, markets)
          const { market, changes } = value
          const next = nextPeriod(ctx, market, rules)
          const atMs = Math.min(value.at, ctx.taskTimeMs)
          const keepFromMs = endMsOf(next - periods.windowPeriods - 1, periods)
          for (const change of changes) {
            const cell = cellOf(change.place, policy.resolution)
            const storeKey = supplyKey(market, change.driverId)
            const before = ctx.get('drivers', storeKey)
            const after = foldSupplyChange(before, change, { market, cell, atMs, keepFromMs })
            if (after !== undefined && after !== before) ctx.put('drivers', storeKey, after)
          }
        }
      },
      onTimer: (ctx, { key }) => closePeriod(ctx, key, rules)
    })
  ]
}

function requireMarket(key: string, market: string, markets: SurgeDeps['markets']): void {
  if (key !== market) {
    throw new SkipToDlqError('HAIL_RULE', 'expected the market as record key, got another')
  }
  if (markets.byId(market) !== null) return
  throw new SkipToDlqError('HAIL_RULE', `expected a market that is served, got ${market}`)
}
