/**
 * @module Which windows a grouped stream is cut into. All times are event time in ms; a window takes
 * records until window time reaches its end plus grace, and window time goes on by the wall clock
 * while input is idle.
 */
import { FatalError } from '../../core/index.ts'

/** Windows of one size that begin at whole multiples of `advanceMs`. */
export interface TimeWindows {
  readonly kind: 'tumbling' | 'hopping'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
}

export interface SlidingWindows {
  readonly kind: 'sliding'
  readonly sizeMs: number
  readonly graceMs: number
}

export interface SessionWindows {
  readonly kind: 'session'
  readonly gapMs: number
  readonly graceMs: number
}

interface Grace {
  /** How long after its end a window still takes records. */
  readonly graceMs: number
}

/**
 * Windows without gap or overlap: [0, size), [size, 2 size), aligned to the epoch.
 *
 * Example: size 60,000 puts 125,000 into [120000, 180000).
 */
export function tumbling({ sizeMs, graceMs }: { readonly sizeMs: number } & Grace): TimeWindows {
  checkMs({ sizeMs }, { graceMs })
  return { kind: 'tumbling', sizeMs, advanceMs: sizeMs, graceMs }
}

/**
 * Windows of one size that begin every `advanceMs`, so that a record is in ceil(size / advance) of
 * them at most.
 *
 * Example: size 60,000, advance 20,000 puts 125,000 into those of 80,000, 100,000 and 120,000.
 */
export function hopping(
  options: { readonly sizeMs: number; readonly advanceMs: number } & Grace
): TimeWindows {
  const { sizeMs, advanceMs, graceMs } = options
  checkMs({ sizeMs, advanceMs }, { graceMs })
  if (advanceMs > sizeMs) {
    throw wrong(`expected an advance of at most the size ${sizeMs}, got ${advanceMs}`)
  }
  return { kind: 'hopping', sizeMs, advanceMs, graceMs }
}

/**
 * One window for each record time t of a key, [t - size, t], both ends belonging to it.
 *
 * A record makes the window that ends with it, of all records in it so far, and joins each window
 * that ends up to `sizeMs` later. Kafka Streams' SlidingWindows also have the windows that begin just
 * after a record; each of those holds a part of the window that ends with its last record, so they
 * are kept inside, to compute from, and not forwarded. Two records of one time share a window.
 *
 * Example: size 10 and counts for records at 0, 8 and 15: [-10, 0] has 1, [-2, 8] has 2 (0 and 8),
 * [5, 15] has 2 (8 and 15). A record at 6 that comes now makes [-4, 6] with 2 (0 and 6), and the
 * windows of 8 and 15 have 3.
 */
export function sliding({ sizeMs, graceMs }: { readonly sizeMs: number } & Grace): SlidingWindows {
  checkMs({ sizeMs }, { graceMs })
  return { kind: 'sliding', sizeMs, graceMs }
}

/**
 * Windows of activity: records of a key closer than `gapMs` to each other share one, [first, last + 1).
 * A session takes records until window time reaches last + gap + grace. A record after that begins a
 * new one, also where it is closer than the gap.
 *
 * Example: gap 150: records at 100, 199 and 500 make [100, 200) and [500, 501); one at 340 is 141
 * after the first session and 160 before the second, and extends the first to [100, 341).
 */
export function session({ gapMs, graceMs }: { readonly gapMs: number } & Grace): SessionWindows {
  checkMs({ gapMs }, { graceMs })
  return { kind: 'session', gapMs, graceMs }
}

function checkMs(
  positive: Readonly<Record<string, number>>,
  notNegative: Readonly<Record<string, number>>
): void {
  for (const [name, ms] of Object.entries({ ...positive, ...notNegative })) {
    const least = name in positive ? 1 : 0
    if (Number.isSafeInteger(ms) && ms >= least) continue
    throw wrong(`expected ${name} to be whole milliseconds of at least ${least}, got ${ms}`)
  }
}

function wrong(message: string): FatalError {
  return new FatalError('HAIL_TOPOLOGY', `windows: ${message}`)
}
