import { describe, expect, test } from 'vitest'
import type { SurgeCellState, SurgeDemandState, SurgeDriverState } from '../../avro/index.ts'
import { createSeededRandom } from '../../core/index.ts'
import { cellOf, createPolicy, disk, neighbours, type SurgePolicy } from '../../domain/index.ts'
import { geometryOf } from './geometry.ts'
import { type CellSurge, computeMarket } from './market-surge.ts'
import { periodRulesOf } from './period.ts'

const { surge: policy } = createPolicy()
const periods = periodRulesOf(policy)
const centre = cellOf({ lat: 40.758, lon: -73.9855 }, 8)
const rules = { policy, periods, geometry: geometryOf(policy), isPriced: () => true }

/** A market under a microscope: riders and drivers a cell in each period, and what comes of it. */
function simulate(
  cells: readonly string[],
  steps: number,
  load: (cell: string, step: number) => { riders: number; drivers: number },
  surge: SurgePolicy = policy
): Map<string, CellSurge>[] {
  const first = 1000
  const demand: SurgeDemandState[] = []
  let states: SurgeCellState[] = []
  const results: Map<string, CellSurge>[] = []
  for (let step = 0; step < steps; step += 1) {
    const period = first + step
    const drivers: SurgeDriverState[] = []
    for (const cell of cells) {
      const { riders, drivers: idle } = load(cell, step)
      for (let n = 0; n < riders; n += 1) {
        const customerId = `${cell}-${step}-${n}`
        demand.push({ market: 'm', cell, customerId, period, periodBefore: null })
      }
      for (let n = 0; n < idle; n += 1) {
        const driverId = `${cell}-${n}`
        drivers.push({ market: 'm', driverId, driverVersion: 1, at: 0, cell, since: 0, past: [] })
      }
    }
    const surges = computeMarket({ demand, drivers, cells: states }, period, {
      ...rules,
      policy: surge
    })
    results.push(new Map(surges.map((surge) => [surge.cell, surge])))
    states = surges.map(({ cell, surgePercent, smoothedPercent }) => ({
      cell,
      market: 'm',
      surgePercent,
      smoothedPercent,
      publishedAt: 0,
      expiresAt: 0
    }))
  }
  return results
}

const shownAt = (results: readonly Map<string, CellSurge>[], step: number, cell = centre): number =>
  results[step]?.get(cell)?.surgePercent ?? 100

describe('a step of demand', () => {
  // 2 new riders a minute are 10 in the window, with 6 drivers: 10 / 7; three times as many: 30 / 7.
  const cells = disk(centre, 6)
  const results = simulate(cells, 60, (_, step) => ({
    riders: step >= 20 && step < 35 ? 6 : 2,
    drivers: 6
  }))

  test('of three times makes 80 % of its rise within eight minutes', () => {
    const rest = shownAt(results, 19)
    const peak = Math.max(...results.map((_, step) => shownAt(results, step)))
    expect(peak).toBeGreaterThanOrEqual(rest + 100)
    expect(shownAt(results, 27) - rest).toBeGreaterThanOrEqual(0.8 * (peak - rest))
  })

  test('that ends is back to where it was within fifteen minutes', () => {
    expect(shownAt(results, 49)).toBeLessThanOrEqual(shownAt(results, 19) + 10)
  })

  test('that ends in silence is back to 100 within fifteen minutes and leaves nothing', () => {
    const silent = simulate(cells, 60, (_, step) => ({ riders: step < 20 ? 6 : 0, drivers: 6 }))
    expect(shownAt(silent, 19)).toBeGreaterThan(200)
    expect(shownAt(silent, 35)).toBeLessThanOrEqual(110)
    expect(silent.at(-1)?.get(centre)?.smoothedPercent ?? 100).toBe(100)
  })
})

describe('an evening with three hot spots', () => {
  const cells = disk(centre, 9)
  const spots = [0, 90, 200].map((index) => new Set(disk(cells[index] as string, 3)))

  /** Differences between neighbours, sorted, and the highest multiplier. */
  function evening(neighbourLimitPercent: number) {
    const random = createSeededRandom(11)
    const load = (cell: string) => {
      const isHot = spots.some((spot) => spot.has(cell))
      return {
        riders: Math.floor(random.next() * (isHot ? 6 : 1.6)),
        drivers: Math.floor(random.next() * 4)
      }
    }
    const results = simulate(cells, 40, load, { ...policy, neighbourLimitPercent })
    const gaps: number[] = []
    let peak = 100
    for (const result of results.slice(10)) {
      for (const [cell, { surgePercent }] of result) {
        peak = Math.max(peak, surgePercent)
        for (const near of neighbours(cell, 1)) {
          gaps.push(Math.abs(surgePercent - (result.get(near)?.surgePercent ?? 100)))
        }
      }
    }
    return { gaps: gaps.sort((a, b) => a - b), peak }
  }

  test('has no step of more than 50 points between neighbours, though prices double', () => {
    const { gaps, peak } = evening(50)
    expect(peak).toBeGreaterThanOrEqual(200)
    expect(gaps.at(-1)).toBeLessThanOrEqual(50)
  })

  test('keeps 95 of 100 pairs within 30 points when the limit is 30, and prices still double', () => {
    const { gaps, peak } = evening(30)
    expect(peak).toBeGreaterThanOrEqual(200)
    expect(gaps[Math.floor(gaps.length * 0.95)]).toBeLessThanOrEqual(30)
  })
})
