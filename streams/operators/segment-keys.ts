/**
 * @module Keys of window stores on the hot path: most records of a batch are of the same few windows, so
 * the start is written out once and not for each record.
 */
import { segmentKey } from '../runtime/index.ts'

/** Starts remembered; twice the windows that are commonly open at once. */
const startsMax = 64

/** `segmentKey` with a memory. */
export function createSegmentKeys(): (startMs: number, key: string) => string {
  const prefixes = new Map<number, string>()
  let lastMs = Number.NaN
  let lastPrefix = ''
  return (startMs, key) => {
    if (startMs !== lastMs) {
      let prefix = prefixes.get(startMs)
      if (prefix === undefined) {
        if (prefixes.size === startsMax) prefixes.clear()
        prefix = segmentKey(startMs, '')
        prefixes.set(startMs, prefix)
      }
      lastMs = startMs
      lastPrefix = prefix
    }
    return lastPrefix + key
  }
}
