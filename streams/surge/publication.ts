/**
 * @module The multipliers riders see: whole steps of 10 points, calm in time and in space. Two limits
 * hold for every published value, whatever demand does: at most +30 and -20 points a period, and at
 * most `neighbourLimitPercent` between neighbours. A walk of two blocks or a minute of waiting never changes
 * the price by much more than it is worth.
 *
 * Both hold together: a value is first kept within the step limit of the one before, then lowered to
 * what its neighbours allow. The values before kept the neighbour limit themselves, and no value falls
 * by more than the step, so no neighbour can pull another down by more than the step either.
 */
import type { Cell, SurgePolicy } from '../../domain/index.ts'
import { clamp } from './formula.ts'

/** Absorbs the error of decimal fractions, percent. */
const epsilon = 1e-9

/**
 * The step to show for a smoothed value: it changes only when the value has come a whole step plus
 * hysteresis closer to another, and comes back to 100 % below half a step.
 *
 * Example (steps of 10, hysteresis 5): shown 120; 129 and 111 keep it, 130 shows 130, 110 shows 110.
 */
export function stepPercent(smoothed: number, shown: number, policy: SurgePolicy): number {
  const { percentMin, publishStepPercent: step } = policy
  if (smoothed < percentMin + step / 2) return percentMin
  const band = step / 2 + policy.hysteresisPercent
  if (Math.abs(smoothed - shown) < band - epsilon) return shown
  const steps = smoothed / step
  return smoothed > shown ? Math.floor(steps + epsilon) * step : Math.ceil(steps - epsilon) * step
}

/**
 * What to publish for each cell of `smoothed`. A cell without a value stands at 100 %.
 * Cost: passes over all cells, at most (percentMax - percentMin) / neighbourLimit + 1 of them.
 */
export function publishedPercents(
  smoothed: ReadonlyMap<Cell, number>,
  shown: ReadonlyMap<Cell, number>,
  rules: {
    readonly policy: SurgePolicy
    neighbours(cell: Cell): readonly Cell[]
    /** False for cells that have no price here, such as those outside of the market. */
    isPriced(cell: Cell): boolean
  }
): Map<Cell, number> {
  const { policy } = rules
  const percents = new Map<Cell, number>()
  for (const [cell, percent] of smoothed) {
    const before = shown.get(cell) ?? policy.percentMin
    const stepped = stepPercent(percent, before, policy)
    const limited = clamp(stepped, before - policy.stepDownPercent, before + policy.stepUpPercent)
    percents.set(cell, clamp(limited, policy.percentMin, policy.percentMax))
  }
  const neighbourPercent = (cell: Cell): number =>
    percents.get(cell) ?? (rules.isPriced(cell) ? policy.percentMin : Number.POSITIVE_INFINITY)
  for (let isSettled = false; !isSettled; ) {
    isSettled = true
    for (const [cell, percent] of percents) {
      if (percent <= policy.percentMin + policy.neighbourLimitPercent) continue
      const least = Math.min(...rules.neighbours(cell).map(neighbourPercent))
      if (percent <= least + policy.neighbourLimitPercent) continue
      percents.set(cell, least + policy.neighbourLimitPercent)
      isSettled = false
    }
  }
  return percents
}
