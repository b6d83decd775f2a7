/**
 * @module Percentiles against a sorted list.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

describe('the histogram', () => {
  test('answers every percentile within 1/128 of the sorted list, and never below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 ** 36 }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (values, share) => {
          const histogram = new Histogram()
          for (const value of values) histogram.record(value)
          const sorted = values.toSorted((a, b) => a - b)
          const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1] ?? 0
          const answer = histogram.valueAt(share)
          expect(answer).toBeGreaterThanOrEqual(exact)
          expect(answer).toBeLessThanOrEqual(exact * (1 + 1 / 128) + 1)
        }
      )
    )
  })

  test('keeps the largest value exactly and scales the summary', () => {
    const histogram = new Histogram()
    for (const value of [1_000, 2_000, 1_234_567]) histogram.record(value)
    expect(histogram.summary(1_000)).toMatchObject({ count: 3, max: 1_234.57, p99: 1_234.57 })
    expect(histogram.summary(1_000).mean).toBeCloseTo(412.52, 2)
  })

  test('answers 0 without values and takes a negative one as 0', () => {
    const histogram = new Histogram()
    expect(histogram.summary()).toMatchObject({ count: 0, mean: 0, p50: 0, max: 0 })
    histogram.record(-3)
    expect(histogram.valueAt(1)).toBe(0)
  })

  test('puts a value beyond its range into the last bucket instead of losing it', () => {
    const histogram = new Histogram()
    histogram.record(2 ** 52)
    expect(histogram.count).toBe(1)
    expect(histogram.valueAt(0.5)).toBeGreaterThan(2 ** 44)
  })
})
