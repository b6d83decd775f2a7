/**
 * @module Finds the frames of Kafka's protocol in a stream of bytes, without keeping them: each is
 * its length in four bytes, then a header.
 */

/** Called with the first bytes of a frame and where in the chunk the frame starts. */
export type OnFrame = (head: Buffer, startsAt: number) => void

export class KafkaFrames {
  readonly #head: Buffer
  #got = 0
  #bodyLeft = 0

  /** @param headBytes bytes of a frame wanted, its length included */
  constructor(headBytes: number) {
    this.#head = Buffer.alloc(headBytes)
  }

  feed(chunk: Buffer, onFrame: OnFrame): void {
    let at = 0
    let startsAt = 0
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const skipped = Math.min(this.#bodyLeft, chunk.length - at)
        this.#bodyLeft -= skipped
        at += skipped
        continue
      }
      if (this.#got === 0) startsAt = at
      const copied = Math.min(this.#head.length - this.#got, chunk.length - at)
      chunk.copy(this.#head, this.#got, at, at + copied)
      this.#got += copied
      at += copied
      if (this.#got < this.#head.length) return
      this.#got = 0
      this.#bodyLeft = this.#head.readInt32BE(0) + 4 - this.#head.length
      onFrame(this.#head, startsAt)
    }
  }
}
