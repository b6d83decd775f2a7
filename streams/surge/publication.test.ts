import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellOf, createPolicy, disk, neighbours } from '../../domain/index.ts'
import { balanceOf, smoothedPercent, targetPercent } from './formula.ts'
import { geometryOf } from './geometry.ts'
import { publishedPercents, stepPercent } from './publication.ts'

const { surge: policy } = createPolicy()
const geometry = geometryOf(policy)
const centre = cellOf({ lat: 40.758, lon: -73.9855 }, 8)
const field = disk(centre, 3)

describe('the formula', () => {
  test('comes to the worked example', () => {
    const target = targetPercent({ demand: 12, supply: 3 }, policy)
    expect(target).toBe(200)
    expect(smoothedPercent(100, target, policy)).toBe(130)
    expect(smoothedPercent(130, target, policy)).toBe(151)
  })

  test('takes the coarser cell where riders are few, and nothing where they are few there too', () => {
    const parent = geometry.parent(centre)
    const counts = {
      demand: new Map([[centre, 6]]),
      demandByParent: new Map([[parent, 6]]),
      supply: new Map([[centre, 2]]),
      supplyByParent: new Map([[parent, 2]])
    }
    const rules = { policy, geometry }
    expect(balanceOf(centre, counts, rules)).toEqual({ demand: 6, supply: 2 })
    const few = { ...counts, demandByParent: new Map([[parent, 3]]) }
    expect(balanceOf(centre, few, rules)).toBeNull()
    const many = { ...counts, demand: new Map([[centre, 8]]) }
    expect(balanceOf(centre, many, rules)).toEqual({ demand: 4, supply: 1 })
    expect(targetPercent(null, policy)).toBe(100)
  })

  test('stays within bounds for any demand and supply', () => {
    const count = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(count, count, (demand, supply) => {
        const target = targetPercent({ demand, supply }, policy)
        expect(target).toBeGreaterThanOrEqual(100)
        expect(target).toBeLessThanOrEqual(300)
      })
    )
  })
})

describe('the step shown', () => {
  test.each([
    [104.9, 120, 100],
    [109.9, 100, 100],
    [110, 100, 110],
    [129.9, 120, 120],
    [130, 120, 130],
    [110.1, 120, 120],
    [110, 120, 110],
    [157, 120, 150],
    [123, 150, 130]
  ])('is for %d after %i: %i', (smoothed, shown, expected) => {
    expect(stepPercent(smoothed, shown, policy)).toBe(expected)
  })

  test('comes back to 100 for good when a value fades', () => {
    let smoothed = 180
    let shown = 170
    for (let period = 0; period < 20; period += 1) {
      smoothed = smoothedPercent(smoothed, 100, policy)
      shown = stepPercent(smoothed, shown, policy)
    }
    expect(shown).toBe(100)
  })
})

test('any sequence of values keeps the bounds, the step limit and the neighbour limit', () => {
  const values = fc.array(fc.double({ min: 100, max: 300, noNaN: true }), {
    minLength: field.length,
    maxLength: field.length
  })
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 12 }), (periods) => {
      let shown = new Map<string, number>()
      for (const period of periods) {
        const smoothed = new Map(field.map((cell, i) => [cell, period[i] ?? 100]))
        const next = publishedPercents(smoothed, shown, {
          policy,
          neighbours: geometry.neighbours,
          isPriced: () => true
        })
        for (const cell of field) {
          const percent = next.get(cell) ?? 100
          const before = shown.get(cell) ?? 100
          expect(percent % 10).toBe(0)
          expect(percent).toBeGreaterThanOrEqual(100)
          expect(percent).toBeLessThanOrEqual(300)
          expect(percent - before).toBeLessThanOrEqual(30)
          expect(before - percent).toBeLessThanOrEqual(20)
          for (const near of neighbours(cell, 1)) {
            expect(Math.abs(percent - (next.get(near) ?? 100))).toBeLessThanOrEqual(50)
          }
        }
        shown = next
      }
    }),
    { numRuns: 60 }
  )
})
