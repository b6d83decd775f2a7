/**
 * Those who wait for something to happen, at most so long.
 *
 * @module
 */
import type { Clock } from '../core/index.ts'

/** See the module. */
export class Wakers {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #wakers = new Set<() => void>()

  /** @param options `signal` ends every wait, which then rejects with its reason */
  constructor(options: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#clock = options.clock
    this.#signal = options.signal
  }

  /** Resolves when woken or when the time is over. */
  async wait(waitMs: number): Promise<void> {
    const signal = this.#signal
    signal.throwIfAborted()
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', wake)
        this.#wakers.delete(wake)
        resolve()
      }
      const timer = this.#clock.setTimer(wake, waitMs)
      signal.addEventListener('abort', wake, { once: true })
      this.#wakers.add(wake)
    })
    signal.throwIfAborted()
  }

  wake(): void {
    for (const wake of [...this.#wakers]) wake()
  }
}
