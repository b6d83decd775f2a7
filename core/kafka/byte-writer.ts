/**
 * @module A buffer that grows as requests are written into it: Kafka's fixed and variable-length
 * numbers, texts and fields, in the flexible (compact) encoding.
 */

/** A longer text goes through the library function, a shorter one is written letter by letter. */
const shortTextMax = 48
/** A varint of 32 bits takes 5 bytes, of 64 bits 10. */
const varintBytesMax = 10

export class ByteWriter {
  /** The bytes before `at` are written, those behind it are garbage. Another buffer after growth. */
  bytes: Buffer
  at = 0

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(capacity, 16))
  }

  /** What has been written: a slice, not a copy. */
  written(): Buffer {
    return this.bytes.subarray(0, this.at)
  }

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(this.at + count)
  }

  int8(value: number): void {
    this.reserve(1)
    this.at = this.bytes.writeInt8(value, this.at)
  }

  int16(value: number): void {
    this.reserve(2)
    this.at = this.bytes.writeInt16BE(value, this.at)
  }

  int32(value: number): void {
    this.reserve(4)
    this.at = this.bytes.writeInt32BE(value, this.at)
  }

  int64(value: bigint): void {
    this.reserve(8)
    this.at = this.bytes.writeBigInt64BE(value, this.at)
  }

  /** Zigzag, for whole numbers within plus and minus 2^52. */
  varint(value: number): void {
    this.uvarint(
      value >= 0
        ? value < 0x4000_0000
          ? value << 1
          : value * 2
        : value >= -0x4000_0000
          ? (value << 1) ^ -1
          : -value * 2 - 1
    )
  }

  /** Seven bits a byte, low bits first, for whole numbers from 0 to 2^53. */
  uvarint(value: number): void {
    this.reserve(varintBytesMax)
    const { bytes } = this
    let { at } = this
    let rest = value
    // Shifts end at 32 bits.
    for (; rest > 0x7fff_ffff; at += 1) {
      bytes[at] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    for (; rest > 0x7f; at += 1) {
      bytes[at] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at] = rest
    this.at = at + 1
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  /** A field of a record: length as varint, -1 for null. */
  field(value: Uint8Array | null): void {
    if (value === null) {
      this.varint(-1)
    } else {
      this.varint(value.length)
      this.raw(value)
    }
  }

  /** A text as a field of a record. */
  textField(value: string): void {
    if (value.length > shortTextMax || !this.#shortTextField(value)) this.#longTextField(value)
  }

  /** COMPACT_STRING: length plus one as an unsigned varint. */
  compactText(value: string): void {
    const length = Buffer.byteLength(value)
    this.uvarint(length + 1)
    this.#utf8(value, length)
  }

  /** COMPACT_NULLABLE_STRING: 0 for null. */
  compactNullableText(value: string | null): void {
    if (value === null) this.uvarint(0)
    else this.compactText(value)
  }

  /** COMPACT_BYTES and COMPACT_RECORDS: length plus one as an unsigned varint. */
  compactBytes(value: Uint8Array): void {
    this.uvarint(value.length + 1)
    this.raw(value)
  }

  /** COMPACT_ARRAY: count plus one as an unsigned varint. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): void {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
  }

  /** The end of a flexible structure without tagged fields. */
  noTags(): void {
    this.uvarint(0)
  }

  /** False, with nothing written, when there is a letter that takes more than one byte. */
  #shortTextField(value: string): boolean {
    this.reserve(1 + shortTextMax)
    const { bytes, at } = this
    bytes[at] = value.length << 1
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[at + 1 + index] = code
    }
    this.at = at + 1 + value.length
    return true
  }

  #longTextField(value: string): void {
    const length = Buffer.byteLength(value)
    this.varint(length)
    this.#utf8(value, length)
  }

  #utf8(value: string, length: number): void {
    this.reserve(length)
    this.at += this.bytes.write(value, this.at, length, 'utf8')
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }
}
