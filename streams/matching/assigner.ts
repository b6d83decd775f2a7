/**
 * @module The assignment problem behind one interface: who of these riders gets which of these
 * drivers. Two solvers share it, so that a window that would overrun its budget can fall back from
 * the optimal one to the greedy one without a change elsewhere.
 */
import munkres from 'munkres'

/** Cost of a pair that must never be made. */
export const forbiddenCost = Number.POSITIVE_INFINITY

/** Costs by row (rider) and column (driver); all rows are equally long. `forbiddenCost` forbids a pair. */
export type CostMatrix = readonly (readonly number[])[]

/** One chosen pair, by row and column of the matrix. */
export interface Pairing {
  readonly row: number
  readonly column: number
}

/**
 * Picks pairs such that no row and no column is in two of them, and none is forbidden. The answer
 * depends on the matrix alone and is ordered by row.
 */
export interface Assigner {
  readonly name: 'optimal' | 'greedy'
  assign(costs: CostMatrix): readonly Pairing[]
}

/**
 * Most pairs first, then the lowest total cost; Hungarian algorithm, O(min^2 * max).
 * Example: [[1, 2], [1, 9]] gives (0,1) and (1,0), total 3, where greedy pays 10.
 *
 * A forbidden pair is given a finite cost higher than any sum of allowed ones: the solver then uses
 * as few of them as possible, and they are dropped afterwards. With infinities instead it would call
 * all incomplete assignments equally bad.
 */
export const optimalAssigner: Assigner = {
  name: 'optimal',
  assign(costs) {
    if (costs.length === 0 || costs[0]?.length === 0) return []
    const penalty = penaltyOf(costs)
    const finite = costs.map((row) => row.map((cost) => (Number.isFinite(cost) ? cost : penalty)))
    return munkres(finite)
      .map(([row, column]) => ({ row, column }))
      .filter(({ row, column }) => Number.isFinite(costs[row]?.[column] ?? forbiddenCost))
      .sort((a, b) => a.row - b.row)
  }
}

/**
 * Shortest pair first, O(n log n) for n allowed pairs; equal costs go to the lower row, then column.
 * Example: [[1, 2], [1, 9]] gives (0,0) and (1,1), total 10.
 */
export const greedyAssigner: Assigner = {
  name: 'greedy',
  assign(costs) {
    const pairs: { row: number; column: number; cost: number }[] = []
    costs.forEach((line, row) => {
      line.forEach((cost, column) => {
        if (Number.isFinite(cost)) pairs.push({ row, column, cost })
      })
    })
    pairs.sort((a, b) => a.cost - b.cost || a.row - b.row || a.column - b.column)
    const rows = new Set<number>()
    const columns = new Set<number>()
    const chosen: Pairing[] = []
    for (const { row, column } of pairs) {
      if (rows.has(row) || columns.has(column)) continue
      rows.add(row)
      columns.add(column)
      chosen.push({ row, column })
    }
    return chosen.sort((a, b) => a.row - b.row)
  }
}

/** One more than the sum of the dearest allowed pair of each row. */
function penaltyOf(costs: CostMatrix): number {
  let sum = 1
  for (const row of costs) {
    let dearest = 0
    for (const cost of row) if (Number.isFinite(cost) && cost > dearest) dearest = cost
    sum += dearest
  }
  return sum
}
