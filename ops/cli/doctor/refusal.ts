/**
 * @module What the doctor will not do, and why.
 */

/** A repair that was asked for wrongly or would do harm; nothing was changed. */
export class Refusal extends Error {
  constructor(reason: string) {
    super(`nothing was changed: ${reason}`)
    this.name = 'Refusal'
  }
}
