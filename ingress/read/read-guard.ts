/**
 * Bounds a read: what is not there in time, or cannot be reached, is a 503 for this read alone. The
 * writing side goes on, whatever becomes of Redis and MongoDB.
 *
 * @module
 */
import type { Clock, Logger } from '../../core/index.ts'
import { Problem, retryAfterSeconds } from '../http/index.ts'

/** Runs a read; rejects with a 503 problem. Problems thrown inside pass. */
export type ReadGuard = <T>(read: () => Promise<T>) => Promise<T>

/** An outage fails every read: one line in this time is enough. */
const logEveryMs = 5_000

/** A guard with a deadline in ms. */
export const createReadGuard = (options: {
  clock: Clock
  logger: Logger
  deadlineMs: number
}): ReadGuard => {
  const { clock, logger, deadlineMs } = options
  let loggedAt = Number.NEGATIVE_INFINITY
  const unavailable = (cause: unknown): Problem => {
    if (clock.monotonic() - loggedAt >= logEveryMs) {
      loggedAt = clock.monotonic()
      logger.warn({ error: cause }, 'a read failed')
    }
    return new Problem('reads_unavailable', {
      headers: { 'retry-after': retryAfterSeconds(clock.random) },
      cause
    })
  }
  return (read) =>
    new Promise((resolve, reject) => {
      const timer = clock.setTimer(
        () => reject(unavailable(new Error(`no answer within ${deadlineMs} ms`))),
        deadlineMs
      )
      read()
        .then(resolve, (error: unknown) =>
          reject(error instanceof Problem ? error : unavailable(error))
        )
        .finally(() => timer.cancel())
    })
}
