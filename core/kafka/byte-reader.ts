/**
 * @module Reads Kafka's answers field by field, in the flexible (compact) encoding. Past the end
 * it throws RangeError.
 */

export class ByteReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  int8(): number {
    return this.bytes.readInt8(this.#step(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#step(4))
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#step(8))
  }

  /** Seven bits a byte, low bits first. */
  uvarint(): number {
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.bytes.readUInt8(this.#step(1))
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
      if (weight > 0x7fff_ffff) throw new RangeError('varint longer than five bytes')
    }
  }

  /** COMPACT_STRING or its nullable kind; null reads as empty. */
  compactText(): string {
    return this.#utf8(this.uvarint() - 1)
  }

  /** COMPACT_ARRAY; null reads as empty. */
  compactArray<T>(read: () => T): T[] {
    const items: T[] = []
    for (let left = this.uvarint() - 1; left > 0; left -= 1) items.push(read())
    return items
  }

  /** The tagged fields that end a flexible structure, by their tags. */
  tags(): Map<number, Buffer> {
    const fields = new Map<number, Buffer>()
    for (let count = this.uvarint(); count > 0; count -= 1) {
      const tag = this.uvarint()
      const start = this.#step(this.uvarint())
      fields.set(tag, this.bytes.subarray(start, this.at))
    }
    return fields
  }

  /** Moves over the tagged fields that end a flexible structure. */
  skipTags(): void {
    // Nearly always there are none.
    if (this.bytes[this.at] === 0) this.at += 1
    else this.tags()
  }

  #utf8(length: number): string {
    if (length <= 0) return ''
    const start = this.#step(length)
    return this.bytes.toString('utf8', start, this.at)
  }

  #step(count: number): number {
    const start = this.at
    this.at = start + count
    if (this.at > this.bytes.length) throw new RangeError('field runs past the end')
    return start
  }
}
