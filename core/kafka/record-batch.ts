/**
 * @module Decodes record batches (format v2) straight from a fetch response. Batch headers decide
 * what is handed out and where the next read starts, so batches emptied by the cleaner, control
 * batches and aborted ones move the offset without a record. The checksum isn't verified: TCP and
 * the broker's own check on append stand for it.
 *
 * ```
 * 0 base offset i64 | 8 length i32 | 12 leader epoch i32 | 16 magic i8 | 17 crc i32
 * 21 attributes i16 | 23 last offset delta i32 | 27 base timestamp i64 | 35 max timestamp i64
 * 43 producer id i64 | 51 producer epoch i16 | 53 base sequence i32 | 57 count i32 | 61 records
 * ```
 */

import { gunzipSync } from 'node:zlib'
import { FatalError } from '../errors.ts'
import { noHeaders, RecordWithHeaders } from './record-headers.ts'
import type { KafkaRecord } from './types.ts'
import { type Cursor, readVarint } from './varint.ts'

const headerBytes = 61
const bytesBeforeLength = 12
const compressionMask = 0x07
const appendTimeFlag = 0x08
const transactionalFlag = 0x10
const controlFlag = 0x20
const gzip = 1
const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * Far above any batch a broker accepts (1 MiB by default, compressed): stops a gzip bomb, not a
 * batch.
 */
const unzippedBytesMax = 256 * 1024 * 1024

export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: bigint }

export type BatchesInput = {
  readonly topic: string
  readonly partition: number
  /** The record set of one partition; may end in the middle of a batch. */
  readonly data: Buffer
  /** Offset asked for: records below it are dropped (a batch is always sent whole). */
  readonly from: bigint
  /** Aborted transactions in any order; empty for uncommitted reads. */
  readonly aborted: readonly AbortedTransaction[]
}

export type DecodedBatches = {
  readonly records: KafkaRecord[]
  /** One past the last whole batch; `from` when there was none. */
  readonly offsetNext: bigint
}

type Batch = {
  readonly start: number
  readonly end: number
  readonly base: number
  readonly last: number
  readonly attributes: number
}

/**
 * Records in offset order. Keys and values are slices of `data` (of the unzipped batch where
 * compressed). Throws FatalError(HAIL_KAFKA_REFUSED) on another compression than none or gzip, an
 * older format, or bytes that make no sense.
 */
export function decodeRecordBatches(input: BatchesInput): DecodedBatches {
  const { data, aborted } = input
  const starts = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const aborting = new Set<bigint>()
  const records: KafkaRecord[] = []
  let startsSeen = 0
  let offsetNext = input.from
  let at = 0
  for (;;) {
    const batch = batchAt(input, at)
    if (batch === null) break
    for (let start = starts[startsSeen]; start !== undefined && start.firstOffset <= batch.last; ) {
      aborting.add(start.producerId)
      startsSeen += 1
      start = starts[startsSeen]
    }
    const producerId = data.readBigInt64BE(batch.start + 43)
    if ((batch.attributes & controlFlag) !== 0) {
      // Commit or abort: either way this producer's transaction ends here.
      aborting.delete(producerId)
    } else if ((batch.attributes & transactionalFlag) === 0 || !aborting.has(producerId)) {
      decodeRecords(input, batch, records)
    }
    const next = BigInt(batch.last) + 1n
    if (next > offsetNext) offsetNext = next
    at = batch.end
  }
  return { records, offsetNext }
}

/** The batch that starts at `start`, or null when it isn't there as a whole. */
function batchAt(input: BatchesInput, start: number): Batch | null {
  const { data } = input
  if (start + bytesBeforeLength + 5 > data.length) return null
  const base = Number(data.readBigInt64BE(start))
  const length = data.readInt32BE(start + 8)
  const magic = data.readInt8(start + 16)
  if (magic !== 2) throw unreadable(input, base, `expected record format 2, got ${magic}`)
  const end = start + bytesBeforeLength + length
  if (length < headerBytes - bytesBeforeLength) {
    throw unreadable(input, base, `expected a batch of at least 49 bytes, got ${length}`)
  }
  if (end > data.length) return null
  const last = base + data.readInt32BE(start + 23)
  return { start, end, base, last, attributes: data.readInt16BE(start + 21) }
}

function decodeRecords(input: BatchesInput, batch: Batch, records: KafkaRecord[]): void {
  const { data, topic, partition } = input
  const count = data.readInt32BE(batch.start + 57)
  if (count <= 0) return
  const usesAppendTime = (batch.attributes & appendTimeFlag) !== 0
  const baseTimestamp = Number(data.readBigInt64BE(batch.start + 27))
  const maxTimestamp = Number(data.readBigInt64BE(batch.start + 35))
  const { buffer, at, end } = recordBytes(input, batch)
  const cursor: Cursor = { buffer, at }
  const from = Number(input.from)
  try {
    for (let index = 0; index < count; index += 1) {
      const length = readVarint(cursor)
      const recordEnd = cursor.at + length
      if (length < 0 || recordEnd > end) throw new RangeError('record runs past its batch')
      // One byte of attributes, unused so far.
      cursor.at += 1
      const timestampDelta = readVarint(cursor)
      const offset = batch.base + readVarint(cursor)
      if (offset >= from) {
        const timestampMs = usesAppendTime ? maxTimestamp : baseTimestamp + timestampDelta
        const key = readBytes(cursor, recordEnd)
        const value = readBytes(cursor, recordEnd)
        const headers = cursor.at === recordEnd || buffer[cursor.at] === 0 ? noHeaders : null
        records.push(
          headers === null
            ? new RecordWithHeaders(
                { topic, partition, offset: BigInt(offset), timestampMs, key, value },
                buffer.subarray(cursor.at, recordEnd)
              )
            : { topic, partition, offset: BigInt(offset), timestampMs, key, value, headers }
        )
      }
      cursor.at = recordEnd
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw unreadable(input, batch.base, `expected ${count} whole records, got a broken one`, error)
  }
}

function recordBytes(
  input: BatchesInput,
  batch: Batch
): { buffer: Buffer; at: number; end: number } {
  const compression = batch.attributes & compressionMask
  const at = batch.start + headerBytes
  if (compression === 0) return { buffer: input.data, at, end: batch.end }
  if (compression !== gzip) {
    const name = compressionNames[compression] ?? String(compression)
    const advice = 'set compression.type of the topic and its writers to gzip or none'
    throw unreadable(input, batch.base, `expected no compression or gzip, got ${name}; ${advice}`)
  }
  try {
    const zipped = input.data.subarray(at, batch.end)
    const buffer = gunzipSync(zipped, { maxOutputLength: unzippedBytesMax })
    return { buffer, at: 0, end: buffer.length }
  } catch (error) {
    throw unreadable(
      input,
      batch.base,
      'expected a gzip batch, got one that cannot be unzipped',
      error
    )
  }
}

function readBytes(cursor: Cursor, end: number): Buffer | null {
  const length = readVarint(cursor)
  if (length < 0) return null
  const start = cursor.at
  cursor.at += length
  if (cursor.at > end) throw new RangeError('field runs past its record')
  return cursor.buffer.subarray(start, cursor.at)
}

function unreadable(input: BatchesInput, base: number, what: string, cause?: unknown): FatalError {
  const place = `${input.topic}-${input.partition}@${base}`
  return new FatalError('HAIL_KAFKA_REFUSED', `cannot read ${place}: ${what}`, { cause })
}
