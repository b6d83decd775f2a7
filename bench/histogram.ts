/**
 * @module A histogram of durations with bounded relative error, after HdrHistogram: each power of two
 * is cut into equal buckets, so that memory is fixed and any percentile is within 1/128 of the true
 * value, however long the tail.
 */

/** Buckets of each power of two: the relative error is one over this. */
const bucketsPerOctave = 128
const octaves = 40

export interface HistogramSummary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Values are whole numbers of a unit of the caller's choice, such as microseconds. */
export class Histogram {
  readonly #counts = new Float64Array(bucketsPerOctave * octaves)
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** Negative values count as 0: two clocks of one machine may differ by a tick. */
  record(value: number): void {
    const held = Math.max(0, Math.round(value))
    const index = bucketOf(held)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count += 1
    this.#sum += held
    this.#max = Math.max(this.#max, held)
  }

  /** The value that `share` of all values do not exceed, within the error; 0 without values. */
  valueAt(share: number): number {
    const rank = Math.max(1, Math.ceil(this.#count * share))
    let seen = 0
    for (let index = 0; index < this.#counts.length; index += 1) {
      seen += this.#counts[index] ?? 0
      if (seen >= rank) return Math.min(this.#max, highestOf(index))
    }
    return this.#max
  }

  /** All figures divided by `unitsPerFigure`, to two decimals: 1000 turns microseconds into ms. */
  summary(unitsPerFigure = 1): HistogramSummary {
    const figure = (value: number): number => Math.round((value / unitsPerFigure) * 100) / 100
    return {
      count: this.#count,
      mean: figure(this.#count === 0 ? 0 : this.#sum / this.#count),
      p50: figure(this.valueAt(0.5)),
      p95: figure(this.valueAt(0.95)),
      p99: figure(this.valueAt(0.99)),
      p999: figure(this.valueAt(0.999)),
      max: figure(this.#max)
    }
  }
}

/** Values below 256 have a bucket each; above, the width doubles with each power of two. */
function bucketOf(value: number): number {
  if (value < 2 * bucketsPerOctave) return value
  const octave = Math.floor(Math.log2(value)) - Math.log2(bucketsPerOctave)
  const index = octave * bucketsPerOctave + Math.floor(value / 2 ** octave)
  return Math.min(index, bucketsPerOctave * octaves - 1)
}

function highestOf(index: number): number {
  if (index < 2 * bucketsPerOctave) return index
  const octave = Math.floor(index / bucketsPerOctave) - 1
  const place = index - octave * bucketsPerOctave
  return (place + 1) * 2 ** octave - 1
}
