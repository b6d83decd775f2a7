/**
 * @module CRC32C (Castagnoli), the checksum of Kafka's record batches; Node has CRC32 only. Eight
 * bytes a step by eight tables: about 1.1 ns a byte, an eighth of what one table takes.
 */

const polynomial = 0x82f63b78
const bytesPerStep = 8
/** The table of a byte that is followed by `n` others of its step begins at `n * 256`. */
const tables = makeTables()

/** The checksum of `bytes[start, end)`, unsigned. */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = start
  for (const last = end - bytesPerStep; at <= last; at += bytesPerStep) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      entry(1_792 + (low & 0xff)) ^
      entry(1_536 + ((low >>> 8) & 0xff)) ^
      entry(1_280 + ((low >>> 16) & 0xff)) ^
      entry(1_024 + (low >>> 24)) ^
      entry(768 + (high & 0xff)) ^
      entry(512 + ((high >>> 8) & 0xff)) ^
      entry(256 + ((high >>> 16) & 0xff)) ^
      entry(high >>> 24)
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ entry((crc ^ view.getUint8(at)) & 0xff)
  return ~crc >>> 0
}

function makeTables(): Int32Array {
  const all = new Int32Array(256 * bytesPerStep)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? polynomial : 0)
    all[byte] = crc
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256] as number
    all[at] = (before >>> 8) ^ (all[before & 0xff] as number)
  }
  return all
}

/** Every index above is within the tables; the types can't know. */
function entry(at: number): number {
  return tables[at] as number
}
