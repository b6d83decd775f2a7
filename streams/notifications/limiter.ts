/**
 * @module Lets a bounded number of calls run at once; the others wait in order. Who waits is bounded
 * by the caller: the runtime calls out for one batch of each task at a time.
 */
import { assertThat } from '../../core/index.ts'

export class Limiter {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param concurrencyMax calls that may run at once, at least 1 */
  constructor(concurrencyMax: number) {
    assertThat(concurrencyMax >= 1, 'a limiter lets at least one call run')
    this.#free = concurrencyMax
  }

  /** Runs `call` as soon as there is room; its result or error is passed on. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await call()
    } finally {
      // The place goes straight to the next one, so nobody can slip in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
