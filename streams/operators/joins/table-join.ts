/**
 * @module Joins of two tables by key. The result is a table with a store of its own: what an entry
 * was before is what was forwarded of it before, so that aggregates over the join subtract what they
 * added, also where both sides changed in one batch.
 */
import type { Format } from '../../runtime/index.ts'
import { aggregateStore } from '../aggregate.ts'
import { type Forward, forwardAt, type Operator } from '../flow.ts'
import type { Node } from '../graph.ts'
import {
  requireFormat,
  type TableGetter,
  type TableHandle,
  type Timestamped,
  wantEntry
} from '../handle.ts'
import { requireCoPartitioned } from './co-partitioning.ts'
import type { JoinKind } from './stream-join.ts'
import { requireGetter } from './table-reading.ts'

export interface TableJoinOptions<V, W, R, L = V, O = W> {
  /** Names the result's store. */
  readonly name: string
  /** Makes the result of both values; null stands for a side without one. */
  readonly join: (left: L, right: O, key: string) => R
  readonly format: Format<R>
}

interface SideOptions {
  readonly name: string
  readonly other: TableGetter<unknown>
  /** The result of this side's value and the other's; null where there is none. */
  readonly result: (own: unknown, other: unknown, key: string) => unknown
}

/**
 * An entry for each key that both sides have (inner), the left has (left) or either has (outer). A
 * result carries the later timestamp of both sides; a deletion that of the change.
 */
export function tableJoinNode<R>(
  left: TableHandle<unknown>,
  right: TableHandle<unknown>,
  kind: JoinKind,
  options: TableJoinOptions<never, never, R, never, never>
): TableHandle<R> {
  const { graph } = left
  const label = `${kind} table join`
  const name = graph.claim(label, options.name)
  requireCoPartitioned(`${label} ${name}`, left, right)
  const leftGetter = requireGetter(graph, left, label)
  const rightGetter = requireGetter(graph, right, label)
  const format = requireFormat<R>({ graph, format: null }, label, options.format as never)
  const store = aggregateStore(format)
  const result = (mine: unknown, theirs: unknown, key: string): unknown => {
    if (mine === null && (kind !== 'outer' || theirs === null)) return null
    if (theirs === null && kind === 'inner') return null
    return options.join(mine as never, theirs as never, key)
  }
  const side = (above: Node, which: string, create: SideOptions): Node =>
    graph.add({
      kind: `${label} ${which}`,
      parents: [above],
      stores: { [name]: store },
      uses: [create.other.store],
      acceptsTombstones: true,
      create: (forward) => createSide(forward, create)
    })
  const sides = [
    side(left.node, 'left', { name, other: rightGetter, result }),
    side(right.node, 'right', {
      name,
      other: leftGetter,
      result: (own, other, key) => result(other, own, key)
    })
  ]
  const node = graph.add({
    kind: label,
    name,
    parents: sides,
    create: (forward) => ({ process: forward })
  })
  return {
    graph,
    node,
    format: options.format,
    getter: { store: name, get: (flow, key) => flow.ctx.get(name, key) as never },
    isTimeChanged: true
  }
}

function createSide(forward: Forward, { name, other, result }: SideOptions): Operator {
  return {
    reads: (want, record) => {
      want(name, record.key)
      wantEntry(want, other, record.key)
    },
    process: (flow, key, value) => {
      const { ctx } = flow
      const text = key as string
      const found = other.get(flow, text)
      const before = ctx.get(name, text) as Timestamped<unknown> | undefined
      const made = result(value, found?.value ?? null, text)
      if (made === null && before === undefined) return
      const timestampMs =
        made === null ? flow.timestampMs : Math.max(flow.timestampMs, found?.timestampMs ?? 0)
      if (made === null) ctx.delete(name, text)
      else ctx.put(name, text, { value: made, timestampMs } as never)
      forwardAt(forward, flow, { key, value: made, old: before?.value ?? null, timestampMs })
    }
  }
}
