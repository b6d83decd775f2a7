/**
 * @module What joins ask of a table that they look into.
 */
import type { Graph } from '../graph.ts'
import type { TableGetter, TableHandle, TableHistory } from '../handle.ts'

/** @throws FatalError HAIL_TOPOLOGY for a table of windows, which has no entries by key */
export function requireGetter<V>(
  graph: Graph,
  table: TableHandle<V>,
  kind: string
): TableGetter<V> {
  if (table.getter !== null) return table.getter
  throw graph.wiring(`${kind}: expected a table with entries by key, got one below windows`)
}

/** @throws FatalError HAIL_TOPOLOGY for a table that keeps no earlier versions, or not for `graceMs` */
export function requireHistory<V>(
  graph: Graph,
  table: TableHandle<V>,
  { kind, graceMs }: { readonly kind: string; readonly graceMs: number }
): TableHistory<V> {
  const { history } = requireGetter(graph, table, kind)
  if (history === undefined) {
    throw graph.wiring(
      `${kind}: expected a table with earlier versions, got one of the newest values; make it with ` +
        '`history: { retentionMs }`'
    )
  }
  if (history.retentionMs >= graceMs) return history
  throw graph.wiring(
    `${kind}: expected a table whose history reaches as far as the grace of ${graceMs} ms, got ` +
      `${history.retentionMs} ms; raise its \`retentionMs\``
  )
}
