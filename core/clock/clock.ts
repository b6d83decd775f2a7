/**
 * The port through which the program sees time and chance. Nothing else may call `Date.now`,
 * `setTimeout` or `Math.random`, so tests move time by hand and replay chance from a seed.
 *
 * @module
 */

/** A timer that has been set. `cancel` is idempotent and harmless after it fired. */
export type TimerHandle = { cancel(): void }

/** Time and chance. */
export type Clock = {
  /** Wall clock, epoch milliseconds. May jump. */
  now(): number
  /** Milliseconds from an arbitrary start; never backwards. For durations and deadlines. */
  monotonic(): number
  /**
   * Calls `fire` once after at least `delayMs` (any length, less than 0 counts as 0). `fire` must
   * not throw; a throw is an uncaught exception.
   */
  setTimer(fire: () => void, delayMs: number): TimerHandle
  /**
   * Resolves after at least `delayMs`; rejects with the signal's reason when `signal` aborts
   * first.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [0, 1). Not for secrets. */
  random(): number
  /** `count` random bytes: cryptographic on the system clock, seeded on a fake one. */
  randomBytes(count: number): Buffer
}

/** `sleep` in terms of `setTimer`, shared by all clocks. */
export function sleepWith(
  setTimer: Clock['setTimer'],
  delayMs: number,
  signal?: AbortSignal
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = setTimer(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
