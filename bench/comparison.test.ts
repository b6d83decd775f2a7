/**
 * @module Ratios of pairs.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, median, spread } from './comparison.ts'

describe('the comparison of interleaved runs', () => {
  test('is the median of the ratios of the pairs, with their spread', () => {
    expect(compare([200, 220, 180], [100, 100, 120])).toEqual({
      ratio: 2,
      ratioMin: 1.5,
      ratioMax: 2.2,
      spread: { ratio: 0.35, ours: 0.2, theirs: 0.2 },
      oursMedian: 200,
      theirsMedian: 100,
      pairs: [
        { ours: 200, theirs: 100, ratio: 2 },
        { ours: 220, theirs: 100, ratio: 2.2 },
        { ours: 180, theirs: 120, ratio: 1.5 }
      ]
    })
  })

  test('does not change when the whole machine gets slower between two pairs', () => {
    const figures = fc.integer({ min: 1_000, max: 1_000_000 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(figures, fc.integer({ min: 1, max: 50 })), {
          minLength: 1,
          maxLength: 9
        }),
        (runs) => {
          const ours = runs.map(([figure, slowness]) => (2 * figure) / slowness)
          const theirs = runs.map(([figure, slowness]) => figure / slowness)
          expect(compare(ours, theirs)).toMatchObject({ ratio: 2, spread: { ratio: 0 } })
        }
      )
    )
  })

  test('refuses runs that are not in pairs', () => {
    expect(() => compare([1, 2], [1])).toThrow('expected pairs of runs, got 2 and 1')
    expect(() => compare([], [])).toThrow('expected pairs of runs')
  })

  test('takes the mean of the two middle values of an even number of runs', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(spread([5])).toBe(0)
  })
})
