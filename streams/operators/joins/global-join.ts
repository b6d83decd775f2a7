/**
 * @module Joins with a global table: each process holds the whole table, so a record may look up any
 * key, whatever its own partition.
 */
import type { GlobalTableDefinition } from '../../runtime/index.ts'
import type { Graph } from '../graph.ts'
import { type StreamHandle, streamBelow } from '../handle.ts'

/** A topic that every process holds whole; made by `builder.globalTable`. */
export class GlobalKTable<V> {
  readonly graph: Graph
  readonly definition: GlobalTableDefinition<V>

  constructor(graph: Graph, definition: GlobalTableDefinition<V>) {
    this.graph = graph
    this.definition = definition
  }
}

export interface GlobalJoinOptions<V, G, R, K = string, O = G> {
  /** The table's key that a record looks up; null for none. */
  readonly key: (value: V, key: K) => string | null
  readonly join: (value: V, global: O, key: K) => R
}

/** @throws FatalError HAIL_TOPOLOGY for a table of another builder */
export function globalJoinNode<R>(
  above: StreamHandle<unknown>,
  table: GlobalKTable<unknown>,
  kind: 'inner' | 'left',
  { key: keyOf, join }: GlobalJoinOptions<never, never, R, never>
): StreamHandle<R> {
  const { graph } = above
  const { name } = table.definition
  if (table.graph !== graph) {
    throw graph.wiring(
      `joinGlobal: expected a global table of this builder, got ${name} of another`
    )
  }
  const node = graph.add({
    kind: `${kind} join with global ${name}`,
    parents: [above.node],
    globals: [table.definition as GlobalTableDefinition],
    create: (forward) => ({
      process: (flow, key, value) => {
        const wanted = value === null ? null : keyOf(value as never, key as never)
        const found = wanted === null ? undefined : flow.ctx.global(name, wanted)
        if (found === undefined && kind === 'inner') return
        const result = join(value as never, (found ?? null) as never, key as never)
        forward(flow, key, result, null)
      }
    })
  })
  return streamBelow<R>(above, { node, isPure: false })
}
