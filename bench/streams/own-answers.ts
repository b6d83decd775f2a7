/**
 * @module How the windows of our programs' output keys are written.
 */
import type { WindowOfKey } from '../answers.ts'

/** `key@startMs`, which windowed keys are written as unless a program says otherwise. */
export function ownTimeWindow(sizeMs: number): WindowOfKey {
  return (bytes) => {
    const text = bytes.toString('utf8')
    const cut = text.lastIndexOf('@')
    const startMs = Number(text.slice(cut + 1))
    return { key: text.slice(0, cut), startMs, endMs: startMs + sizeMs }
  }
}

/** `startMs|endMs|key`; the end is the last record's time. */
export const ownSessionWindow: WindowOfKey = (bytes) => {
  const [startMs = '', endMs = '', key = ''] = bytes.toString('utf8').split('|')
  return { key, startMs: Number(startMs), endMs: Number(endMs) }
}
