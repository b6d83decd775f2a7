/**
 * @module A grouped stream cut into tumbling, hopping or sliding windows.
 */
import type { Fold } from './aggregate.ts'
import type { Dsl } from './dsl.ts'
import {
  type AggregateOptions,
  aggregateFold,
  type CountOptions,
  countFold,
  type ReduceOptions,
  reduceFold
} from './fold.ts'
import { requireFormat, type StreamHandle } from './handle.ts'
import type { KTable } from './k-table.ts'
import { createLate, type LateOptions } from './late.ts'
import { slidingAggregateNode } from './sliding-aggregate.ts'
import { type Emission, windowAggregateNode } from './window-aggregate.ts'
import type { SlidingWindows, TimeWindows } from './window-spec.ts'
import type { Windowed } from './windowed.ts'

/** What aggregates of windows take besides their fold. */
export interface WindowedOptions<V> {
  /**
   * `update` (when absent): on each change, the newest of each commit unless `cached` is false.
   * `close`: once, when the window has closed, also without a further record; the result is final.
   */
  readonly emit?: 'update' | 'close'
  /** What becomes of records that come after their window closed; they are counted in any case. */
  readonly late?: LateOptions<V>
}

/** How results are forwarded. */
export function emissionOf(options: {
  readonly emit?: 'update' | 'close'
  readonly cached?: boolean
}): Emission {
  if (options.emit === 'close') return 'close'
  return options.cached === false ? 'update' : 'held'
}

export class KWindowedStream<V> {
  readonly #above: StreamHandle<V>
  readonly #windows: TimeWindows | SlidingWindows
  readonly #dsl: Dsl

  constructor(above: StreamHandle<V>, windows: TimeWindows | SlidingWindows, dsl: Dsl) {
    this.#above = above
    this.#windows = windows
    this.#dsl = dsl
  }

  /**
   * Records of each key and window.
   *
   * Example: tumbling windows of 60,000 and a at 5,000, 59,999 and 60,000 make a@0: 2, a@60000: 1.
   */
  count(options: CountOptions & WindowedOptions<V>): KTable<number, Windowed> {
    return this.#table(options, countFold)
  }

  /**
   * A fold over the values of each key and window.
   *
   * Example: sums in tumbling windows of 60,000: (a, 3) at 5,000, (a, 4) at 10,000 make a@0: 7.
   */
  aggregate<A>(options: AggregateOptions<V, A> & WindowedOptions<V>): KTable<A, Windowed> {
    return this.#table(options, aggregateFold(options))
  }

  /** A fold whose result is like its values. Example: the larger of 3 at 5,000 and 7 at 9,000 makes a@0: 7. */
  reduce(options: ReduceOptions<V> & WindowedOptions<V>): KTable<V, Windowed> {
    const format = requireFormat(this.#above, 'reduce', options.format as never)
    return this.#table(options, reduceFold(options.reduce, format))
  }

  #table<A>(options: CountOptions & WindowedOptions<V>, fold: Fold<V, A>): KTable<A, Windowed> {
    const { name } = options
    this.#above.graph.claim(fold.kind, name)
    const late = createLate(name, options.late)
    const rest = { name, fold, emission: emissionOf(options), late }
    const windows = this.#windows
    return this.#dsl.table<A, Windowed>(
      windows.kind === 'sliding'
        ? slidingAggregateNode(this.#above, { ...rest, windows })
        : windowAggregateNode(this.#above, { ...rest, windows })
    )
  }
}
