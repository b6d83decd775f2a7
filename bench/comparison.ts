/**
 * @module What interleaved pairs of runs say: the ratio and how far it moved from pair to pair. On a
 * shared machine single figures differ more between two times of the day than between two programs,
 * so only runs next to each other are compared.
 */

/** Ours over theirs. */
export interface Comparison {
  /** Median of the pairs' ratios. */
  readonly ratio: number
  readonly ratioMin: number
  readonly ratioMax: number
  /** (largest - smallest) / median of the ratios, of ours and of theirs. */
  readonly spread: { readonly ratio: number; readonly ours: number; readonly theirs: number }
  readonly oursMedian: number
  readonly theirsMedian: number
  readonly pairs: readonly {
    readonly ours: number
    readonly theirs: number
    readonly ratio: number
  }[]
}

/**
 * Compares runs of one measure, where larger is better.
 *
 * Example: ours [200, 220, 180] and theirs [100, 100, 120] have the ratios 2, 2.2 and 1.5: ratio 2,
 * spread 0.35.
 *
 * @param ours in the order of the runs; as long as `theirs` and not empty
 */
export function compare(ours: readonly number[], theirs: readonly number[]): Comparison {
  if (ours.length === 0 || ours.length !== theirs.length) {
    throw new RangeError(`expected pairs of runs, got ${ours.length} and ${theirs.length}`)
  }
  const pairs = ours.map((own, i) => {
    const their = theirs[i] ?? Number.NaN
    return { ours: own, theirs: their, ratio: rounded(own / their) }
  })
  const ratios = ours.map((own, i) => own / (theirs[i] ?? Number.NaN))
  return {
    ratio: rounded(median(ratios)),
    ratioMin: rounded(Math.min(...ratios)),
    ratioMax: rounded(Math.max(...ratios)),
    spread: { ratio: spread(ratios), ours: spread(ours), theirs: spread(theirs) },
    oursMedian: median(ours),
    theirsMedian: median(theirs),
    pairs
  }
}

/** Middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** (largest - smallest) / median; 0 for one value. */
export function spread(values: readonly number[]): number {
  return rounded((Math.max(...values) - Math.min(...values)) / median(values))
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
