/**
 * @module Computes all cells of one market at the end of a period: counts, targets, smoothing, what is
 * published. A pure function of what the window holds and of the values before.
 */
import type { SurgeCellState, SurgeDemandState, SurgeDriverState } from '../../avro/index.ts'
import type { Cell, SurgePolicy } from '../../domain/index.ts'
import { isCounted } from './demand.ts'
import {
  type Balance,
  balanceOf,
  type CellGeometry,
  type MarketCounts,
  smoothedPercent,
  targetPercent
} from './formula.ts'
import { endMsOf, type PeriodRules } from './period.ts'
import { publishedPercents } from './publication.ts'
import { addIdleMs } from './supply.ts'

/** What a market's window holds. */
export interface MarketWindow {
  readonly demand: Iterable<SurgeDemandState>
  readonly drivers: Iterable<SurgeDriverState>
  readonly cells: Iterable<SurgeCellState>
}

export interface MarketRules {
  readonly policy: SurgePolicy
  readonly periods: PeriodRules
  readonly geometry: CellGeometry
  /** Whether a cell can have a price in this market. */
  isPriced(cell: Cell): boolean
}

/** One cell after a period. */
export interface CellSurge {
  readonly cell: Cell
  readonly surgePercent: number
  readonly smoothedPercent: number
  /** Published before this period. */
  readonly percentBefore: number
  readonly balance: Balance
}

/** Closer to 100 % than this is 100 %: the smoothing alone would never get there. */
const restPercent = 0.5

/** All cells with a multiplier, rising or fading, in the order of their ids. */
export function computeMarket(
  window: MarketWindow,
  period: number,
  rules: MarketRules
): CellSurge[] {
  const { policy, geometry } = rules
  const counts = countMarket(window, period, rules)
  const before = new Map([...window.cells].map((state) => [state.cell, state]))
  const balances = new Map<Cell, Balance | null>()
  const smoothed = new Map<Cell, number>()
  for (const cell of cellsToCompute(counts, before, rules)) {
    const balance = balanceOf(cell, counts, rules)
    const target = targetPercent(balance, policy)
    const percent = smoothedPercent(
      before.get(cell)?.smoothedPercent ?? policy.percentMin,
      target,
      policy
    )
    const isAtRest = target <= policy.percentMin && percent < policy.percentMin + restPercent
    balances.set(cell, balance)
    smoothed.set(cell, isAtRest ? policy.percentMin : percent)
  }
  const shown = new Map([...before.values()].map((state) => [state.cell, state.surgePercent]))
  const published = publishedPercents(smoothed, shown, {
    policy,
    neighbours: geometry.neighbours,
    isPriced: rules.isPriced
  })
  return [...smoothed].map(([cell, percent]) => ({
    cell,
    surgePercent: published.get(cell) ?? policy.percentMin,
    smoothedPercent: percent,
    percentBefore: shown.get(cell) ?? policy.percentMin,
    balance: balances.get(cell) ?? { demand: 0, supply: 0 }
  }))
}

/** Cells that had a multiplier, and those with riders in them or next to them. */
function cellsToCompute(
  counts: MarketCounts,
  before: ReadonlyMap<Cell, SurgeCellState>,
  { geometry, isPriced }: MarketRules
): Cell[] {
  const cells = new Set<Cell>(before.keys())
  for (const cell of counts.demand.keys()) {
    for (const near of [cell, ...geometry.neighbours(cell)]) if (isPriced(near)) cells.add(near)
  }
  return [...cells].sort()
}

function countMarket(window: MarketWindow, period: number, rules: MarketRules): MarketCounts {
  const { geometry, periods } = rules
  const counted = { last: period, periods: periods.windowPeriods }
  const demand = new Map<Cell, number>()
  const ridersByParent = new Map<Cell, Set<string>>()
  for (const state of window.demand) {
    if (!isCounted(state, counted)) continue
    demand.set(state.cell, (demand.get(state.cell) ?? 0) + 1)
    const parent = geometry.parent(state.cell)
    const riders = ridersByParent.get(parent)
    if (riders === undefined) ridersByParent.set(parent, new Set([state.customerId]))
    else riders.add(state.customerId)
  }
  const toMs = endMsOf(period, periods)
  const fromMs = toMs - periods.windowPeriods * periods.periodMs
  const idleMs = new Map<Cell, number>()
  for (const state of window.drivers) addIdleMs(idleMs, state, { fromMs, toMs })
  const idleMsByParent = new Map<Cell, number>()
  for (const [cell, ms] of idleMs) {
    const parent = geometry.parent(cell)
    idleMsByParent.set(parent, (idleMsByParent.get(parent) ?? 0) + ms)
  }
  const meanOf = (sums: Map<Cell, number>): Map<Cell, number> =>
    new Map([...sums].map(([cell, ms]) => [cell, ms / (toMs - fromMs)]))
  const demandByParent = new Map([...ridersByParent].map(([cell, { size }]) => [cell, size]))
  return { demand, demandByParent, supply: meanOf(idleMs), supplyByParent: meanOf(idleMsByParent) }
}
