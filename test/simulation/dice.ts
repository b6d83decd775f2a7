/**
 * @module The only source of chance in the simulation: a generator (mulberry32) that gives the same
 * numbers for the same seed on every machine.
 */

export interface Dice {
  /** A number in [0, 1). */
  next(): number
  /** A whole number in [0, below). */
  below(limit: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  /** One of the items, or undefined of none. */
  pick<T>(items: readonly T[]): T | undefined
  /** One of the entries, by weight. */
  weighted<T>(entries: readonly (readonly [T, number])[]): T
}

/** Dice of a seed. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)],
    weighted(entries) {
      const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
      let left = next() * total
      for (const [item, weight] of entries) {
        left -= weight
        if (left < 0) return item
      }
      const last = entries.at(-1)
      if (last === undefined) throw new RangeError('expected at least one entry to choose from')
      return last[0]
    }
  }
}
