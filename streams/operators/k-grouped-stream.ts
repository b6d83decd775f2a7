/**
 * @module A stream grouped by its key, ready for aggregates. Null values take no part in them.
 */
import { type AggregateNodeOptions, aggregateNode, type Fold } from './aggregate.ts'
import type { Dsl } from './dsl.ts'
import {
  type AggregateOptions,
  aggregateFold,
  type CountOptions,
  countFold,
  type ReduceOptions,
  reduceFold
} from './fold.ts'
import { requireFormat, requireTime, type StreamHandle } from './handle.ts'
import { KSessionWindowedStream } from './k-session-windowed-stream.ts'
import type { KTable } from './k-table.ts'
import { KWindowedStream } from './k-windowed-stream.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from './window-spec.ts'

export class KGroupedStream<V> {
  readonly #above: StreamHandle<V>
  readonly #dsl: Dsl

  constructor(above: StreamHandle<V>, dsl: Dsl) {
    this.#above = above
    this.#dsl = dsl
  }

  /** Records of each key. Example: a, b, a make { a: 2, b: 1 }. */
  count(options: CountOptions): KTable<number> {
    return this.#table(options, countFold)
  }

  /**
   * A fold over the values of each key.
   *
   * Example: `init: () => 0, add: (sum, n) => sum + n` on (a, 1), (b, 5), (a, 2) makes { a: 3, b: 5 }.
   */
  aggregate<A>(options: AggregateOptions<V, A>): KTable<A> {
    return this.#table(options, aggregateFold(options))
  }

  /** A fold whose result is like its values. Example: the larger of both on (a, 1), (a, 7), (a, 3) makes { a: 7 }. */
  reduce(options: ReduceOptions<V>): KTable<V> {
    const format = requireFormat(this.#above, 'reduce', options.format as never)
    return this.#table(options, reduceFold(options.reduce, format))
  }

  /** The same aggregates for each window: `tumbling`, `hopping`, `sliding` or `session`. */
  windowedBy(windows: SessionWindows): KSessionWindowedStream<V>
  windowedBy(windows: TimeWindows | SlidingWindows): KWindowedStream<V>
  windowedBy(
    windows: SessionWindows | TimeWindows | SlidingWindows
  ): KSessionWindowedStream<V> | KWindowedStream<V> {
    requireTime(this.#above, `${windows.kind} windows`)
    return windows.kind === 'session'
      ? new KSessionWindowedStream(this.#above, windows, this.#dsl)
      : new KWindowedStream(this.#above, windows, this.#dsl)
  }

  #table<A>({ name, cached }: CountOptions, fold: Fold<V, A>): KTable<A> {
    this.#above.graph.claim(fold.kind, name)
    const options: AggregateNodeOptions<V, A> = { name, fold, isCached: cached ?? true }
    return this.#dsl.table(aggregateNode(this.#above, options))
  }
}
