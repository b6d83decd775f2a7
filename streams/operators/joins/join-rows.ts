/**
 * @module The entry of a join's window store: the records of one key in one bucket of time, in the
 * order of their arrival.
 *
 * A stored value must not change, since an input that fails is taken back to it, but copying a list
 * for each record would cost the square of its length. So versions share one array: a version is a
 * length, adding a row writes behind the end of it, and only the newest version may do so in place.
 */
import type { Codec } from '../../../avro/index.ts'
import { SkipToDlqError } from '../../../core/index.ts'
import type { Format } from '../../runtime/index.ts'

export interface JoinRow {
  readonly timestampMs: number
  readonly value: unknown
  /** True once it has joined; kept only where unmatched rows are forwarded. */
  readonly isMatched: boolean
  /** The value as written, once it was: an entry is written again with each row that it gets. */
  bytes: Buffer | null
}

/** One version of the rows: the first `length` of `rows`. */
export interface JoinRows {
  readonly rows: JoinRow[]
  readonly length: number
}

/** The rows with one more. Example: rows of a, b and c give a, b, c; the old version still is a, b. */
export function appendRow(before: JoinRows | undefined, row: JoinRow): JoinRows {
  if (before === undefined) return { rows: [row], length: 1 }
  const { length } = before
  // A version behind this one was taken back: its row may not be overwritten where others see it.
  const rows = before.rows.length === length ? before.rows : before.rows.slice(0, length)
  rows.push(row)
  return { rows, length: length + 1 }
}

/** The rows with those at `indices` matched. */
export function matchRows(before: JoinRows, indices: readonly number[]): JoinRows {
  const rows = before.rows.slice(0, before.length)
  for (const index of indices) rows[index] = { ...(rows[index] as JoinRow), isMatched: true }
  return { rows, length: before.length }
}

/** 8 bytes of timestamp (a double, big endian), 1 of the match, 4 of the value's length. */
const headBytes = 13

/** Rows one after the other, each with its head and its value as its own format writes it. */
export function joinRowsFormat<V>(format: Format<V>): Format<JoinRows> {
  return {
    name: `join_rows:${format.name}`,
    encode: (value, codec) => encode(format as Format<unknown>, value, codec),
    decode: (bytes, codec) => decode(format, bytes, codec)
  }
}

function encode(format: Format<unknown>, { rows, length }: JoinRows, codec: Codec): Buffer {
  let size = length * headBytes
  for (let index = 0; index < length; index += 1) {
    const row = rows[index] as JoinRow
    row.bytes ??= format.encode(row.value, codec)
    size += row.bytes.length
  }
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (let index = 0; index < length; index += 1) {
    const row = rows[index] as JoinRow
    const value = row.bytes as Buffer
    at = bytes.writeDoubleBE(row.timestampMs, at)
    at = bytes.writeUInt8(row.isMatched ? 1 : 0, at)
    at = bytes.writeUInt32BE(value.length, at)
    bytes.set(value, at)
    at += value.length
  }
  return bytes
}

function decode(format: Format<unknown>, bytes: Buffer, codec: Codec): JoinRows {
  const rows: JoinRow[] = []
  let at = 0
  while (at < bytes.length) {
    const from = at + headBytes
    if (from > bytes.length) throw tooShort(bytes.length)
    const end = from + bytes.readUInt32BE(at + 9)
    if (end > bytes.length) throw tooShort(bytes.length)
    rows.push({
      timestampMs: bytes.readDoubleBE(at),
      value: format.decode(bytes.subarray(from, end), codec),
      isMatched: bytes[at + 8] === 1,
      bytes: null
    })
    at = end
  }
  return { rows, length: rows.length }
}

function tooShort(got: number): SkipToDlqError {
  return new SkipToDlqError('HAIL_DECODE', `expected rows of a join, got ${got} bytes cut short`)
}
