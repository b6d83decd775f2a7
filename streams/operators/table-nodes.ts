/**
 * @module Operators of tables that keep nothing: they apply to the new and to the old value alike, and
 * what another operator reads of them is computed from the table above.
 */
import type { Forward } from './flow.ts'
import type { StreamHandle, TableGetter, TableHandle, Timestamped } from './handle.ts'

type OfEntry<V, R> = (value: V, key: unknown) => R | null

/** A table with each entry replaced by what `map` makes of it; null leaves it out. */
export function derivedTable<V, R>(
  above: TableHandle<V>,
  kind: string,
  map: OfEntry<V, R>
): TableHandle<R> {
  const node = above.graph.add({
    kind,
    parents: [above.node],
    acceptsTombstones: true,
    create: (forward) => ({ process: derive(forward, map as OfEntry<unknown, unknown>) })
  })
  const getter = above.getter === null ? null : derivedGetter(above.getter, map)
  return { graph: above.graph, node, format: null, getter, isTimeChanged: above.isTimeChanged }
}

function derive(forward: Forward, map: OfEntry<unknown, unknown>): Forward {
  return (flow, key, value, old) => {
    const mapped = value === null ? null : map(value, key)
    const mappedOld = old === null ? null : map(old, key)
    if (mapped !== null || mappedOld !== null) forward(flow, key, mapped, mappedOld)
  }
}

function derivedGetter<V, R>(getter: TableGetter<V>, map: OfEntry<V, R>): TableGetter<R> {
  const { store, history } = getter
  const derived = (entry: Timestamped<V> | undefined, key: string): Timestamped<R> | undefined => {
    if (entry === undefined) return undefined
    const value = map(entry.value, key)
    return value === null ? undefined : { value, timestampMs: entry.timestampMs }
  }
  return {
    store,
    get: (flow, key) => derived(getter.get(flow, key), key),
    ...(history && {
      history: {
        retentionMs: history.retentionMs,
        get: (flow, key, timestampMs) => derived(history.get(flow, key, timestampMs), key)
      }
    })
  }
}

/** The changes of a table as a stream: each new value, null for a deletion. */
export function changesOf<V>(
  above: TableHandle<V>,
  options: { readonly isKeyChanged: boolean }
): StreamHandle<V | null> {
  const node = above.graph.add({
    kind: 'toStream',
    parents: [above.node],
    acceptsTombstones: true,
    create: (forward) => ({
      process: (flow, key, value) => forward(flow, key, value, null)
    })
  })
  return {
    graph: above.graph,
    node,
    format: above.format,
    isKeyChanged: options.isKeyChanged,
    isTimeChanged: above.isTimeChanged,
    isPure: false
  }
}
