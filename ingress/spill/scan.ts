/**
 * Reads what lies in a segment and tells three things apart: records, damage with records behind it,
 * and a tail without any. A tail of the newest segment is what a crash left of a write nobody was
 * told of; damage with records behind it, or anywhere in an older segment, may have been answered 202.
 *
 * @module
 */
import { findFrame, frameEndAt } from './frame.ts'

/** A range of bytes, `to` exclusive. */
export type Range = { from: number; to: number }

/** What was found; `tail` is null when the bytes end with a record. */
export type Scan = { frames: readonly Range[]; gaps: readonly Range[]; tail: Range | null }

/** O(bytes). */
export const scanFrames = (bytes: Buffer): Scan => {
  const frames: Range[] = []
  const gaps: Range[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = frameEndAt(bytes, at)
    if (end !== null) {
      frames.push({ from: at, to: end })
      at = end
      continue
    }
    const next = findFrame(bytes, at + 1)
    if (next === null) return { frames, gaps, tail: { from: at, to: bytes.length } }
    gaps.push({ from: at, to: next })
    at = next
  }
  return { frames, gaps, tail: null }
}
