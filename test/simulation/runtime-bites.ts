/**
 * @module Counts of what went wrong, to prove that a run was worth running.
 */

export interface Bites {
  add(name: string): void
  readonly counts: ReadonlyMap<string, number>
}

export function createBites(): Bites {
  const counts = new Map<string, number>()
  return { counts, add: (name) => void counts.set(name, (counts.get(name) ?? 0) + 1) }
}
