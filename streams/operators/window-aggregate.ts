/**
 * @module Aggregates of tumbling and hopping windows, in a window store: one segment for each window
 * start, closed at its end plus grace.
 */
import {
  type InputRecord,
  keyInSegment,
  type StoreDefinition,
  segmentStart
} from '../runtime/index.ts'
import { aggregateStore, type Fold, forwardAggregate, later } from './aggregate.ts'
import type { Forward, Operator, WantKey } from './flow.ts'
import type { StreamHandle, TableHandle, Timestamped } from './handle.ts'
import {
  aggregateHold,
  flushAggregates,
  type HeldAggregate,
  holdAggregate
} from './held-aggregates.ts'
import type { Late } from './late.ts'
import { createSegmentKeys } from './segment-keys.ts'
import type { TimeWindows } from './window-spec.ts'
import type { Windowed } from './windowed.ts'

/** When results of windows are forwarded: on update held back or at once, or once at close. */
export type Emission = 'held' | 'update' | 'close'

export interface WindowNodeOptions<V, A, W> {
  readonly name: string
  readonly windows: W
  readonly fold: Fold<V, A>
  readonly emission: Emission
  readonly late: Late
}

/** The table of (key, window). Its old values are those of the last forward. */
export function windowAggregateNode<V, A>(
  above: StreamHandle<V>,
  options: WindowNodeOptions<V, A, TimeWindows>
): TableHandle<A> {
  const { name, windows, fold, late } = options
  const { sizeMs, graceMs } = windows
  const store = {
    ...aggregateStore(fold.format),
    segments: { closesAtMs: (startMs: number) => startMs + sizeMs + graceMs }
  } as StoreDefinition
  const node = above.graph.add({
    kind: `${fold.kind} ${windows.kind}`,
    name,
    parents: [above.node],
    stores: { [name]: store },
    sinks: late.sinks,
    create: (forward) => createWindowOperator(forward, options)
  })
  return { graph: above.graph, node, format: fold.format, getter: null, isTimeChanged: true }
}

function createWindowOperator<V, A>(
  forward: Forward,
  { name, windows, fold, emission, late }: WindowNodeOptions<V, A, TimeWindows>
): Operator {
  const { sizeMs, advanceMs, graceMs } = windows
  const slot = `operator ${name}`
  const storeKey = createSegmentKeys()
  const windowOf = (startMs: number, key: string): Windowed => {
    return { key, startMs, endMs: startMs + sizeMs }
  }
  const process: Forward = (flow, key, value) => {
    if (value === null) return
    const text = key as string
    const closedMs = flow.ctx.windowTimeMs - sizeMs - graceMs
    const lastMs = windowStart(flow.timestampMs, advanceMs)
    let startMs = firstStart(flow.timestampMs, lastMs, windows)
    if (startMs <= closedMs) {
      for (; startMs <= closedMs && startMs <= lastMs; startMs += advanceMs) {
        late.missed(flow, value, windowOf(startMs, text))
      }
      late.record(flow, text, value)
    }
    const hold = emission === 'held' ? aggregateHold<A>(flow, slot) : null
    for (; startMs <= lastMs; startMs += advanceMs) {
      const at = storeKey(startMs, text)
      const before = flow.ctx.get(name, at) as HeldAggregate<A> | undefined
      const after: HeldAggregate<A> = {
        value: fold.add(before === undefined ? fold.init() : before.value, value as V, text),
        timestampMs: later(before, flow.timestampMs),
        heldIn: 0
      }
      flow.ctx.put(name, at, after as never)
      if (hold !== null) holdAggregate(hold, at, before, after)
      else if (emission === 'update') {
        forwardAggregate(forward, flow, { key: windowOf(startMs, text), before, after })
      }
    }
  }
  const reads = (want: WantKey, { key, timestampMs }: InputRecord): void => {
    const lastMs = windowStart(timestampMs, advanceMs)
    let startMs = firstStart(timestampMs, lastMs, windows)
    for (; startMs <= lastMs; startMs += advanceMs) want(name, storeKey(startMs, key))
  }
  if (emission === 'close') {
    return {
      process,
      reads,
      onClose: (flow, { startMs, key, value }) => {
        const after = value as Timestamped<A>
        forwardAggregate(forward, flow, { key: windowOf(startMs, key), after })
      }
    }
  }
  return {
    process,
    reads,
    beforeCommit: (flow) =>
      flushAggregates<A>(flow, { store: name, slot }, (at, before, after) => {
        const key = windowOf(segmentStart(at), keyInSegment(at))
        forwardAggregate(forward, flow, { key, before, after })
      })
  }
}

/** Start of the last window that a timestamp lies in; before the epoch too. */
function windowStart(timestampMs: number, advanceMs: number): number {
  const over = timestampMs % advanceMs
  return timestampMs - (over < 0 ? over + advanceMs : over)
}

/** Start of the first window that a timestamp lies in. */
function firstStart(
  timestampMs: number,
  lastMs: number,
  { sizeMs, advanceMs }: TimeWindows
): number {
  if (sizeMs === advanceMs) return lastMs
  const earlier = Math.floor((sizeMs - 1 - (timestampMs - lastMs)) / advanceMs)
  return lastMs - earlier * advanceMs
}
