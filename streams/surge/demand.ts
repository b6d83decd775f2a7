/**
 * @module Demand: riders who asked for a price or a ride, each once a cell and window. Time is cut into
 * periods and the window is a whole number of them, so a rider's two newest periods say all: whether
 * the rider counts in the period being closed, and in the one that has begun since.
 *
 * Repeats change nothing, and neither does order; a signal older than the window is late.
 *
 * Example (periods of 60 s, window of 5): a rider with signals in periods 10 and 12 counts in the
 * windows that end with periods 10 to 16.
 */
import type { DemandSignal, SurgeDemandState } from '../../avro/index.ts'

/** Store key of a rider's demand in a cell. */
export function demandKey(signal: Pick<DemandSignal, 'market' | 'cell' | 'customerId'>): string {
  return `${signal.market}/${signal.cell}/${signal.customerId}`
}

/** Folds a signal of `period`; the same object when it says nothing new. */
export function foldSignal(
  before: SurgeDemandState | undefined,
  signal: Pick<DemandSignal, 'market' | 'cell' | 'customerId'>,
  period: number
): SurgeDemandState {
  const { market, cell, customerId } = signal
  if (before === undefined) return { market, cell, customerId, period, periodBefore: null }
  if (period > before.period) return { ...before, period, periodBefore: before.period }
  const isNews = period < before.period && period > (before.periodBefore ?? -1)
  return isNews ? { ...before, periodBefore: period } : before
}

/** Whether the rider counts in the window of `periods` that ends with `last`. */
export function isCounted(
  state: SurgeDemandState,
  window: { readonly last: number; readonly periods: number }
): boolean {
  const isWithin = (period: number | null): boolean =>
    period !== null && period <= window.last && period > window.last - window.periods
  return isWithin(state.period) || isWithin(state.periodBefore)
}

/** Whether the rider counts in no window that ends after `last`. */
export function isSpent(
  state: SurgeDemandState,
  window: { readonly last: number; readonly periods: number }
): boolean {
  return state.period <= window.last + 1 - window.periods
}
