/**
 * Does something until it succeeds, as long as its errors say that nothing is lost by waiting.
 *
 * @module
 */

import {
  type Clock,
  type HailError,
  isHailError,
  type Logger,
  MigrateError
} from '../../core/index.ts'

/** Waits double from the first to the last; each is drawn between half and all of it. */
export type RetryWaits = { readonly firstMs: number; readonly maxMs: number }

/** While an outage lasts, it is logged at its begin and then at this interval. */
const logIntervalMs = 30_000

/** What a retrier needs. */
export type RetrierOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly waits: RetryWaits
  /** Called before each wait with the error, and with null once it succeeded after one. */
  onRetry(error: HailError | null): void
}

/** Retries for ever. */
export type Retrier = {
  /**
   * Resolves with what `run` gives. Rejects with its error when waiting does not help, and with
   * MigrateError(HAIL_CLOSED) when `signal` aborts a wait.
   */
  run<T>(what: string, run: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Creates a retrier. */
export function createRetrier(options: RetrierOptions): Retrier {
  const { clock, logger, waits, onRetry } = options
  return {
    async run(operation, run, signal) {
      let loggedAtMs = Number.NEGATIVE_INFINITY
      for (let waitCount = 0; ; waitCount += 1) {
        try {
          const result = await run()
          if (waitCount > 0) {
            logger.info({ operation, attempt: waitCount + 1 }, 'succeeded after retries')
            onRetry(null)
          }
          return result
        } catch (error) {
          if (!isHailError(error) || error.reaction !== 'retry') throw error
          onRetry(error)
          if (clock.monotonic() - loggedAtMs >= logIntervalMs) {
            loggedAtMs = clock.monotonic()
            logger.warn({ operation, attempt: waitCount + 1, error }, 'waits and tries again')
          }
        }
        await pause(clock, waitMs(waits, { waitCount, chance: clock.random() }), signal)
      }
    }
  }
}

/** The wait after `waitCount` others. */
export function waitMs(
  { firstMs, maxMs }: RetryWaits,
  { waitCount, chance }: { readonly waitCount: number; readonly chance: number }
): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(waitCount, 30))
  return wholeMs * (0.5 + chance / 2)
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal)
  } catch (cause) {
    throw new MigrateError('HAIL_CLOSED', 'gave up waiting, as its work was taken away', { cause })
  }
}
