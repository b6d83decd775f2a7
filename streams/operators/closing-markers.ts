/**
 * @module When windows that do not lie on a raster come to their end: sessions and sliding windows are
 * kept by key, and a small window store beside them holds a marker for each key and stretch of time in
 * which it had records. The engine closes a stretch as any segment, and each marker in it says whose
 * windows to look at.
 */
import {
  type InputRecord,
  longFormat,
  type StoreDefinition,
  tumblingWindow
} from '../runtime/index.ts'
import type { Flow, WantKey } from './flow.ts'
import { createSegmentKeys } from './segment-keys.ts'

export interface ClosingMarkers {
  readonly definition: StoreDefinition
  /** Length of a stretch, ms: what closes within it closes together, up to so much late. */
  readonly widthMs: number
  /** Names the marker of a record's time among the keys to read. */
  want(want: WantKey, record: InputRecord): void
  /** Sets the marker of a record's time, if it is not there. */
  mark(flow: Flow, key: string): void
}

/** Value of every marker; only its being there counts. */
const marker = 1

/** @param options.closesAfterMs from a time to its end: what is of time t has ended at t + this */
export function createMarkers(options: {
  readonly store: string
  readonly widthMs: number
  readonly closesAfterMs: number
}): ClosingMarkers {
  const { store, closesAfterMs } = options
  const widthMs = Math.max(1, Math.floor(options.widthMs))
  const storeKey = createSegmentKeys()
  const keyOf = (timestampMs: number, key: string): string =>
    storeKey(tumblingWindow(timestampMs, widthMs).startMs, key)
  const definition = {
    format: longFormat,
    kind: 'remote',
    segments: { closesAtMs: (startMs: number) => startMs + widthMs - 1 + closesAfterMs }
  } as StoreDefinition
  return {
    definition,
    widthMs,
    want: (want, { key, timestampMs }) => want(store, keyOf(timestampMs, key)),
    mark: ({ ctx, timestampMs }, key) => {
      const at = keyOf(timestampMs, key)
      if (ctx.get(store, at) === undefined) ctx.put(store, at, marker as never)
    }
  }
}
