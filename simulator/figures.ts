/**
 * Counters of what riders and drivers did and were told.
 *
 * @module
 */

/** What is counted. */
export type FigureName =
  | 'accepts'
  | 'declines'
  | 'ignores'
  | 'driverCancels'
  | 'breaks'
  | 'leavesAtOffer'
  | 'riderCancels'
  | 'noShows'
  | 'ratings'
  | 'quotes'
  | 'pings'
  | 'pingsUnanswered'
  | 'refusedActions'
  | 'faults'

/** See the module. */
export class Figures {
  readonly #counts = new Map<FigureName, number>()

  add(name: FigureName): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  of(name: FigureName): number {
    return this.#counts.get(name) ?? 0
  }

  all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
