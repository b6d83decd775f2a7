/**
 * @module Aggregates over the entries of a table: an entry that changes is subtracted as it was and
 * added as it is. Between the two lies a topic, since old and new may belong to different keys.
 */
import type { Format } from '../runtime/index.ts'
import { aggregateNode } from './aggregate.ts'
import { type Change, changeFormat } from './formats.ts'
import type { RepartitionOptions } from './graph.ts'
import type { StreamHandle, TableHandle } from './handle.ts'
import type { KeyValue } from './stateless.ts'

/** The changes of a table by new keys. One that stays with its key is one record, so nobody sees it gone. */
export function regroup<V, R>(
  above: TableHandle<V>,
  select: (value: V, key: unknown) => KeyValue<R>,
  options: RepartitionOptions<R>
): StreamHandle<Change<R>> {
  const { graph } = above
  const split = graph.add({
    kind: 'groupBy',
    parents: [above.node],
    acceptsTombstones: true,
    create: (forward) => ({
      process: (flow, key, value, old) => {
        const from = old === null ? null : select(old as V, key)
        const to = value === null ? null : select(value as V, key)
        if (from !== null && to !== null && from.key === to.key) {
          forward(flow, to.key, { value: to.value, old: from.value }, null)
          return
        }
        if (from !== null) forward(flow, from.key, { value: null, old: from.value }, null)
        if (to !== null) forward(flow, to.key, { value: to.value, old: null }, null)
      }
    })
  })
  const format = changeFormat(options.format)
  const node = graph.repartition(split, { ...options, format })
  return { graph, node, format, isKeyChanged: false, isTimeChanged: false, isPure: false }
}

/** How an aggregate over a table is made and written. */
export interface TableFold<V, A> {
  readonly kind: string
  init(): A
  add(aggregate: A, value: V, key: string): A
  subtract(aggregate: A, value: V, key: string): A
  readonly format: Format<A>
}

/** The table of the aggregates: a fold over changes instead of values. */
export function tableAggregateNode<V, A>(
  above: StreamHandle<Change<V>>,
  options: { readonly name: string; readonly fold: TableFold<V, A>; readonly isCached: boolean }
): TableHandle<A> {
  const { kind, init, format, add, subtract } = options.fold
  const addChange = (before: A, { value, old }: Change<V>, key: string): A => {
    const without = old === null ? before : subtract(before, old, key)
    return value === null ? without : add(without, value, key)
  }
  return aggregateNode(above, { ...options, fold: { kind, init, format, add: addChange } })
}
