/**
 * @module A circuit breaker: after several failures in a row nothing is sent for a while, then one
 * call tries whether the provider is back. It spares a provider in trouble, and spares the partition
 * the wait for one time-out after the other.
 *
 * ```
 *            failures in a row            openMs later: one call
 *   closed --------------------> open --------------------------> half open
 *      ^                          ^------------ failure --------------+
 *      +-------------------------------------- success ---------------+
 * ```
 */
import { assertThat, type Clock } from '../../core/index.ts'

export interface CircuitRules {
  /** Failures in a row that open it. */
  readonly failuresMax: number
  /** How long it stays open, ms. */
  readonly openMs: number
}

export class Circuit {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #rules: CircuitRules
  #failures = 0
  #openUntilMs: number | null = null
  #isTrying = false

  constructor(clock: Pick<Clock, 'monotonic'>, rules: CircuitRules) {
    assertThat(rules.failuresMax >= 1, 'a circuit opens after at least one failure')
    this.#clock = clock
    this.#rules = rules
  }

  /** Whether a call may be made now. One that may must be reported to `succeeded` or `failed`. */
  admit(): boolean {
    if (this.#openUntilMs === null) return true
    if (this.#isTrying || this.#clock.monotonic() < this.#openUntilMs) return false
    this.#isTrying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#openUntilMs = null
    this.#isTrying = false
  }

  failed(): void {
    this.#failures += 1
    this.#isTrying = false
    if (this.#failures < this.#rules.failuresMax) return
    this.#openUntilMs = this.#clock.monotonic() + this.#rules.openMs
  }
}
