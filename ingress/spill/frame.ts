/**
 * The form of a record in a segment of the spill. Big endian:
 *
 * ```
 * magic "HSP1" 4 | length of the body 4 | CRC-32 of length and body 4 | body
 * body: partition 4 | timestamp 8 (double, NaN for none) | key | value | count of headers 2 | headers
 * key, value: kind 1 (0 null, 1 text, 2 bytes) | length 4 | bytes
 * header: length 2 | name | length 4 | value
 * ```
 *
 * The magic lets a reader find the next record behind a damaged one; the topic is the folder's name.
 *
 * @module
 */
import { crc32 } from 'node:zlib'
import type { OutRecord } from '../../core/kafka/index.ts'

/** Bytes before the body. */
export const frameHeadBytes = 12
/** Values are at most 1,000,000 bytes and headers come from request headers of 16 KiB. */
export const frameBytesMax = 1_200_000

const magic = 0x48_53_50_31
const kinds = { nothing: 0, text: 1, bytes: 2 } as const

/** A record as one frame. O(bytes), one allocation. */
export const encodeFrame = (record: OutRecord): Buffer => {
  const headers = Object.entries(record.headers ?? {})
  const bodyBytes =
    12 +
    5 +
    byteLengthOf(record.key) +
    5 +
    byteLengthOf(record.value) +
    headers.reduce((sum, [name, value]) => sum + 6 + byteLengthOf(name) + byteLengthOf(value), 2)
  const frame = Buffer.allocUnsafe(frameHeadBytes + bodyBytes)
  frame.writeUInt32BE(magic, 0)
  frame.writeUInt32BE(bodyBytes, 4)
  let at = frame.writeInt32BE(record.partition, frameHeadBytes)
  at = frame.writeDoubleBE(record.timestampMs ?? Number.NaN, at)
  at = writeField(frame, at, record.key)
  at = writeField(frame, at, record.value)
  at = frame.writeUInt16BE(headers.length, at)
  for (const [name, value] of headers) {
    at = frame.writeUInt16BE(byteLengthOf(name), at)
    at += frame.write(name, at)
    at = frame.writeUInt32BE(byteLengthOf(value), at)
    at += frame.write(value, at)
  }
  frame.writeUInt32BE(checksumOf(frame, 0, frame.length), 8)
  return frame
}

/** Where the frame that starts at `at` ends; null when none does: cut short, damaged or no frame. */
export const frameEndAt = (bytes: Buffer, at: number): number | null => {
  if (at + frameHeadBytes > bytes.length || bytes.readUInt32BE(at) !== magic) return null
  const end = at + frameHeadBytes + bytes.readUInt32BE(at + 4)
  if (end > bytes.length || end - at > frameBytesMax) return null
  return checksumOf(bytes, at, end) === bytes.readUInt32BE(at + 8) ? end : null
}

/** Where the next frame starts, from `from` on; null when there is none. */
export const findFrame = (bytes: Buffer, from: number): number | null => {
  for (let at = bytes.indexOf(magicBytes, from); at >= 0; at = bytes.indexOf(magicBytes, at + 1)) {
    if (frameEndAt(bytes, at) !== null) return at
  }
  return null
}

/** The record in a frame whose checksum has been found right; nothing of it refers to `bytes`. */
export const decodeFrame = (topic: string, bytes: Buffer, at: number): OutRecord => {
  const partition = bytes.readInt32BE(at + frameHeadBytes)
  const timestampMs = bytes.readDoubleBE(at + frameHeadBytes + 4)
  const key = readField(bytes, at + frameHeadBytes + 12)
  const value = readField(bytes, key.end)
  const headers: [string, string][] = []
  let next = value.end + 2
  for (let left = bytes.readUInt16BE(value.end); left > 0; left -= 1) {
    const nameEnd = next + 2 + bytes.readUInt16BE(next)
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd)
    const name = bytes.toString('utf8', next + 2, nameEnd)
    headers.push([name, bytes.toString('utf8', nameEnd + 4, valueEnd)])
    next = valueEnd
  }
  return {
    topic,
    partition,
    key: key.field,
    value: typeof value.field === 'string' ? Buffer.from(value.field) : value.field,
    // Not by assignment, which would take the name of a prototype for one.
    headers: Object.fromEntries(headers),
    ...(Number.isNaN(timestampMs) ? {} : { timestampMs })
  }
}

const magicBytes = Buffer.alloc(4)
magicBytes.writeUInt32BE(magic)

/** Over the length and the body, leaving out the magic and the checksum itself. */
const checksumOf = (bytes: Buffer, at: number, end: number): number =>
  crc32(bytes.subarray(at + frameHeadBytes, end), crc32(bytes.subarray(at + 4, at + 8)))

const byteLengthOf = (field: string | Buffer | null): number =>
  field === null ? 0 : Buffer.byteLength(field)

const writeField = (frame: Buffer, at: number, field: string | Buffer | null): number => {
  const kind = field === null ? kinds.nothing : typeof field === 'string' ? kinds.text : kinds.bytes
  const lengthAt = frame.writeUInt8(kind, at)
  const bytesAt = frame.writeUInt32BE(byteLengthOf(field), lengthAt)
  if (field === null) return bytesAt
  return (
    bytesAt + (typeof field === 'string' ? frame.write(field, bytesAt) : field.copy(frame, bytesAt))
  )
}

const readField = (bytes: Buffer, at: number): { field: string | Buffer | null; end: number } => {
  const kind = bytes.readUInt8(at)
  const start = at + 5
  const end = start + bytes.readUInt32BE(at + 1)
  if (kind === kinds.nothing) return { field: null, end }
  if (kind === kinds.text) return { field: bytes.toString('utf8', start, end), end }
  return { field: Buffer.from(bytes.subarray(start, end)), end }
}
