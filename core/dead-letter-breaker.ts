/**
 * Stops a task or connector whose records mostly become dead letters: a bad deploy must not dead-letter the
 * world. Counts over the last records (idea: Sentry arroyo's DlqLimit).
 *
 * @module
 */

import { FatalError } from './errors.ts'

/** How many dead letters are still taken for bad records. */
export type DeadLetterLimits = {
  /** Records looked back on. */
  readonly windowRecords: number
  /** Largest share of them, 0 to 1. */
  readonly ratioMax: number
}

type Batch = { readonly records: number; readonly dead: number }

/** Asked before the dead letters of a batch are written. */
export class DeadLetterBreaker {
  readonly #limits: DeadLetterLimits
  readonly #batches: Batch[] = []
  #records = 0
  #dead = 0
  /** Good records not yet in a batch, up to the window: more of them say nothing more. */
  #passed = 0

  constructor(limits: DeadLetterLimits) {
    this.#limits = limits
  }

  /** Counts one good record; cheap enough for each of them. */
  pass(): void {
    if (this.#passed < this.#limits.windowRecords) this.#passed += 1
  }

  /**
   * Counts a batch. Throws FatalError(HAIL_DLQ_RATIO) when the share is passed, also of a window
   * that is not full yet: with 200 records and 0.5 the 101st dead letter is one too many.
   */
  admit(batch: Batch): void {
    if (this.#passed > 0) this.#add({ records: this.#passed, dead: 0 })
    this.#passed = 0
    this.#add(batch)
    const { windowRecords, ratioMax } = this.#limits
    for (let [first] = this.#batches; first !== undefined; [first] = this.#batches) {
      if (this.#records - first.records < windowRecords) break
      this.#batches.shift()
      this.#records -= first.records
      this.#dead -= first.dead
    }
    const deadMax = ratioMax * Math.max(windowRecords, this.#records)
    if (this.#dead <= deadMax) return
    throw new FatalError(
      'HAIL_DLQ_RATIO',
      `expected at most ${Math.floor(deadMax)} dead letters in the last records, got ${this.#dead}; ` +
        'stopped before more are dead-lettered: check the last deploy, then restart'
    )
  }

  #add(batch: Batch): void {
    this.#batches.push(batch)
    this.#records += batch.records
    this.#dead += batch.dead
  }
}
