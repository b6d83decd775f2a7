/**
 * @module A table: the newest value of each key, and how it changes.
 */
import type { Dsl, StreamKey } from './dsl.ts'
import type { RepartitionOptions } from './graph.ts'
import type { TableHandle } from './handle.ts'
import { type ForeignKeyJoinOptions, foreignKeyJoinNode } from './joins/foreign-key-join.ts'
import type { JoinKind } from './joins/stream-join.ts'
import { type TableJoinOptions, tableJoinNode } from './joins/table-join.ts'
import { KGroupedTable } from './k-grouped-table.ts'
import type { KStream } from './k-stream.ts'
import type { KeyValue } from './stateless.ts'
import { regroup } from './table-aggregate.ts'
import { changesOf, derivedTable } from './table-nodes.ts'

export class KTable<V, K extends StreamKey = string> {
  /** Its place in the graph, for operators. */
  readonly handle: TableHandle<V>
  readonly #dsl: Dsl

  constructor(handle: TableHandle<V>, dsl: Dsl) {
    this.handle = handle
    this.#dsl = dsl
  }

  /**
   * The entries that a predicate holds for; an entry for which it stops to hold is deleted.
   *
   * Example: `(n) => n > 2` on a: 3, then a: 1 gives a: 3, then a deletion of a.
   */
  filter(isWanted: (value: V, key: K) => boolean): KTable<V, K> {
    const keep = (value: V, key: unknown): V | null => (isWanted(value, key as K) ? value : null)
    const handle = derivedTable<V, V>(this.handle, 'filter', keep)
    return this.#dsl.table({ ...handle, format: this.handle.format })
  }

  /** The same keys with new values. Example: `(n) => n * 2` on a: 3 gives a: 6. */
  mapValues<R>(map: (value: V, key: K) => NonNullable<R>): KTable<NonNullable<R>, K> {
    return this.#dsl.table(
      derivedTable<V, NonNullable<R>>(this.handle, 'mapValues', (value, key) =>
        map(value, key as K)
      )
    )
  }

  /** Each change as a record: the new value, null for a deletion. */
  toStream(): KStream<V | null, K> {
    return this.#dsl.stream(changesOf(this.handle, { isKeyChanged: this.handle.getter === null }))
  }

  /**
   * The entries under new keys, in the internal topic `<app>-<name>-repartition`, for aggregates over
   * them. An entry that changes leaves the aggregate of its old key and joins that of its new one.
   *
   * Example: riders by city, counted: r1 in ny, r2 in ny, then r1 in la: { ny: 1, la: 1 }.
   */
  groupBy<R>(
    select: (value: V, key: K) => KeyValue<R>,
    options: RepartitionOptions<R>
  ): KGroupedTable<R> {
    return new KGroupedTable(regroup(this.handle, select as never, options), this.#dsl)
  }

  /**
   * A table of the keys that both tables have, made of both values; or, with `foreignKey`, of the entries
   * whose foreign key the other table has, see `ForeignKeyJoinOptions`.
   *
   * Example, by key: left { a: 1, b: 2 }, right { b: x, c: y } make { b: 2x }; right b: null deletes it.
   *
   * Example, by foreign key: rides { r1: { driver: d1, fare: 5 } }, drivers { d1: Ann } make
   * { r1: 5 by Ann }; a change of d1 to Bob makes { r1: 5 by Bob }.
   */
  join<W, R>(
    this: KTable<V, string>,
    other: KTable<W, string>,
    options: TableJoinOptions<V, W, R>
  ): KTable<R>
  join<W, R>(
    this: KTable<V, string>,
    other: KTable<W, string>,
    options: ForeignKeyJoinOptions<V, W, R>
  ): KTable<R>
  join(other: KTable<unknown, string>, options: object): KTable<unknown> {
    return this.#join('inner', other, options)
  }

  /**
   * As `join`, with null for entries of this table whose key, or foreign key, the other one does not have.
   *
   * Example: left { a: 1, b: 2 }, right { b: x, c: y } make { a: 1 with null, b: 2x }.
   */
  leftJoin<W, R>(
    this: KTable<V, string>,
    other: KTable<W, string>,
    options: TableJoinOptions<V, W, R, V, W | null>
  ): KTable<R>
  leftJoin<W, R>(
    this: KTable<V, string>,
    other: KTable<W, string>,
    options: ForeignKeyJoinOptions<V, W, R, W | null>
  ): KTable<R>
  leftJoin(other: KTable<unknown, string>, options: object): KTable<unknown> {
    return this.#join('left', other, options)
  }

  /**
   * The keys that either table has.
   *
   * Example: left { a: 1, b: 2 }, right { b: x, c: y } make { a: 1 with null, b: 2x, c: null with y }.
   */
  outerJoin<W, R>(
    this: KTable<V, string>,
    other: KTable<W, string>,
    options: TableJoinOptions<V, W, R, V | null, W | null>
  ): KTable<R> {
    return this.#join('outer', other as KTable<unknown, string>, options) as KTable<R>
  }

  #join(kind: JoinKind, { handle }: KTable<unknown, string>, options: object): KTable<unknown> {
    return this.#dsl.table(
      'foreignKey' in options
        ? foreignKeyJoinNode(this.handle, handle, kind as 'inner' | 'left', options as never)
        : tableJoinNode(this.handle, handle, kind, options as never)
    )
  }
}
