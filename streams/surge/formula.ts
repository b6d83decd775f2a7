/**
 * @module The multiplier each cell should have, from demand and supply. For each cell:
 *
 * 1. Smooth in space: D = half of its own riders + half of the mean of its six neighbours; S of the
 *    idle drivers likewise.
 * 2. Too few riders (D < 4): take the counts of the coarser cell around it; still too few: 100 %.
 * 3. Target = 100 % + slope x (D / (S + 1) - balance), within 100..300 %.
 * 4. Smooth in time: move 30 % of the way, at most +30 and -20 points a period.
 *
 * What riders see is a second step, in `publication.ts`.
 *
 * Example: D = 12 riders, S = 3 drivers: 12 / 4 = 3 riders a driver, 2 above balance, slope 50 points:
 * target 200 %. A cell at 100 % goes to min(100 + 0.3 x 100, 100 + 30) = 130 %, then 151 %.
 */
import type { Cell, SurgePolicy } from '../../domain/index.ts'

/** What is counted over the window, by cell; absent is 0. */
export interface MarketCounts {
  /** Unique riders. */
  readonly demand: ReadonlyMap<Cell, number>
  /** Unique riders by coarser cell; not the sum of its cells, since a rider may be in several. */
  readonly demandByParent: ReadonlyMap<Cell, number>
  /** Mean idle drivers. */
  readonly supply: ReadonlyMap<Cell, number>
  readonly supplyByParent: ReadonlyMap<Cell, number>
}

/** How cells lie to each other. */
export interface CellGeometry {
  neighbours(cell: Cell): readonly Cell[]
  parent(cell: Cell): Cell
}

/** Riders and idle drivers that a target rests on. */
export interface Balance {
  readonly demand: number
  readonly supply: number
}

/** The balance of a cell, steps 1 and 2; null where there are too few riders to tell. */
export function balanceOf(
  cell: Cell,
  counts: MarketCounts,
  rules: { readonly policy: SurgePolicy; readonly geometry: CellGeometry }
): Balance | null {
  const { policy, geometry } = rules
  const near = geometry.neighbours(cell)
  const demand = spread(cell, near, counts.demand, policy.ownWeight)
  if (demand >= policy.demandMin) {
    return { demand, supply: spread(cell, near, counts.supply, policy.ownWeight) }
  }
  const parent = geometry.parent(cell)
  const around = counts.demandByParent.get(parent) ?? 0
  if (around < policy.demandMin) return null
  return { demand: around, supply: counts.supplyByParent.get(parent) ?? 0 }
}

/** The target of a balance, step 3, percent. */
export function targetPercent(balance: Balance | null, policy: SurgePolicy): number {
  if (balance === null) return policy.percentMin
  const ratio = balance.demand / (balance.supply + 1)
  const percent = policy.percentMin + policy.slopePercent * (ratio - policy.balanceRatio)
  return clamp(percent, policy.percentMin, policy.percentMax)
}

/** One period's move towards the target, step 4, percent. */
export function smoothedPercent(
  before: number,
  target: number,
  policy: Pick<SurgePolicy, 'gain' | 'stepUpPercent' | 'stepDownPercent'>
): number {
  return (
    before + clamp(policy.gain * (target - before), -policy.stepDownPercent, policy.stepUpPercent)
  )
}

/** `value`, no lower than `low` and no higher than `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

/** A pentagon has five neighbours, hence the mean and not a sixth. */
function spread(
  cell: Cell,
  near: readonly Cell[],
  counts: ReadonlyMap<Cell, number>,
  ownWeight: number
): number {
  let sum = 0
  for (const other of near) sum += counts.get(other) ?? 0
  return ownWeight * (counts.get(cell) ?? 0) + (1 - ownWeight) * (sum / near.length)
}
