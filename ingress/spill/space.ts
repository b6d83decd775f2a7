/**
 * The bytes the spill may take on its disk, shared by the logs of all topics.
 *
 * @module
 */

/** See the module. */
export class Space {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Taken now: written, being written, and set aside. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a usual record would fit. */
  get hasRoom(): boolean {
    return this.#bytes + usualBytes <= this.#bytesMax
  }

  /** Takes the bytes unless that is too much. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    return true
  }

  /** Takes bytes that are on the disk already. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
  }
}

const usualBytes = 4_096
