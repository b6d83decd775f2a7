/**
 * @module How far apart two records of a stream-stream join may be, and how long each waits for the
 * other. All times are event time in whole ms.
 */
import { FatalError } from '../../../core/index.ts'

/** Which records of two streams belong together; see `joinWindow`. */
export interface JoinWindow {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  /** Width of the buckets that records are kept in, where the program names one. */
  readonly bucketMs: number | null
}

export interface JoinWindowOptions {
  /** How much earlier than the left record the right one may be. */
  readonly beforeMs: number
  /** How much later than the left record the right one may be. */
  readonly afterMs: number
  /** How long after its end a record's window still takes part. */
  readonly graceMs: number
  /**
   * Records of a key are kept together by buckets of this width. Wide ones mean fewer reads a record,
   * narrow ones shorter entries, and unmatched records that are forwarded sooner. Chosen when absent:
   * see `bucketMsOf`.
   */
  readonly bucketMs?: number
}

/**
 * The right record at tR joins the left one at tL when tL - before <= tR <= tL + after, both ends
 * belonging to it: Kafka Streams' `JoinWindows`.
 *
 * Each record is open while window time is at most the end of its own window plus grace: a left one
 * until tL + after + grace, a right one until tR + before + grace. A pair is joined when the later of
 * the two to arrive finds both open. A record that is not open when it arrives is late.
 *
 * Example: before 5, after 10, grace 2. Left at 100 joins right from 95 to 110. It is open through
 * 112; at 113 it is forwarded alone by a left join, and a right record at 104 that comes then no
 * longer finds it. That right record itself would be open through 104 + 5 + 2 = 111, so at 113 it is late.
 *
 * @throws FatalError HAIL_TOPOLOGY for times that are not whole or negative
 */
export function joinWindow(options: JoinWindowOptions): JoinWindow {
  const { beforeMs, afterMs, graceMs, bucketMs } = options
  checkMs({ beforeMs, afterMs, graceMs }, 0)
  if (bucketMs !== undefined) checkMs({ bucketMs }, 1)
  return { beforeMs, afterMs, graceMs, bucketMs: bucketMs ?? null }
}

/** Entries of one key and bucket stay few, and segments of a store too. */
const segmentsMax = 32
const bucketMsMin = 100
/** Parts of a window in a bucket of a side that forwards what found no match: that waits for its bucket. */
const bucketsOfEmitting = 4

/**
 * The bucket width of a join: the whole window (before + after), so that a record looks into two
 * buckets of the other side; a quarter of it where unmatched records are forwarded, so that none
 * waits longer than that for its bucket; never so little that more than 32 buckets are open at once.
 *
 * Example: before 5,000, after 5,000, no grace: 10,000 for an inner join, 2,500 for an outer one.
 */
export function bucketMsOf(window: JoinWindow, isEmitting: boolean): number {
  if (window.bucketMs !== null) return window.bucketMs
  const spanMs = window.beforeMs + window.afterMs
  const wantedMs = isEmitting ? spanMs / bucketsOfEmitting : spanMs
  const leastMs = (spanMs + window.graceMs) / segmentsMax
  return Math.max(Math.ceil(Math.max(wantedMs, leastMs)), bucketMsMin)
}

function checkMs(values: Readonly<Record<string, number>>, least: number): void {
  for (const [name, ms] of Object.entries(values)) {
    if (Number.isSafeInteger(ms) && ms >= least) continue
    throw new FatalError(
      'HAIL_TOPOLOGY',
      `joinWindow: expected ${name} to be whole milliseconds of at least ${least}, got ${ms}`
    )
  }
}
