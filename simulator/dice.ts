/**
 * Seeded chance for one actor. Every rider and driver has a stream of its own, so what one does
 * does not depend on when the others act.
 *
 * @module
 */
import { createSeededRandom } from '../core/index.ts'

/** Draws of one actor. */
export type Dice = {
  /** True with probability `share`, 0..1. */
  chance(share: number): boolean
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** A whole number in 0..count-1. */
  below(count: number): number
  /** One of a list that is not empty. */
  pick<T>(items: readonly T[]): T
  /** The first name whose share covers the draw, or `otherwise`; shares sum up to at most 1. */
  choose<N extends string>(shares: Readonly<Record<N, number>>, otherwise: N): N
}

/** @param stream tells actors of one seed apart */
export function createDice(seed: number, stream: number): Dice {
  const random = createSeededRandom(
    Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)
  )
  const below = (count: number): number => Math.floor(random.next() * count)
  return {
    chance: (share) => random.next() < share,
    between: (from, to) => from + random.next() * (to - from),
    below,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('expected a list with items, got an empty one')
      return item
    },
    choose: (shares, otherwise) => {
      let draw = random.next()
      for (const name of Object.keys(shares) as (keyof typeof shares)[]) {
        draw -= shares[name]
        if (draw < 0) return name
      }
      return otherwise
    }
  }
}
