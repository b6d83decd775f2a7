/**
 * Requests in progress by address, from headers to reply: long polls, slow bodies and waits for Kafka
 * alike. Rates bound how many begin; this bounds how many one address can hold open, so that it
 * cannot take all of `HTTP_IN_FLIGHT_MAX`. Memory follows the requests in progress.
 *
 * @module
 */
import { Problem } from './problem.ts'

/** Counts; `leave` once for each `enter` that did not throw. */
export class AddressLoad {
  readonly #max: number
  readonly #inProgress = new Map<string, number>()

  /** `max` requests an address; 0 is no limit. */
  constructor(max: number) {
    this.#max = max
  }

  /** Throws a 429 problem when the address has as many in progress as it may. */
  enter(address: string): void {
    if (this.#max === 0) return
    const count = this.#inProgress.get(address) ?? 0
    if (count >= this.#max) {
      throw new Problem('rate_limited', {
        detail: `Expected at most ${this.#max} requests in progress from one address`,
        headers: { 'retry-after': '1' }
      })
    }
    this.#inProgress.set(address, count + 1)
  }

  leave(address: string): void {
    const count = this.#inProgress.get(address)
    if (count === undefined) return
    if (count === 1) this.#inProgress.delete(address)
    else this.#inProgress.set(address, count - 1)
  }
}
