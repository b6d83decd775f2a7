/**
 * @module A stream of records. Each operator adds a node and returns a new stream; nothing runs before
 * the builder's sub-topologies do. Keys are texts; below windows they are `Windowed`.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import type { Format, StoreDefinitions, TopicSpec } from '../runtime/index.ts'
import { type MapAsyncOptions, mapAsyncNode } from './async-map.ts'
import type { Dsl, StreamKey } from './dsl.ts'
import type { RepartitionOptions } from './graph.ts'
import { requireFormat, requireKey, type StreamHandle } from './handle.ts'
import { type GlobalJoinOptions, type GlobalKTable, globalJoinNode } from './joins/global-join.ts'
import { type JoinKind, type StreamJoinOptions, streamJoinNode } from './joins/stream-join.ts'
import { streamTableJoinNode, type TableLookupOptions } from './joins/stream-table-join.ts'
import type { HistoryOptions } from './joins/versioned-table.ts'
import { KGroupedStream } from './k-grouped-stream.ts'
import type { KTable } from './k-table.ts'
import { type ProcessOptions, processNode } from './process.ts'
import { sinkNode, sinkOf } from './sink.ts'
import {
  branchNodes,
  filterNode,
  flatMapNode,
  flatMapValuesNode,
  type KeyValue,
  mapNode,
  mapValuesNode,
  mergeNode,
  peekNode,
  selectKeyNode
} from './stateless.ts'
import { newestTable } from './table-store.ts'
import { keyText } from './windowed.ts'

/** Repartition options whose format may be left out where the stream knows it. */
export type RepartitionBy<V> = Omit<RepartitionOptions<V>, 'format'> & {
  readonly format?: Format<V>
}

export class KStream<V, K extends StreamKey = string> {
  /** Its place in the graph, for operators. */
  readonly handle: StreamHandle<V>
  readonly #dsl: Dsl

  constructor(handle: StreamHandle<V>, dsl: Dsl) {
    this.handle = handle
    this.#dsl = dsl
  }

  /**
   * One record for each, key and value new. The key counts as changed.
   *
   * Example: `(value, key) => ({ key: value.city, value: 1 })` makes (r1, { city: ny }) into (ny, 1).
   */
  map<R, L extends StreamKey = string>(map: (value: V, key: K) => KeyValue<R, L>): KStream<R, L> {
    return this.#dsl.stream(mapNode<R>(this.handle, map))
  }

  /** One record for each with the same key. Example: `(n) => n * 2` makes (a, 3) into (a, 6). */
  mapValues<R>(map: (value: V, key: K) => R): KStream<R, K> {
    return this.#dsl.stream(mapValuesNode<R>(this.handle, map))
  }

  /** The records that a predicate holds for. Example: `(n) => n > 2` keeps 3 of 1, 3, 2. */
  filter<W extends V>(isWanted: (value: V, key: K) => value is W): KStream<W, K>
  filter(isWanted: (value: V, key: K) => boolean): KStream<V, K>
  filter(isWanted: (value: V, key: K) => boolean): KStream<V, K> {
    return this.#dsl.stream(filterNode(this.handle, isWanted, true))
  }

  /** The records that a predicate does not hold for. Example: `(n) => n > 2` keeps 1 and 2 of 1, 3, 2. */
  filterNot(isUnwanted: (value: V, key: K) => boolean): KStream<V, K> {
    return this.#dsl.stream(filterNode(this.handle, isUnwanted, false))
  }

  /**
   * Any number of records for each, key and value new. The key counts as changed.
   *
   * Example: words as keys: (l1, 'to be') gives (to, 1) and (be, 1), in this order.
   */
  flatMap<R, L extends StreamKey = string>(
    map: (value: V, key: K) => Iterable<KeyValue<R, L>>
  ): KStream<R, L> {
    return this.#dsl.stream(flatMapNode<R>(this.handle, map))
  }

  /** Any number of records for each with the same key. Example: (l1, 'to be') gives (l1, to), (l1, be). */
  flatMapValues<R>(map: (value: V, key: K) => Iterable<R>): KStream<R, K> {
    return this.#dsl.stream(flatMapValuesNode<R>(this.handle, map))
  }

  /**
   * Looks at each record. A batch that is repeated is looked at again: for logs and tests, never for
   * anything that must happen once.
   */
  peek(look: (value: V, key: K, timestampMs: number) => void): KStream<V, K> {
    return this.#dsl.stream(peekNode(this.handle, look))
  }

  /** The same values under new keys. Stores go by key, so a stateful operator below needs a `repartition`. */
  selectKey<L extends StreamKey = string>(select: (value: V, key: K) => L): KStream<V, L> {
    return this.#dsl.stream(selectKeyNode(this.handle, select))
  }

  /**
   * Writes the records to the internal topic `<app>-<name>-repartition` and reads them again, each
   * in the partition of its key. What is below is a sub-topology of its own; a null value is a
   * tombstone in between.
   *
   * It is always written out: an operator that needs it refuses to be built without, instead of
   * putting in a topic that nobody sees in the program.
   */
  repartition(this: KStream<V, string>, options: RepartitionBy<NonNullable<V>>): KStream<V> {
    const { graph, node } = this.handle
    const format = requireFormat(this.handle, 'repartition', options.format)
    return this.#dsl.stream<V>({
      graph,
      node: graph.repartition(node, { ...options, format }),
      format: format as Format<unknown> as Format<V>,
      isKeyChanged: false,
      isTimeChanged: false,
      isPure: true
    })
  }

  /**
   * One stream for each predicate. A record goes to the first whose predicate holds, in the order of
   * writing, or nowhere.
   *
   * Example: `{ high: (n) => n > 9, rest: () => true }` sends 12 to `high` and 3 to `rest`.
   */
  branch<B extends Readonly<Record<string, (value: V, key: K) => boolean>>>(
    predicates: B
  ): { readonly [N in keyof B]: KStream<V, K> } {
    const branches = Object.entries(branchNodes(this.handle, predicates))
    return Object.fromEntries(
      branches.map(([name, handle]) => [name, this.#dsl.stream<V, K>(handle)])
    ) as { [N in keyof B]: KStream<V, K> }
  }

  /** The records of both streams, in the order in which the task handles them. */
  merge(other: KStream<V, K>): KStream<V, K> {
    return this.#dsl.stream(mergeNode(this.handle, other.handle))
  }

  /** A handler with stores and timers of its own, for what no operator does. See `ProcessOptions`. */
  process<R = never, S extends StoreDefinitions = StoreDefinitions>(
    this: KStream<V, string>,
    options: ProcessOptions<V, R, S>
  ): KStream<R> {
    return this.#dsl.stream(processNode(this.handle, options))
  }

  /**
   * A call out for each record: see `MapAsyncOptions`. Records of one source key are called for and
   * forwarded in order; the result is part of the transaction that commits the record's offset. Null
   * passes without a call.
   *
   * @throws FatalError HAIL_TOPOLOGY below a stateful operator; put a `repartition` in between
   */
  mapAsync<R>(options: MapAsyncOptions<NonNullable<V>, R, K>): KStream<R | Extract<V, null>, K> {
    return this.#dsl.stream(mapAsyncNode(this.handle, options))
  }

  /**
   * Writes the records to a topic, of the catalogue or declared, with their timestamps. Null is a tombstone.
   *
   * @param options.key text of the key; a windowed key is `key@startMs` without
   */
  to<T extends TopicName>(
    topic: NonNullable<V> extends TopicRecords[T] ? T : never,
    options?: SinkOptions<V, K>
  ): void
  to(topic: TopicSpec<NonNullable<V>>, options?: SinkOptions<V, K>): void
  to(topic: TopicName | TopicSpec<NonNullable<V>>, options: SinkOptions<V, K> = {}): void {
    sinkNode(this.handle, sinkOf(topic as TopicSpec<never>), options.key ?? keyText)
  }

  /** Groups by the key as it is, for aggregates. */
  groupByKey(this: KStream<V, string>): KGroupedStream<NonNullable<V>> {
    requireKey(this.handle, 'groupByKey')
    return new KGroupedStream(this.handle as StreamHandle<NonNullable<V>>, this.#dsl)
  }

  /** `selectKey`, `repartition` and `groupByKey` in one: the topic bears the name. */
  groupBy(
    select: (value: V, key: K) => string,
    options: RepartitionBy<NonNullable<V>>
  ): KGroupedStream<NonNullable<V>> {
    return this.selectKey(select).repartition(options).groupByKey()
  }

  /** The newest value of each key; null deletes. Example: (a, 1), (a, 2), (b, 3) make { a: 2, b: 3 }. */
  toTable(
    this: KStream<V, string>,
    options: {
      readonly name: string
      readonly format?: Format<NonNullable<V>>
      /** Keeps earlier values for as-of joins. */
      readonly history?: HistoryOptions
    }
  ): KTable<NonNullable<V>> {
    const { graph, node, isTimeChanged } = this.handle
    requireKey(this.handle, 'toTable')
    const format = requireFormat(this.handle, 'toTable', options.format)
    const name = graph.claim('toTable', options.name)
    const { history } = options
    return this.#dsl.table(
      newestTable(graph, node, { kind: 'toTable', name, format, isTimeChanged, history })
    )
  }

  /**
   * Pairs with records of another stream that have the same key and are close in time, see `joinWindow`;
   * or, of a table, the record with the table's value of its key, see `TableLookupOptions`.
   *
   * Example, streams: before 5, after 5: left (a, 1) at 100, right (a, x) at 104 and (a, y) at 106 give
   * (a, 1x) at 104.
   *
   * Example, table: { a: x } and the records (a, 1), (b, 2) give (a, 1x).
   */
  join<W, R>(
    this: KStream<V, string>,
    other: KStream<W, string>,
    options: StreamJoinOptions<NonNullable<V>, NonNullable<W>, R>
  ): KStream<R>
  join<T, R>(
    this: KStream<V, string>,
    table: KTable<T, string>,
    options: TableLookupOptions<NonNullable<V>, T, R>
  ): KStream<R>
  join(other: Joined, options: unknown): KStream<unknown> {
    return this.#join('inner', other, options)
  }

  /**
   * As `join`, and each record of this stream that found no partner: of a stream once its window has
   * closed, also when input is idle; of a table at once.
   *
   * Example, streams: before 5, after 5, no grace: left (a, 1) at 100 and (a, 2) at 110, right (a, x)
   * at 103 give (a, 1x) at 103 and, when window time is past 115, (a, 2) with null at 110. A stateful
   * operator below needs a `repartition`, since what comes at a close has no input.
   *
   * Example, table: { a: x } and the records (a, 1), (b, 2) give (a, 1x) and (b, 2) with null.
   */
  leftJoin<W, R>(
    this: KStream<V, string>,
    other: KStream<W, string>,
    options: StreamJoinOptions<
      NonNullable<V>,
      NonNullable<W>,
      R,
      NonNullable<V>,
      NonNullable<W> | null
    >
  ): KStream<R>
  leftJoin<T, R>(
    this: KStream<V, string>,
    table: KTable<T, string>,
    options: TableLookupOptions<NonNullable<V>, T, R, T | null>
  ): KStream<R>
  leftJoin(other: Joined, options: unknown): KStream<unknown> {
    return this.#join('left', other, options)
  }

  /**
   * As `leftJoin`, and each record of the other stream that found no partner.
   *
   * Example: before 5, after 5, no grace: left (a, 1) at 100, right (a, x) at 110 give, when window time
   * is past 105, (a, 1) with null at 100 and, past 115, null with x at 110.
   */
  outerJoin<W, R>(
    this: KStream<V, string>,
    other: KStream<W, string>,
    options: StreamJoinOptions<
      NonNullable<V>,
      NonNullable<W>,
      R,
      NonNullable<V> | null,
      NonNullable<W> | null
    >
  ): KStream<R> {
    return this.#join('outer', other as Joined, options) as KStream<R>
  }

  /**
   * Each record with the value of a global table under the key that `key` names, which may be any; none
   * without such a value.
   *
   * Example: cities { ny: New York } and rides (r1, { city: ny }), (r2, { city: xx }) by their city give
   * r1 with New York.
   */
  joinGlobal<G, R>(table: GlobalKTable<G>, options: GlobalJoinOptions<V, G, R, K>): KStream<R, K> {
    return this.#dsl.stream(globalJoinNode<R>(this.handle, table as never, 'inner', options))
  }

  /** As `joinGlobal`, with null where the table has no value. */
  leftJoinGlobal<G, R>(
    table: GlobalKTable<G>,
    options: GlobalJoinOptions<V, G, R, K, G | null>
  ): KStream<R, K> {
    return this.#dsl.stream(globalJoinNode<R>(this.handle, table as never, 'left', options))
  }

  #join(kind: JoinKind, { handle }: Joined, options: unknown): KStream<unknown> {
    return this.#dsl.stream(
      'getter' in handle
        ? streamTableJoinNode(this.handle, handle, kind as 'inner' | 'left', options as never)
        : streamJoinNode(this.handle, handle, kind, options as never)
    )
  }
}

/** The other side of a join. */
type Joined = KStream<unknown, string> | KTable<unknown, string>

export interface SinkOptions<V, K extends StreamKey> {
  /** Text of the key in the topic; a windowed key is `key@startMs` when absent. */
  readonly key?: (key: K, value: V) => string
}
