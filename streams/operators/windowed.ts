/**
 * @module The key of a windowed result.
 */

/** A key in one of its windows. `endMs` is the first millisecond after the window; epoch ms. */
export interface Windowed {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
}

/** The text that a windowed key has in a topic. Example: key `a` in [60000, 120000) is `a@60000`. */
export function windowedText({ key, startMs }: Windowed): string {
  if (startMs !== lastStartMs) {
    lastStartMs = startMs
    lastSuffix = `@${startMs}`
  }
  return key + lastSuffix
}

/** Most results of a commit are of one window, so its start is written out once. */
let lastStartMs = Number.NaN
let lastSuffix = ''

/** A key as text: a plain one as it is, a windowed one as `key@startMs`. */
export function keyText(key: string | Windowed): string {
  return typeof key === 'string' ? key : windowedText(key)
}
