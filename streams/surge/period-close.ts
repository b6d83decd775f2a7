/**
 * @module The end of a period of one market: computes its cells, publishes what changed or has to be
 * renewed, and forgets what no later window needs. Which period a market closes next is kept in
 * `clocks`; its timer goes by task time.
 */
import type { SurgeCellState } from '../../avro/index.ts'
import type { Markets } from '../../domain/index.ts'
import type { Context } from '../runtime/index.ts'
import { isSpent } from './demand.ts'
import { isInMarket } from './geometry.ts'
import { type CellSurge, computeMarket, type MarketRules } from './market-surge.ts'
import { closeMsOf, endMsOf, periodOf } from './period.ts'
import { isGone } from './supply.ts'

const closeTimer = 'close'

/** All that surge keeps; resident, since a close scans it. */
export const stores = {
  cells: { record: 'SurgeCellState', kind: 'resident' },
  demand: { record: 'SurgeDemandState', kind: 'resident' },
  drivers: { record: 'SurgeDriverState', kind: 'resident' },
  clocks: { record: 'SurgeClockState', kind: 'resident' }
} as const

export type SurgeContext = Context<typeof stores>

/** Everything a handler needs besides its context. */
export interface SurgeRules extends Omit<MarketRules, 'isPriced'> {
  readonly markets: Pick<Markets, 'marketOf' | 'partitionOf' | 'byId'>
}

/** The period of the market that is closed next; starts the market's clock when it stood still. */
export function nextPeriod(ctx: SurgeContext, market: string, { periods }: SurgeRules): number {
  const clock = ctx.get('clocks', market)
  if (clock !== undefined) return clock.period
  const period = periodOf(ctx.taskTimeMs, periods)
  ctx.put('clocks', market, { market, period })
  ctx.setTimer(market, closeTimer, closeMsOf(period, periods))
  return period
}

/** Closes the period that the market's clock stands at, and sets the clock to the next. */
export function closePeriod(ctx: SurgeContext, market: string, rules: SurgeRules): void {
  const { periods, markets } = rules
  const clock = ctx.get('clocks', market)
  if (clock === undefined) return
  const { period } = clock
  if (markets.byId(market) !== null) {
    const isPriced = (cell: string): boolean => isInMarket(cell, market, markets)
    const window = windowOf(ctx, market)
    for (const surge of computeMarket(window, period, { ...rules, isPriced })) {
      publish(ctx, { market, surge, period, rules })
    }
  }
  const isEmpty = forgetSpent(ctx, market, period, rules)
  ctx.count('closed_periods')
  if (isEmpty) {
    ctx.delete('clocks', market)
    return
  }
  ctx.put('clocks', market, { market, period: period + 1 })
  ctx.setTimer(market, closeTimer, closeMsOf(period + 1, periods))
}

function windowOf(ctx: SurgeContext, market: string) {
  return {
    demand: inMarket(ctx.all('demand'), market),
    drivers: inMarket(ctx.all('drivers'), market),
    cells: inMarket(ctx.all('cells'), market)
  }
}

function inMarket<T extends { readonly market: string }>(
  entries: Iterable<[string, T]>,
  market: string
): T[] {
  const found: T[] = []
  for (const [, value] of entries) if (value.market === market) found.push(value)
  return found
}

/** Renews a multiplier each period, since readers take one that is not renewed for expired. */
function publish(
  ctx: SurgeContext,
  input: {
    readonly market: string
    readonly surge: CellSurge
    readonly period: number
    readonly rules: SurgeRules
  }
): void {
  const { market, surge, period, rules } = input
  const { cell, surgePercent, smoothedPercent, percentBefore, balance } = surge
  const { percentMin, ttlMs } = rules.policy
  const partition = rules.markets.partitionOf(market)
  const publishedAt = endMsOf(period, rules.periods)
  const expiresAt = closeMsOf(period, rules.periods) + ttlMs
  if (surgePercent > percentMin) {
    const value = { cell, market, surgePercent, ...balance, publishedAt, expiresAt }
    ctx.emit('surge_multipliers', cell, value, { partition })
  } else if (percentBefore > percentMin) {
    ctx.emit('surge_multipliers', cell, null, { partition })
  }
  if (surgePercent !== percentBefore) {
    ctx.count('changes', { direction: surgePercent > percentBefore ? 'up' : 'down' })
  }
  const isAtRest = surgePercent <= percentMin && smoothedPercent <= percentMin
  const state: SurgeCellState = {
    cell,
    market,
    surgePercent,
    smoothedPercent,
    publishedAt,
    expiresAt
  }
  if (!isAtRest) ctx.put('cells', cell, state)
  else if (ctx.get('cells', cell) !== undefined) ctx.delete('cells', cell)
}

/** Drops what no later window needs. Returns whether nothing of the market is left. */
function forgetSpent(
  ctx: SurgeContext,
  market: string,
  period: number,
  { periods, markets }: SurgeRules
): boolean {
  const isServed = markets.byId(market) !== null
  const counted = { last: period, periods: periods.windowPeriods }
  const keepFromMs = endMsOf(period + 1 - periods.windowPeriods, periods)
  let left = 0
  for (const [key, state] of [...ctx.all('demand')]) {
    if (state.market !== market) continue
    if (isServed && !isSpent(state, counted)) left += 1
    else ctx.delete('demand', key)
  }
  for (const [key, state] of [...ctx.all('drivers')]) {
    if (state.market !== market) continue
    if (isServed && !isGone(state, keepFromMs)) left += 1
    else ctx.delete('drivers', key)
  }
  for (const [key, state] of [...ctx.all('cells')]) {
    if (state.market !== market) continue
    if (isServed) left += 1
    else ctx.delete('cells', key)
  }
  return left === 0
}
