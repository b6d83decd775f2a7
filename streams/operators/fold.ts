/**
 * @module The folds behind `count`, `aggregate` and `reduce`, with and without windows.
 */
import { type Format, longFormat } from '../runtime/index.ts'
import type { Fold } from './aggregate.ts'

interface NamedOperator {
  /** Names the operator and its store, and so its changelog: keep it. */
  readonly name: string
  /**
   * False: each result is forwarded at once. Else one for each entry and commit, the newest, as
   * Kafka Streams' record cache does.
   */
  readonly cached?: boolean
}

export type CountOptions = NamedOperator

export interface AggregateOptions<V, A> extends NamedOperator {
  /** The aggregate of no record. */
  readonly init: () => A
  /** A new aggregate; the one given is kept as it is. */
  readonly add: (aggregate: A, value: V, key: string) => A
  readonly format: Format<A>
}

export interface ReduceOptions<V> extends NamedOperator {
  /** What two values become; the first record of a key is its own result. */
  readonly reduce: (reduced: V, value: V) => V
  /** May be left out where the stream knows how its values are written. */
  readonly format?: Format<V>
}

/** Joins the aggregates of two sessions that a record has made into one. */
export interface SessionMerge<A> {
  readonly merge: (earlier: A, later: A, key: string) => A
}

export const countFold: Fold<unknown, number> & SessionMerge<number> = {
  kind: 'count',
  init: () => 0,
  add: (count) => count + 1,
  merge: (earlier, later) => earlier + later,
  format: longFormat
}

export function aggregateFold<V, A>({ init, add, format }: AggregateOptions<V, A>): Fold<V, A> {
  return { kind: 'aggregate', init, add, format }
}

/** `undefined` stands for no value yet; it is never stored. */
export function reduceFold<V>(
  reduce: ReduceOptions<V>['reduce'],
  format: Format<V>
): Fold<V, V> & SessionMerge<V> {
  return {
    kind: 'reduce',
    init: () => undefined as V,
    add: (reduced, value) => (reduced === undefined ? value : reduce(reduced, value)),
    merge: reduce,
    format
  }
}
