/**
 * @module Aggregates of sessions. The open sessions of a key lie in a store of the operator's name; those
 * that have closed leave it when the stretch of their last record closes.
 */
import {
  type ClosedEntry,
  type Format,
  type StoreDefinition,
  tumblingWindow
} from '../runtime/index.ts'
import type { Fold } from './aggregate.ts'
import { type ClosingMarkers, createMarkers } from './closing-markers.ts'
import { type Flow, type Forward, forwardAt, type Operator } from './flow.ts'
import type { SessionMerge } from './fold.ts'
import type { StreamHandle, TableHandle } from './handle.ts'
import { flushHeld, heldUpdates, hold } from './held-updates.ts'
import { addToSessions, type Session, type Sessions, sessionsFormat } from './sessions.ts'
import type { WindowNodeOptions } from './window-aggregate.ts'
import type { SessionWindows } from './window-spec.ts'
import type { Windowed } from './windowed.ts'

interface SessionNodeOptions<V, A> extends WindowNodeOptions<V, A, SessionWindows> {
  readonly fold: Fold<V, A> & SessionMerge<A>
}

/** A stretch is this part of the gap: sessions close up to so much after their time. */
const stretchesPerGap = 4

const none: Sessions<never> = []

/**
 * The table of (key, session). On update, a session that has grown is deleted under its former bounds;
 * at close, each session is forwarded once, up to a quarter of the gap after it can take no more records.
 */
export function sessionAggregateNode<V, A>(
  above: StreamHandle<V>,
  options: SessionNodeOptions<V, A>
): TableHandle<A> {
  const { name, windows, fold, late } = options
  const { gapMs, graceMs } = windows
  const closings = `${name}_closings`
  const markers = createMarkers({
    store: closings,
    widthMs: gapMs / stretchesPerGap,
    closesAfterMs: gapMs + graceMs
  })
  const format = sessionsFormat(fold.format as Format<A>)
  const node = above.graph.add({
    kind: `${fold.kind} session`,
    name,
    parents: [above.node],
    stores: {
      [name]: { format, kind: 'remote' } as StoreDefinition,
      [closings]: markers.definition
    },
    sinks: late.sinks,
    create: (forward) => createSessionOperator(forward, options, markers)
  })
  return { graph: above.graph, node, format: fold.format, getter: null, isTimeChanged: true }
}

function createSessionOperator<V, A>(
  forward: Forward,
  { name, windows, fold, emission, late }: SessionNodeOptions<V, A>,
  markers: ClosingMarkers
): Operator {
  const slot = `operator ${name}`
  const sessionsOf = (flow: Flow, key: string): Sessions<A> =>
    (flow.ctx.get(name, key) as Sessions<A> | undefined) ?? none
  const emitted = createSessionForward<A>(forward)
  return {
    reads: (want, record) => {
      want(name, record.key)
      markers.want(want, record)
    },
    process: (flow, key, value) => {
      if (value === null) return
      const { ctx, timestampMs } = flow
      const text = key as string
      const before = sessionsOf(flow, text)
      const { windowTimeMs } = ctx
      const record = { key: text, value: value as V, timestampMs }
      const change = addToSessions(before, record, { windows, fold, windowTimeMs })
      if (change === null) {
        late.missed(flow, value, { key: text, startMs: timestampMs, endMs: timestampMs + 1 })
        late.record(flow, text, value)
        return
      }
      ctx.put(name, text, change.sessions as never)
      if (change.merged.lastMs === timestampMs) markers.mark(flow, text)
      if (emission === 'held') hold(heldUpdates<Sessions<A>>(flow, slot), text, before)
      else if (emission === 'update') emitted.difference(flow, text, before, change.sessions)
    },
    beforeCommit: (flow) =>
      flushHeld<Sessions<A>>(flow, slot, (key, before) =>
        emitted.difference(flow, key, before ?? none, sessionsOf(flow, key))
      ),
    onClose: (flow, { startMs, key }: ClosedEntry) => {
      const isOver = ({ lastMs }: Session<A>): boolean =>
        tumblingWindow(lastMs, markers.widthMs).startMs === startMs
      const sessions = sessionsOf(flow, key)
      const open = sessions.filter((one) => !isOver(one))
      if (open.length === sessions.length) return
      if (open.length > 0) flow.ctx.put(name, key, open as never)
      else flow.ctx.delete(name, key)
      if (emission !== 'close') return
      for (const over of sessions) if (isOver(over)) emitted.one(flow, key, over, null)
    }
  }
}

function createSessionForward<A>(forward: Forward) {
  const windowOf = ({ startMs, lastMs }: Session<A>, key: string): Windowed => {
    return { key, startMs, endMs: lastMs + 1 }
  }
  const one = (flow: Flow, key: string, session: Session<A>, old: A | null): void =>
    forwardAt(forward, flow, {
      key: windowOf(session, key),
      value: session.value,
      old,
      timestampMs: session.lastMs
    })
  /** Deletes what is gone, then forwards what is new or changed. */
  const difference = (flow: Flow, key: string, before: Sessions<A>, after: Sessions<A>): void => {
    for (const gone of before) {
      if (after.some((session) => isSame(session, gone))) continue
      forwardAt(forward, flow, {
        key: windowOf(gone, key),
        value: null,
        old: gone.value,
        timestampMs: gone.lastMs
      })
    }
    for (const session of after) {
      if (before.includes(session)) continue
      const former = before.find((candidate) => isSame(candidate, session))
      one(flow, key, session, former?.value ?? null)
    }
  }
  return { one, difference }
}

/** The same bounds, so the same windowed key. */
function isSame(a: Session<unknown>, b: Session<unknown>): boolean {
  return a.startMs === b.startMs && a.lastMs === b.lastMs
}
