/**
 * @module Windows on event time: which windows a timestamp belongs to and when it is too late for
 * one. Starts are aligned to the epoch and windows are half-open, [start, end). A window closes when
 * stream time, or the wall clock of an idle input, passes its end plus grace: with a durable timer
 * at that time a fold emits once at close, without waiting for the next record.
 */

/** A window, epoch ms; `endMs` is the first millisecond after it. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
}

/**
 * The tumbling window of a timestamp.
 *
 * Example: size 60,000 and timestamp 125,000 give [120000, 180000).
 */
export function tumblingWindow(timestampMs: number, sizeMs: number): Window {
  const startMs = timestampMs - modulo(timestampMs, sizeMs)
  return { startMs, endMs: startMs + sizeMs }
}

/**
 * The hopping windows of a timestamp, earliest first: ceil(size / advance) of them at most.
 *
 * Example: size 60,000, advance 20,000 and timestamp 125,000 give the starts 80000, 100000, 120000.
 */
export function hoppingWindows(
  timestampMs: number,
  sizes: { readonly sizeMs: number; readonly advanceMs: number }
): Window[] {
  const { sizeMs, advanceMs } = sizes
  const last = timestampMs - modulo(timestampMs, advanceMs)
  const windows: Window[] = []
  for (let startMs = last; startMs + sizeMs > timestampMs; startMs -= advanceMs) {
    windows.unshift({ startMs, endMs: startMs + sizeMs })
  }
  return windows
}

/**
 * Start of the sliding window of `sizeMs` that ends with a timestamp, both ends belonging to it.
 *
 * Example: size 300,000 at timestamp 1,000,000 begins with 700000.
 */
export function slidingWindowStart(timestampMs: number, sizeMs: number): number {
  return timestampMs - sizeMs
}

/**
 * The session a timestamp makes or extends: all sessions whose nearest record is closer than `gapMs` merge with it.
 *
 * Example: sessions [100, 200) and [500, 600), gap 150 and timestamp 340 merge into [100, 341): the
 * first had its last record 141 ms before, the second begins 160 ms later and stays.
 *
 * @returns the merged session and the sessions it replaces
 */
export function sessionWindow(
  timestampMs: number,
  gapMs: number,
  sessions: readonly Window[]
): { readonly merged: Window; readonly replaced: readonly Window[] } {
  const replaced = sessions.filter(
    ({ startMs, endMs }) => timestampMs - (endMs - 1) < gapMs && startMs - timestampMs < gapMs
  )
  const merged = {
    startMs: Math.min(timestampMs, ...replaced.map(({ startMs }) => startMs)),
    endMs: Math.max(timestampMs + 1, ...replaced.map(({ endMs }) => endMs))
  }
  return { merged, replaced }
}

/** True when a window no longer takes records: its end plus grace is not after stream time. */
export function isLate(window: Window, graceMs: number, streamTimeMs: number): boolean {
  return window.endMs + graceMs <= streamTimeMs
}

/** Remainder that is never negative, so that times before the epoch align too. */
function modulo(value: number, size: number): number {
  return ((value % size) + size) % size
}
