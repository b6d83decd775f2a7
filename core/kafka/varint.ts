/**
 * @module Reading the variable-length integers of Kafka records: zigzag, seven bits a byte, low
 * bits first.
 */

/** A place in a buffer that moves as it is read. */
export type Cursor = { readonly buffer: Buffer; at: number }

/**
 * Reads one varint or varlong and moves the cursor behind it. Exact up to 2^53, which covers every
 * delta a broker writes. Past the end of the buffer it throws RangeError.
 */
export function readVarint(cursor: Cursor): number {
  const first = byteAt(cursor)
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  // Sums instead of shifts, because shifts end at 32 bits.
  let value = first & 0x7f
  let weight = 0x80
  for (;;) {
    const byte = byteAt(cursor)
    value += (byte & 0x7f) * weight
    if (byte < 0x80) break
    weight *= 0x80
    if (weight > 2 ** 63) throw new RangeError('varint longer than ten bytes')
  }
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

function byteAt(cursor: Cursor): number {
  const byte = cursor.buffer[cursor.at]
  if (byte === undefined) throw new RangeError('varint runs past the end')
  cursor.at += 1
  return byte
}
