/**
 * @module The open sessions of one key, and what a record makes of them. Pure.
 */

import type { Format } from '../runtime/index.ts'
import type { Fold } from './aggregate.ts'
import type { SessionMerge } from './fold.ts'
import { FrameReader, framed, numberBytes } from './formats.ts'
import type { SessionWindows } from './window-spec.ts'

/** A session with its aggregate: first and last record's time, both epoch ms. */
export interface Session<A> {
  readonly startMs: number
  readonly lastMs: number
  readonly value: A
}

/** The sessions of a key in the order of time. */
export type Sessions<A> = readonly Session<A>[]

/** True when a session whose last record was then takes no more records. */
export function isSessionClosed(
  lastMs: number,
  { gapMs, graceMs }: SessionWindows,
  windowTimeMs: number
): boolean {
  return lastMs + gapMs + graceMs <= windowTimeMs
}

export interface SessionRecord<V> {
  readonly key: string
  readonly value: V
  readonly timestampMs: number
}

/** What a record made of a key's sessions. */
export interface SessionChange<A> {
  readonly sessions: Sessions<A>
  readonly merged: Session<A>
}

/**
 * Adds a record: open sessions closer than the gap become one with it.
 *
 * Example: gap 150, sessions [100..199]: 2 and [500..599]: 3, a record at 340: the first becomes
 * [100..340]: 3. A further one at 450 joins it with the second to [100..599]: 7.
 *
 * @returns null when the session it would be in has closed: it is too late
 */
export function addToSessions<V, A>(
  sessions: Sessions<A>,
  { key, value: added, timestampMs }: SessionRecord<V>,
  rules: {
    readonly windows: SessionWindows
    readonly fold: Fold<V, A> & SessionMerge<A>
    readonly windowTimeMs: number
  }
): SessionChange<A> | null {
  const { windows, fold, windowTimeMs } = rules
  const { gapMs } = windows
  const kept: Session<A>[] = []
  let { startMs, lastMs } = { startMs: timestampMs, lastMs: timestampMs }
  let joined: A | undefined
  for (const session of sessions) {
    const isNear = timestampMs - session.lastMs < gapMs && session.startMs - timestampMs < gapMs
    if (!isNear || isSessionClosed(session.lastMs, windows, windowTimeMs)) {
      kept.push(session)
      continue
    }
    startMs = Math.min(startMs, session.startMs)
    lastMs = Math.max(lastMs, session.lastMs)
    joined = joined === undefined ? session.value : fold.merge(joined, session.value, key)
  }
  if (isSessionClosed(lastMs, windows, windowTimeMs)) return null
  const value = fold.add(joined === undefined ? fold.init() : joined, added, key)
  const merged = { startMs, lastMs, value }
  if (kept.length === 0) return { sessions: [merged], merged }
  const at = kept.findIndex((session) => session.startMs > startMs)
  kept.splice(at === -1 ? kept.length : at, 0, merged)
  return { sessions: kept, merged }
}

/** Bounds and aggregate of each session, one after the other. */
export function sessionsFormat<A>(format: Format<A>): Format<Sessions<A>> {
  return {
    name: `sessions:${format.name}`,
    encode: (sessions, codec) =>
      Buffer.concat(
        sessions.flatMap(({ startMs, lastMs, value }) => [
          numberBytes(startMs),
          numberBytes(lastMs),
          ...framed(format, value, codec)
        ])
      ),
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      const sessions: Session<A>[] = []
      while (!reader.isAtEnd) {
        const startMs = reader.number()
        const lastMs = reader.number()
        sessions.push({ startMs, lastMs, value: reader.value(format, codec) as A })
      }
      return sessions
    }
  }
}
