import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Assigner,
  type CostMatrix,
  forbiddenCost,
  greedyAssigner,
  optimalAssigner,
  type Pairing
} from './assigner.ts'

const full = matrices(fc.integer({ min: 0, max: 900 }))
const sparse = matrices(
  fc.oneof({ weight: 1, arbitrary: fc.integer({ min: 0, max: 900 }) }, fc.constant(forbiddenCost))
)

describe.each([optimalAssigner, greedyAssigner])('the $name assigner', (assigner: Assigner) => {
  test('uses no row, no column and no forbidden pair twice', () => {
    fc.assert(
      fc.property(sparse, (costs) => {
        const pairs = assigner.assign(costs)
        expect(new Set(pairs.map(({ row }) => row)).size).toBe(pairs.length)
        expect(new Set(pairs.map(({ column }) => column)).size).toBe(pairs.length)
        for (const pair of pairs) expect(costOf(costs, pair)).toBeLessThan(forbiddenCost)
      })
    )
  })

  test('gives the same answer to the same matrix', () => {
    fc.assert(
      fc.property(sparse, (costs) => {
        expect(assigner.assign(costs)).toEqual(assigner.assign(structuredClone(costs)))
      })
    )
  })

  test('pairs as many as fit when nothing is forbidden', () => {
    fc.assert(
      fc.property(full, (costs) => {
        const columns = costs[0]?.length ?? 0
        expect(assigner.assign(costs)).toHaveLength(Math.min(costs.length, columns))
      })
    )
  })

  test('answers an empty matrix and one without allowed pairs with nothing', () => {
    expect(assigner.assign([])).toEqual([])
    expect(assigner.assign([[]])).toEqual([])
    expect(assigner.assign([[forbiddenCost, forbiddenCost]])).toEqual([])
  })
})

test('the optimal total is never above the greedy one on a full matrix', () => {
  fc.assert(
    fc.property(full, (costs) => {
      expect(total(costs, optimalAssigner)).toBeLessThanOrEqual(total(costs, greedyAssigner))
    })
  )
})

test('the optimal total is the lowest of all permutations', () => {
  const small = matrices(fc.integer({ min: 0, max: 50 }), 5)
  fc.assert(
    fc.property(small, (costs) => {
      expect(total(costs, optimalAssigner)).toBe(lowestTotal(costs))
    })
  )
})

test('the optimal assigner serves more riders rather than cheaper ones', () => {
  // Greedy gives the only driver of rider 1 to rider 0.
  const costs = [
    [1, 500],
    [2, forbiddenCost]
  ]
  expect(optimalAssigner.assign(costs)).toEqual([
    { row: 0, column: 1 },
    { row: 1, column: 0 }
  ])
  expect(greedyAssigner.assign(costs)).toEqual([{ row: 0, column: 0 }])
})

function matrices(cost: fc.Arbitrary<number>, sizeMax = 9): fc.Arbitrary<number[][]> {
  const size = fc.integer({ min: 1, max: sizeMax })
  return fc.tuple(size, size).chain(([rows, columns]) =>
    fc.array(fc.array(cost, { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows
    })
  )
}

function costOf(costs: CostMatrix, { row, column }: Pairing): number {
  return costs[row]?.[column] ?? forbiddenCost
}

function total(costs: CostMatrix, assigner: Assigner): number {
  return assigner.assign(costs).reduce((sum, pair) => sum + costOf(costs, pair), 0)
}

/** Tries every way to serve as many rows as possible. */
function lowestTotal(costs: CostMatrix): number {
  const columns = costs[0]?.length ?? 0
  const skips = Math.max(0, costs.length - columns)
  const search = (row: number, used: ReadonlySet<number>, skipped: number): number => {
    if (row === costs.length) return 0
    let best = skipped < skips ? search(row + 1, used, skipped + 1) : forbiddenCost
    for (let column = 0; column < columns; column += 1) {
      if (used.has(column)) continue
      const rest = search(row + 1, new Set([...used, column]), skipped)
      best = Math.min(best, costOf(costs, { row, column }) + rest)
    }
    return best
  }
  return search(0, new Set(), 0)
}
