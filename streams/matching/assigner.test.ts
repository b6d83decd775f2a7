import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Assigner,
  type AssignmentProblem,
  greedyAssigner,
  optimalAssigner,
  type PairCost
} from './assigner.ts'

type Costs = readonly (readonly number[])[]

/** Stands in a matrix for a pair that is not allowed. */
const forbiddenCost = Number.POSITIVE_INFINITY

const full = matrices(fc.integer({ min: 0, max: 900 }))
const sparse = matrices(
  fc.oneof({ weight: 1, arbitrary: fc.integer({ min: 0, max: 900 }) }, fc.constant(forbiddenCost))
)

describe.each([optimalAssigner, greedyAssigner])('the $name assigner', (assigner: Assigner) => {
  test('uses no row, no column and no forbidden pair twice', () => {
    fc.assert(
      fc.property(sparse, (costs) => {
        const pairs = assigner.assign(problemOf(costs))
        expect(new Set(pairs.map(({ row }) => row)).size).toBe(pairs.length)
        expect(new Set(pairs.map(({ column }) => column)).size).toBe(pairs.length)
        for (const { row, column, cost } of pairs) expect(cost).toBe(costs[row]?.[column])
      })
    )
  })

  test('gives the same answer to the same matrix', () => {
    fc.assert(
      fc.property(sparse, (costs) => {
        expect(assigner.assign(problemOf(costs))).toEqual(
          assigner.assign(problemOf(structuredClone(costs)))
        )
      })
    )
  })

  test('pairs as many as fit when nothing is forbidden', () => {
    fc.assert(
      fc.property(full, (costs) => {
        const columns = costs[0]?.length ?? 0
        expect(assigner.assign(problemOf(costs))).toHaveLength(Math.min(costs.length, columns))
      })
    )
  })

  test('answers an empty matrix and one without allowed pairs with nothing', () => {
    expect(assigner.assign(problemOf([]))).toEqual([])
    expect(assigner.assign(problemOf([[]]))).toEqual([])
    expect(assigner.assign(problemOf([[forbiddenCost, forbiddenCost]]))).toEqual([])
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
  expect(optimalAssigner.assign(problemOf(costs))).toEqual([
    { row: 0, column: 1, cost: 500 },
    { row: 1, column: 0, cost: 2 }
  ])
  expect(greedyAssigner.assign(problemOf(costs))).toEqual([{ row: 0, column: 0, cost: 1 }])
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

function problemOf(costs: Costs): AssignmentProblem {
  const pairs: PairCost[] = costs.flatMap((line, row) =>
    line.flatMap((cost, column) => (cost === forbiddenCost ? [] : [{ row, column, cost }]))
  )
  return { rows: costs.length, columns: costs[0]?.length ?? 0, pairs }
}

function total(costs: Costs, assigner: Assigner): number {
  return assigner.assign(problemOf(costs)).reduce((sum, { cost }) => sum + cost, 0)
}

/** Tries every way to serve as many rows as possible. */
function lowestTotal(costs: Costs): number {
  const columns = costs[0]?.length ?? 0
  const skips = Math.max(0, costs.length - columns)
  const search = (row: number, used: ReadonlySet<number>, skipped: number): number => {
    if (row === costs.length) return 0
    let best = skipped < skips ? search(row + 1, used, skipped + 1) : forbiddenCost
    for (let column = 0; column < columns; column += 1) {
      if (used.has(column)) continue
      const rest = search(row + 1, new Set([...used, column]), skipped)
      best = Math.min(best, (costs[row]?.[column] ?? forbiddenCost) + rest)
    }
    return best
  }
  return search(0, new Set(), 0)
}
