/**
 * @module The aggregate of all records of a key: the fold behind `count`, `aggregate` and `reduce`
 * without windows.
 */
import type { Format, StoreDefinition } from '../runtime/index.ts'
import { type Flow, type Forward, forwardAt } from './flow.ts'
import { timestampedFormat } from './formats.ts'
import type { StreamHandle, TableHandle, Timestamped } from './handle.ts'
import {
  aggregateHold,
  flushAggregates,
  type HeldAggregate,
  holdAggregate
} from './held-aggregates.ts'

/** How an aggregate is made and written. */
export interface Fold<V, A> {
  /** What count, aggregate or reduce is shown as. */
  readonly kind: string
  /** The aggregate of no record. */
  init(): A
  add(aggregate: A, value: V, key: string): A
  readonly format: Format<A>
}

export interface AggregateNodeOptions<V, A> {
  readonly name: string
  readonly fold: Fold<V, A>
  /** False: each result is forwarded at once; else the newest of each commit. */
  readonly isCached: boolean
}

/** The table of the aggregates, in a store of the operator's name. Null values change nothing. */
export function aggregateNode<V, A>(
  above: StreamHandle<V>,
  { name, fold, isCached }: AggregateNodeOptions<V, A>
): TableHandle<A> {
  const slot = `operator ${name}`
  const node = above.graph.add({
    kind: fold.kind,
    name,
    parents: [above.node],
    stores: { [name]: aggregateStore(fold.format) },
    create: (forward) => ({
      reads: (want, record) => want(name, record.key),
      process: (flow, key, value) => {
        if (value === null) return
        const { ctx } = flow
        const text = key as string
        const before = ctx.get(name, text) as HeldAggregate<A> | undefined
        const after: HeldAggregate<A> = {
          value: fold.add(before === undefined ? fold.init() : before.value, value as V, text),
          timestampMs: later(before, flow.timestampMs),
          heldIn: 0
        }
        ctx.put(name, text, after as never)
        if (isCached) holdAggregate(aggregateHold<A>(flow, slot), text, before, after)
        else forwardAggregate(forward, flow, { key, before, after })
      },
      beforeCommit: (flow) =>
        flushAggregates<A>(flow, { store: name, slot }, (key, before, after) =>
          forwardAggregate(forward, flow, { key, before, after })
        )
    })
  })
  return {
    graph: above.graph,
    node,
    format: fold.format,
    getter: { store: name, get: (flow, key) => flow.ctx.get(name, key) as never },
    isTimeChanged: true
  }
}

/** Forwards an aggregate with what it was, at its own timestamp. */
export function forwardAggregate(
  forward: Forward,
  flow: Flow,
  result: {
    readonly key: unknown
    readonly before?: Timestamped<unknown> | undefined
    readonly after: Timestamped<unknown>
  }
): void {
  const { key, before, after } = result
  const { value, timestampMs } = after
  const old = before === undefined ? null : before.value
  forwardAt(forward, flow, { key, value, old, timestampMs })
}

/** A store of aggregates with their timestamps. */
export function aggregateStore<A>(format: Format<A>): StoreDefinition {
  return { format: timestampedFormat(format), kind: 'remote' } as StoreDefinition
}

/** The later of an entry's timestamp and that of the record at hand. */
export function later(before: Timestamped<unknown> | undefined, timestampMs: number): number {
  return before !== undefined && before.timestampMs > timestampMs ? before.timestampMs : timestampMs
}
