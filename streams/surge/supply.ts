/**
 * @module Supply: how many drivers were idle in a cell on average over the window. Each driver's stays
 * in cells are kept for the length of the window, so the mean is exact for the end of any period,
 * whatever came in since.
 *
 * Example: a driver idle in cell a from 0:00 to 3:00 and in b from 3:00 on adds 0.6 and 0.4 drivers to
 * the window of 5 minutes that ends at 5:00.
 */
import type { AvailableDrivers, SurgeDriverState, SurgeStay } from '../../avro/index.ts'
import type { Cell } from '../../domain/index.ts'

/** One change of a market's available drivers. */
export type SupplyChange = AvailableDrivers['changes'][number]

/** Stays kept of a driver: one every ten seconds of a five-minute window, more is flapping. */
export const staysMax = 32

/** Store key of a driver in a market. */
export function supplyKey(market: string, driverId: string): string {
  return `${market}/${driverId}`
}

/**
 * Folds a change; the same object when it says nothing new. Only drivers at home in the market count.
 * A change older than the last one, by version or time, is stale.
 */
export function foldSupplyChange(
  before: SurgeDriverState | undefined,
  change: SupplyChange,
  about: {
    readonly market: string
    /** Cell of the driver's place. */
    readonly cell: Cell
    /** When it happened, epoch ms. */
    readonly atMs: number
    /** Stays that ended before are of no more use, epoch ms. */
    readonly keepFromMs: number
  }
): SurgeDriverState | undefined {
  const { market, atMs, keepFromMs } = about
  const { driverId, driverVersion } = change
  const cell = change.kind === 'LEFT' || !change.home ? null : about.cell
  if (before === undefined) {
    if (cell === null) return undefined
    return { market, driverId, driverVersion, at: atMs, cell, since: atMs, past: [] }
  }
  if (driverVersion < before.driverVersion || atMs < before.at) return before
  if (cell === before.cell) {
    return driverVersion === before.driverVersion ? before : { ...before, driverVersion, at: atMs }
  }
  const past = before.past.filter((stay) => stay.to > keepFromMs)
  if (before.cell !== null && atMs > before.since) {
    past.push({ cell: before.cell, from: before.since, to: atMs })
  }
  return { ...before, driverVersion, at: atMs, cell, since: atMs, past: past.slice(-staysMax) }
}

/**
 * Adds the time a driver was idle in each cell during the window to `idleMs`. Whole milliseconds, so
 * that the order of drivers does not show in the sum.
 */
export function addIdleMs(
  idleMs: Map<Cell, number>,
  state: SurgeDriverState,
  window: { readonly fromMs: number; readonly toMs: number }
): void {
  for (const stay of staysOf(state)) {
    const ms = Math.min(stay.to, window.toMs) - Math.max(stay.from, window.fromMs)
    if (ms > 0) idleMs.set(stay.cell, (idleMs.get(stay.cell) ?? 0) + ms)
  }
}

/** Whether the driver is idle no more and counts in no window that starts at `fromMs` or later. */
export function isGone(state: SurgeDriverState, fromMs: number): boolean {
  return state.cell === null && state.since <= fromMs
}

function staysOf(state: SurgeDriverState): readonly SurgeStay[] {
  if (state.cell === null) return state.past
  return [...state.past, { cell: state.cell, from: state.since, to: Number.POSITIVE_INFINITY }]
}
