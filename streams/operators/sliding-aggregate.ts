/**
 * @module Aggregates of sliding windows. The windows of a key lie in a store of the operator's name, as
 * points; markers say when a window has closed and when a point is needed no more.
 */
import { type ClosedEntry, type StoreDefinition, tumblingWindow } from '../runtime/index.ts'
import { type ClosingMarkers, createMarkers } from './closing-markers.ts'
import { type Flow, type Forward, forwardAt, type Operator } from './flow.ts'
import type { StreamHandle, TableHandle } from './handle.ts'
import { flushHeld, heldUpdates, hold } from './held-updates.ts'
import {
  addToPoints,
  horizonMs,
  isSlidingClosed,
  type Point,
  type Points,
  pointsFormat,
  shownBy
} from './sliding-points.ts'
import type { WindowNodeOptions } from './window-aggregate.ts'
import type { SlidingWindows } from './window-spec.ts'

type Options<V, A> = WindowNodeOptions<V, A, SlidingWindows>

/** A stretch is this part of the size: final results come up to so much after their window's end. */
const stretchesPerSize = 4

const none: Points<never> = []

interface Markers {
  /** When the windows that end in a stretch have closed; null where nobody waits for it. */
  readonly closings: ClosingMarkers | null
  /** When the points of a stretch are needed no more. */
  readonly leavings: ClosingMarkers
}

/** The table of (key, window). A record costs a step for each of its key's points within 3 sizes and grace. */
export function slidingAggregateNode<V, A>(
  above: StreamHandle<V>,
  options: Options<V, A>
): TableHandle<A> {
  const { name, windows, fold, late, emission } = options
  const { sizeMs, graceMs } = windows
  const [closings, leavings] = [`${name}_closings`, `${name}_leavings`]
  const markers: Markers = {
    closings:
      emission !== 'close'
        ? null
        : createMarkers({
            store: closings,
            widthMs: sizeMs / stretchesPerSize,
            closesAfterMs: graceMs + 1
          }),
    leavings: createMarkers({
      store: leavings,
      widthMs: sizeMs,
      closesAfterMs: graceMs + 3 * sizeMs + 3
    })
  }
  const node = above.graph.add({
    kind: `${fold.kind} sliding`,
    name,
    parents: [above.node],
    stores: {
      [name]: { format: pointsFormat(fold.format), kind: 'remote' } as StoreDefinition,
      ...(markers.closings && { [closings]: markers.closings.definition }),
      [leavings]: markers.leavings.definition
    },
    sinks: late.sinks,
    create: (forward) => createSlidingOperator(forward, options, markers)
  })
  return { graph: above.graph, node, format: fold.format, getter: null, isTimeChanged: true }
}

function createSlidingOperator<V, A>(
  forward: Forward,
  { name, windows, fold, emission, late }: Options<V, A>,
  { closings, leavings }: Markers
): Operator {
  const slot = `operator ${name}`
  const pointsOf = (flow: Flow, key: string): Points<A> =>
    (flow.ctx.get(name, key) as Points<A> | undefined) ?? none
  const show = createPointForward<A>(forward, windows)
  const keep = (flow: Flow, key: string, points: Points<A>): void => {
    const oldestMs = horizonMs(windows, flow.ctx.windowTimeMs)
    const isDone = ({ isSilent }: Point<A>): boolean => emission !== 'close' || isSilent
    const kept = points.filter((point) => point.atMs >= oldestMs || !isDone(point))
    if (kept.length > 0) flow.ctx.put(name, key, kept as never)
    else flow.ctx.delete(name, key)
  }
  return {
    reads: (want, record) => {
      want(name, record.key)
      closings?.want(want, record)
      leavings.want(want, record)
    },
    process: (flow, key, value) => {
      if (value === null) return
      const { ctx, timestampMs } = flow
      const text = key as string
      const before = pointsOf(flow, text)
      const record = { key: text, value: value as V, timestampMs }
      const { windowTimeMs } = ctx
      const after = addToPoints(before, record, { windows, fold, windowTimeMs })
      const isLate = isSlidingClosed(timestampMs, windows, windowTimeMs)
      if (isLate) {
        late.missed(flow, value, windowOf(text, timestampMs, windows))
        late.record(flow, text, value)
      }
      if (after === null) return
      ctx.put(name, text, after as never)
      leavings.mark(flow, text)
      if (!isLate) closings?.mark(flow, text)
      if (emission === 'held') hold(heldUpdates<Points<A>>(flow, slot), text, before)
      else if (emission === 'update') show.difference(flow, text, before, after)
    },
    beforeCommit: (flow) =>
      flushHeld<Points<A>>(flow, slot, (key, before) =>
        show.difference(flow, key, before ?? none, pointsOf(flow, key))
      ),
    onClose: (flow, { startMs, key }: ClosedEntry, store) => {
      const points = pointsOf(flow, key)
      const widthMs = closings?.widthMs ?? 0
      if (store !== `${name}_closings`) {
        keep(flow, key, points)
        return
      }
      const isOver = ({ atMs }: Point<A>): boolean =>
        tumblingWindow(atMs, widthMs).startMs === startMs
      for (const point of points) if (isOver(point)) show.one(flow, key, point, null)
      keep(
        flow,
        key,
        points.map((one) => (isOver(one) ? { ...one, isSilent: true } : one))
      )
    }
  }
}

function windowOf(key: string, atMs: number, { sizeMs }: SlidingWindows) {
  return { key, startMs: atMs - sizeMs, endMs: atMs + 1 }
}

function createPointForward<A>(forward: Forward, windows: SlidingWindows) {
  const one = (flow: Flow, key: string, point: Point<A>, old: A | null): void => {
    const value = shownBy(point)
    if (value === null) return
    const timestampMs = point.atMs
    forwardAt(forward, flow, { key: windowOf(key, timestampMs, windows), value, old, timestampMs })
  }
  /** Forwards the windows that show something else than before. */
  const difference = (flow: Flow, key: string, before: Points<A>, after: Points<A>): void => {
    const former = new Map(before.map((point) => [point.atMs, point]))
    for (const point of after) {
      const was = former.get(point.atMs)
      if (was === point) continue
      const old = was === undefined ? null : shownBy(was)
      if (old !== shownBy(point)) one(flow, key, point, old)
    }
  }
  return { one, difference }
}
