/**
 * How many records a batch takes and how many bytes a fetch asks for, from how long the last
 * batches took: a slow database gets small batches, which keep their time and memory bounded, a
 * fast one large batches, which cost less a record.
 *
 * @module
 */

/** Bounds of the batches. */
export type BatchLimits = {
  readonly recordsMax: number
  /** Largest fetch, bytes. */
  readonly fetchBytesMax: number
}

/** A batch that takes longer is halved next time. Well below a rebalance or a stop. */
const durationMsTarget = 1_000
const recordsMin = 50
/** Full batches in time grow by a quarter. */
const growth = 1.25
const fetchBytesMin = 64 * 1024
/** Weight of the newest batch in the mean size of a record. */
const meanWeight = 0.2
const recordBytesInitial = 500

/** Sizes batches. */
export class BatchSize {
  readonly #limits: BatchLimits
  #records: number
  #recordBytes = recordBytesInitial

  constructor(limits: BatchLimits) {
    this.#limits = limits
    this.#records = Math.min(limits.recordsMax, Math.max(recordsMin, limits.recordsMax / 4))
  }

  /** Records of the next batch. */
  get records(): number {
    return Math.max(1, Math.floor(this.#records))
  }

  /** Bytes of the next fetch: one batch and a half, so that the next one begins in memory. */
  get fetchBytes(): number {
    const wanted = Math.ceil(this.records * this.#recordBytes * 1.5)
    return Math.min(this.#limits.fetchBytesMax, Math.max(fetchBytesMin, wanted))
  }

  /** Learns from a batch that was written. */
  observe(batch: {
    readonly records: number
    readonly bytes: number
    readonly durationMs: number
  }): void {
    if (batch.records === 0) return
    const mean = batch.bytes / batch.records
    this.#recordBytes += meanWeight * (mean - this.#recordBytes)
    const floor = Math.min(recordsMin, this.#limits.recordsMax)
    if (batch.durationMs > durationMsTarget) {
      this.#records = Math.max(floor, Math.min(this.#records, batch.records) / 2)
    } else if (batch.records >= this.records) {
      this.#records = Math.min(this.#limits.recordsMax, this.#records * growth)
    }
  }
}
