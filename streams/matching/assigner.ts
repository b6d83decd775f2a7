/**
 * @module The assignment problem behind one interface: who of these riders gets which of these
 * drivers. Two solvers share it, so that a window that would overrun its budget can fall back from
 * the optimal one to the greedy one without a change elsewhere.
 */
import munkres from 'munkres'

/** A pair that may be made. */
export interface PairCost {
  readonly row: number
  readonly column: number
  readonly cost: number
}

/**
 * Rows (riders), columns (drivers) and the pairs allowed between them; a pair not listed is
 * forbidden. A rider has at most twenty pairs, so a list is far shorter than a matrix.
 */
export interface AssignmentProblem<P extends PairCost = PairCost> {
  readonly rows: number
  readonly columns: number
  readonly pairs: readonly P[]
}

/**
 * Picks pairs such that no row and no column is in two of them. The answer depends on the problem
 * alone and is ordered by row.
 */
export interface Assigner {
  readonly name: 'optimal' | 'greedy'
  assign<P extends PairCost>(problem: AssignmentProblem<P>): readonly P[]
}

/**
 * Most pairs first, then the lowest total cost; Hungarian algorithm, O(min^2 * max).
 * Example: the matrix [[1, 2], [1, 9]] gives (0,1) and (1,0), total 3, where greedy pays 10.
 *
 * A forbidden pair is given a finite cost higher than any sum of allowed ones: the solver then uses
 * as few of them as possible, and they are dropped afterwards. With infinities instead it would call
 * all incomplete assignments equally bad.
 */
export const optimalAssigner: Assigner = {
  name: 'optimal',
  assign<P extends PairCost>({ rows, columns, pairs }: AssignmentProblem<P>): readonly P[] {
    if (pairs.length === 0) return []
    const penalty = penaltyOf(pairs)
    const costs = Array.from({ length: rows }, () => new Float64Array(columns).fill(penalty))
    const pairAt = new Map<number, P>()
    for (const pair of pairs) {
      const row = costs[pair.row]
      if (row !== undefined) row[pair.column] = pair.cost
      pairAt.set(pair.row * columns + pair.column, pair)
    }
    return munkres(costs)
      .flatMap(([row, column]) => pairAt.get(row * columns + column) ?? [])
      .sort((a, b) => a.row - b.row)
  }
}

/**
 * Shortest pair first, O(n log n) for n allowed pairs; equal costs go to the lower row, then column.
 * Example: the matrix [[1, 2], [1, 9]] gives (0,0) and (1,1), total 10.
 */
export const greedyAssigner: Assigner = {
  name: 'greedy',
  assign<P extends PairCost>({ pairs }: AssignmentProblem<P>): readonly P[] {
    const rows = new Set<number>()
    const columns = new Set<number>()
    const chosen: P[] = []
    const byCost = [...pairs].sort(
      (a, b) => a.cost - b.cost || a.row - b.row || a.column - b.column
    )
    for (const pair of byCost) {
      if (rows.has(pair.row) || columns.has(pair.column)) continue
      rows.add(pair.row)
      columns.add(pair.column)
      chosen.push(pair)
    }
    return chosen.sort((a, b) => a.row - b.row)
  }
}

/** One more than the sum of the dearest allowed pair of each row. */
function penaltyOf(pairs: readonly PairCost[]): number {
  const dearestByRow = new Map<number, number>()
  for (const { row, cost } of pairs) {
    dearestByRow.set(row, Math.max(cost, dearestByRow.get(row) ?? 0))
  }
  let sum = 1
  for (const dearest of dearestByRow.values()) sum += dearest
  return sum
}
