/**
 * Bounds the log lines of failed requests: an outage fails thousands a second, and a full disk or a slow
 * log collector must not be the second outage.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'

/** Gives out lines; `take` says how many were kept back since the last one, or null for "no line". */
export type LineBudget = { take(): number | null }

/** At most `perSecond` lines in any second that begins with one. */
export const createLineBudget = (
  clock: Pick<Clock, 'monotonic'>,
  perSecond: number
): LineBudget => {
  let beganAt = Number.NEGATIVE_INFINITY
  let given = 0
  let silenced = 0
  return {
    take: () => {
      const nowMs = clock.monotonic()
      if (nowMs - beganAt >= 1_000) {
        beganAt = nowMs
        given = 0
      }
      if (given >= perSecond) {
        silenced += 1
        return null
      }
      given += 1
      const count = silenced
      silenced = 0
      return count
    }
  }
}
