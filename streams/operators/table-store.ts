/**
 * @module Tables that hold the newest value of each key: those of a topic and those of a stream.
 */
import type { Format } from '../runtime/index.ts'
import { aggregateStore } from './aggregate.ts'
import type { Graph, Node } from './graph.ts'
import type { TableHandle, Timestamped } from './handle.ts'
import { type HistoryOptions, versionedTableNode } from './joins/versioned-table.ts'

/**
 * A table of what comes from `above`, in a store of the operator's name. The newest is the last
 * record of the key in its partition, whatever its timestamp; null deletes.
 */
export function tableNode<V>(
  graph: Graph,
  above: Node,
  options: {
    readonly kind: string
    readonly name: string
    readonly format: Format<V>
    readonly isTimeChanged: boolean
  }
): TableHandle<V> {
  const { kind, name, format } = options
  const node = graph.add({
    kind,
    name,
    parents: [above],
    stores: { [name]: aggregateStore(format) },
    acceptsTombstones: true,
    create: (forward) => ({
      reads: (want, record) => want(name, record.key),
      process: (flow, key, value) => {
        const { ctx, timestampMs } = flow
        const before = ctx.get(name, key as string) as Timestamped<V> | undefined
        if (value === null && before === undefined) return
        if (value === null) ctx.delete(name, key as string)
        else ctx.put(name, key as string, { value, timestampMs } as never)
        forward(flow, key, value, before?.value ?? null)
      }
    })
  })
  return {
    graph,
    node,
    format,
    getter: { store: name, get: (flow, key) => flow.ctx.get(name, key) as never },
    isTimeChanged: options.isTimeChanged
  }
}

/** A table that keeps its earlier versions too where a history is asked for. */
export function newestTable<V>(
  graph: Graph,
  above: Node,
  {
    history,
    ...options
  }: Parameters<typeof tableNode<V>>[2] & {
    readonly history: HistoryOptions | undefined
  }
): TableHandle<V> {
  return history === undefined
    ? tableNode(graph, above, options)
    : versionedTableNode(graph, above, { ...options, history })
}
