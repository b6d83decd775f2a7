/**
 * @module Periods: time cut into pieces numbered from the epoch. Period `n` covers
 * `[n x periodMs, (n + 1) x periodMs)` and is closed a little after its end, so that records on their
 * way still count and a replay, which has them all, comes to the same multipliers.
 */
import type { SurgePolicy } from '../../domain/index.ts'

/** Lengths that periods and windows are made of. */
export interface PeriodRules {
  readonly periodMs: number
  /** Periods in a window. */
  readonly windowPeriods: number
  /** How long after its end a period is closed, ms: 2 s of 60 s. */
  readonly graceMs: number
}

/** @throws RangeError when the window is not a whole number of periods */
export function periodRulesOf(policy: Pick<SurgePolicy, 'periodMs' | 'windowMs'>): PeriodRules {
  const { periodMs, windowMs } = policy
  const windowPeriods = Math.round(windowMs / periodMs)
  // A time scale rounds both to whole milliseconds, so they may be apart by a few.
  if (windowPeriods < 1 || Math.abs(windowPeriods * periodMs - windowMs) > windowPeriods) {
    throw new RangeError(
      `expected a surge window of whole periods, got ${windowMs} ms of ${periodMs} ms`
    )
  }
  return { periodMs, windowPeriods, graceMs: Math.ceil(periodMs / 30) }
}

export function periodOf(atMs: number, rules: PeriodRules): number {
  return Math.floor(atMs / rules.periodMs)
}

/** End of a period, exclusive; epoch ms. */
export function endMsOf(period: number, rules: PeriodRules): number {
  return (period + 1) * rules.periodMs
}

/** When a period is closed, epoch ms. */
export function closeMsOf(period: number, rules: PeriodRules): number {
  return endMsOf(period, rules) + rules.graceMs
}
