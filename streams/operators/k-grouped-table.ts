/**
 * @module A table grouped by new keys, ready for aggregates that follow its entries: one that changes
 * is subtracted as it was and added as it is.
 */
import { longFormat } from '../runtime/index.ts'
import type { Dsl } from './dsl.ts'
import type { AggregateOptions, CountOptions } from './fold.ts'
import type { Change } from './formats.ts'
import type { StreamHandle } from './handle.ts'
import type { KTable } from './k-table.ts'
import { type TableFold, tableAggregateNode } from './table-aggregate.ts'

export interface TableAggregateOptions<V, A> extends AggregateOptions<V, A> {
  /** Undoes `add` of the same value. */
  readonly subtract: (aggregate: A, value: V, key: string) => A
}

export class KGroupedTable<V> {
  readonly #above: StreamHandle<Change<V>>
  readonly #dsl: Dsl

  constructor(above: StreamHandle<Change<V>>, dsl: Dsl) {
    this.#above = above
    this.#dsl = dsl
  }

  /** Entries of each group. Example: r1: ny, r2: ny, then r1: la make { ny: 1, la: 1 }. */
  count(options: CountOptions): KTable<number> {
    return this.#table(options, {
      kind: 'count',
      init: () => 0,
      add: (count) => count + 1,
      subtract: (count) => count - 1,
      format: longFormat
    })
  }

  /**
   * A fold over the entries of each group.
   *
   * Example: the sum of fares by city: r1: 10 in ny, r2: 5 in ny, then r1: 12 make 10, 15, 17.
   */
  aggregate<A>(options: TableAggregateOptions<V, A>): KTable<A> {
    const { init, add, subtract, format } = options
    return this.#table(options, { kind: 'aggregate', init, add, subtract, format })
  }

  #table<A>({ name, cached }: CountOptions, fold: TableFold<V, A>): KTable<A> {
    this.#above.graph.claim(fold.kind, name)
    const options = { name, fold, isCached: cached ?? true }
    return this.#dsl.table(tableAggregateNode(this.#above, options))
  }
}
