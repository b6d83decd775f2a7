/**
 * @module Stops a task whose records mostly become dead letters: a bad deploy must not dead-letter
 * the world. Counts over a sliding window of records (idea: Sentry arroyo's DlqLimit).
 */
import { FatalError } from '../../core/index.ts'

export class DeadLetterBreaker {
  readonly #window: boolean[] = []
  readonly #size: number
  readonly #ratioMax: number
  #dead = 0

  constructor(options: { window: number; ratioMax: number }) {
    this.#size = options.window
    this.#ratioMax = options.ratioMax
  }

  /** @throws FatalError HAIL_DLQ_RATIO when the share is passed over a full window. */
  record(isDead: boolean, task: string): void {
    this.#window.push(isDead)
    if (isDead) this.#dead += 1
    if (this.#window.length > this.#size && this.#window.shift()) this.#dead -= 1
    if (this.#window.length < this.#size || this.#dead <= this.#ratioMax * this.#size) return
    throw new FatalError(
      'HAIL_DLQ_RATIO',
      `${task}: expected at most ${this.#ratioMax * 100} % dead letters in ${this.#size} records, got ${this.#dead}; ` +
        'stopped so that nothing more is dead-lettered: check the last deploy, then restart'
    )
  }
}
