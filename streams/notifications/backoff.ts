/**
 * @module How long to wait before the next try: doubling, capped, spread by the notification's own id.
 * The spread keeps ten thousand notifications that failed together from coming back together, and
 * being no random number, it is the same when the try is computed again after a crash.
 */

export interface BackoffRules {
  /** Wait after the first try, ms. */
  readonly baseMs: number
  /** Longest wait before the spread, ms. */
  readonly capMs: number
  /** Part of the wait that the spread may add, 0..1. */
  readonly spread: number
}

/**
 * The wait after try number `attempts` (from 1), ms.
 * Example: base 1 s, cap 60 s, spread 0.25: 1.00 to 1.25 s, then 2.0 to 2.5 s, 4 to 5 s.
 */
export function delayMs(id: string, attempts: number, rules: BackoffRules): number {
  const wholeMs = Math.min(rules.capMs, rules.baseMs * 2 ** (attempts - 1))
  return Math.round(wholeMs * (1 + rules.spread * fractionOf(`${id}#${attempts}`)))
}

/** A number in [0, 1) that depends on the text alone: FNV-1a, 32 bits. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0) / 2 ** 32
}
