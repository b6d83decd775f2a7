/**
 * @module A grouped stream cut into sessions. A record between two sessions makes them one, so an
 * aggregate over sessions needs to know how two of its results become one.
 */
import type { Fold } from './aggregate.ts'
import type { Dsl } from './dsl.ts'
import {
  type AggregateOptions,
  aggregateFold,
  type CountOptions,
  countFold,
  type ReduceOptions,
  reduceFold,
  type SessionMerge
} from './fold.ts'
import { requireFormat, type StreamHandle } from './handle.ts'
import type { KTable } from './k-table.ts'
import { emissionOf, type WindowedOptions } from './k-windowed-stream.ts'
import { createLate } from './late.ts'
import { sessionAggregateNode } from './session-aggregate.ts'
import type { SessionWindows } from './window-spec.ts'
import type { Windowed } from './windowed.ts'

export class KSessionWindowedStream<V> {
  readonly #above: StreamHandle<V>
  readonly #windows: SessionWindows
  readonly #dsl: Dsl

  constructor(above: StreamHandle<V>, windows: SessionWindows, dsl: Dsl) {
    this.#above = above
    this.#windows = windows
    this.#dsl = dsl
  }

  /**
   * Records of each session. Where a session grows, the result under its former bounds is deleted.
   *
   * Example: gap 100, grace 100 and a at 0, 150, 80, each in a commit of its own: [0, 1): 1; [150, 151): 1; then
   * both deleted and [0, 151): 3.
   */
  count(options: CountOptions & WindowedOptions<V>): KTable<number, Windowed> {
    return this.#table(options, countFold)
  }

  /** A fold over each session. Example: sums with `merge: (a, b) => a + b`: 3 at 0 and 4 at 50 make [0, 51): 7. */
  aggregate<A>(
    options: AggregateOptions<V, A> & SessionMerge<A> & WindowedOptions<V>
  ): KTable<A, Windowed> {
    return this.#table(options, { ...aggregateFold(options), merge: options.merge })
  }

  /** A fold whose result is like its values. Example: the larger of 3 at 0 and 7 at 50 makes [0, 51): 7. */
  reduce(options: ReduceOptions<V> & WindowedOptions<V>): KTable<V, Windowed> {
    const format = requireFormat(this.#above, 'reduce', options.format as never)
    return this.#table(options, reduceFold(options.reduce, format))
  }

  #table<A>(
    options: CountOptions & WindowedOptions<V>,
    fold: Fold<V, A> & SessionMerge<A>
  ): KTable<A, Windowed> {
    const { name } = options
    this.#above.graph.claim(fold.kind, name)
    return this.#dsl.table<A, Windowed>(
      sessionAggregateNode(this.#above, {
        name,
        fold,
        windows: this.#windows,
        emission: emissionOf(options),
        late: createLate(name, options.late)
      })
    )
  }
}
