import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { divideHalfUp, roundHalfUp } from './money.ts'

describe('rounding', () => {
  test('rounds halves towards positive infinity', () => {
    expect([2.4, 2.5, -2.5, -2.6, 0].map(roundHalfUp)).toEqual([2, 3, -2, -3, 0])
  })

  test('divides exactly where binary fractions would not', () => {
    expect(divideHalfUp(35 * 90, 60)).toBe(53)
    expect(divideHalfUp(1005, 1000)).toBe(1)
    expect(divideHalfUp(-5, 2)).toBe(-2)
  })

  test('is never more than half a unit away', () => {
    const numerator = fc.integer({ min: -1e9, max: 1e9 })
    fc.assert(
      fc.property(numerator, fc.integer({ min: 1, max: 1e6 }), (above, below) => {
        const doubled = 2 * (divideHalfUp(above, below) * below - above)
        return doubled > -below && doubled <= below
      })
    )
  })

  test('refuses what is no integer quotient', () => {
    expect(() => divideHalfUp(1, 0)).toThrow(RangeError)
    expect(() => divideHalfUp(1.5, 2)).toThrow(RangeError)
    expect(() => divideHalfUp(2 ** 60, 2)).toThrow(RangeError)
  })
})
