/**
 * @module The sliding windows of one key, without the records in them: for each record time an aggregate
 * of what lies up to it and one of what comes after it. A new record's own window is computed from
 * those of its neighbours, as in Kafka Streams' SlidingWindows. Pure.
 */
import type { Format } from '../runtime/index.ts'
import type { Fold } from './aggregate.ts'
import { FrameReader, framed, numberBytes } from './formats.ts'
import type { SlidingWindows } from './window-spec.ts'

/** A time at which the key had a record, epoch ms. */
export interface Point<A> {
  readonly atMs: number
  /** Aggregate of [at - size, at]. */
  readonly within: A
  /** Aggregate of [at + 1, at + 1 + size]; null when nothing is there. */
  readonly after: A | null
  /** What the window was when it closed, where records have come since for the windows after it. */
  readonly settled: A | null
  /** True when the window shows nothing: its record came too late for it, or its final result is out. */
  readonly isSilent: boolean
}

/** The points of a key in the order of time. */
export type Points<A> = readonly Point<A>[]

export interface SlidingRules<V, A> {
  readonly windows: SlidingWindows
  readonly fold: Pick<Fold<V, A>, 'init' | 'add'>
  readonly windowTimeMs: number
}

/** What the window of a point shows; null for nothing. */
export function shownBy<A>(point: Point<A>): A | null {
  return point.isSilent ? null : (point.settled ?? point.within)
}

/** True when the window that ends with a time takes no more records. */
export function isSlidingClosed(
  atMs: number,
  { graceMs }: SlidingWindows,
  windowTimeMs: number
): boolean {
  return atMs + 1 + graceMs <= windowTimeMs
}

/**
 * Adds a record to each window that holds its time, and makes the window that ends with it.
 *
 * Example: size 10, counts, points 0, 8 and 15 with 1, 2 and 2 within: a record at 6 makes a point with
 * 2 (0 and 6), and the points 8 and 15 have 3.
 *
 * @returns null when all windows that would take it have closed: it is too late
 */
export function addToPoints<V, A>(
  points: Points<A>,
  record: { readonly key: string; readonly value: V; readonly timestampMs: number },
  rules: SlidingRules<V, A>
): Points<A> | null {
  const { windows, fold, windowTimeMs } = rules
  const { key, value, timestampMs } = record
  const { sizeMs } = windows
  const isClosed = (atMs: number): boolean => isSlidingClosed(atMs, windows, windowTimeMs)
  const holds = ({ atMs }: Point<A>): boolean => atMs >= timestampMs && atMs - sizeMs <= timestampMs
  const isOwnClosed = isClosed(timestampMs)
  if (isOwnClosed && !points.some((point) => holds(point) && !isClosed(point.atMs))) return null
  const next: Point<A>[] = []
  let isPlaced = false
  const place = (): void => {
    isPlaced = true
    next.push({
      atMs: timestampMs,
      within: fold.add(baseWithin(points, timestampMs, sizeMs) ?? fold.init(), value, key),
      after: baseAfter(points, timestampMs, sizeMs),
      settled: null,
      isSilent: isOwnClosed
    })
  }
  for (const point of points) {
    if (!isPlaced && point.atMs > timestampMs) place()
    if (point.atMs === timestampMs) isPlaced = true
    if (holds(point)) {
      const isFinal = isClosed(point.atMs) && !point.isSilent && point.settled === null
      const settled = isFinal ? point.within : point.settled
      next.push({ ...point, within: fold.add(point.within, value, key), settled })
    } else if (point.atMs < timestampMs && timestampMs <= point.atMs + 1 + sizeMs) {
      next.push({ ...point, after: fold.add(point.after ?? fold.init(), value, key) })
    } else {
      next.push(point)
    }
  }
  if (!isPlaced) place()
  return next
}

/** Oldest point that any further record can need: three sizes before the oldest open window. */
export function horizonMs({ sizeMs, graceMs }: SlidingWindows, windowTimeMs: number): number {
  return windowTimeMs - graceMs - 3 * sizeMs - 2
}

/**
 * What [t - size, t) holds already; null for nothing. The window that begins last before t - size
 * and reaches the last record before t holds just that: no record lies between its start and
 * t - size, else a window would begin after that record.
 */
function baseWithin<A>(points: Points<A>, timestampMs: number, sizeMs: number): A | null {
  const last = points.findLast(({ atMs }) => atMs < timestampMs)
  if (last === undefined || last.atMs < timestampMs - sizeMs) return null
  const outside = points.findLast(({ atMs }) => atMs < timestampMs - sizeMs)
  if (outside !== undefined && outside.atMs + 1 > last.atMs - sizeMs) return outside.after
  return last.within
}

/** What [t + 1, t + 1 + size] holds already; null for nothing. */
function baseAfter<A>(points: Points<A>, timestampMs: number, sizeMs: number): A | null {
  const last = points.findLast(({ atMs }) => atMs > timestampMs && atMs <= timestampMs + 1 + sizeMs)
  if (last === undefined) return null
  const before = points.findLast(({ atMs }) => atMs < timestampMs)
  if (before !== undefined && before.atMs + 1 > last.atMs - sizeMs) return before.after
  return last.within
}

const silentFlag = 1

/** Time, flag and three aggregates of each point, one after the other. */
export function pointsFormat<A>(format: Format<A>): Format<Points<A>> {
  return {
    name: `sliding:${format.name}`,
    encode: (points, codec) =>
      Buffer.concat(
        points.flatMap(({ atMs, within, after, settled, isSilent }) => [
          numberBytes(atMs),
          numberBytes(isSilent ? silentFlag : 0),
          ...framed(format, within, codec),
          ...framed(format, after, codec),
          ...framed(format, settled, codec)
        ])
      ),
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      const points: Point<A>[] = []
      while (!reader.isAtEnd) {
        const atMs = reader.number()
        const isSilent = reader.number() === silentFlag
        points.push({
          atMs,
          isSilent,
          within: reader.value(format, codec) as A,
          after: reader.value(format, codec),
          settled: reader.value(format, codec)
        })
      }
      return points
    }
  }
}
