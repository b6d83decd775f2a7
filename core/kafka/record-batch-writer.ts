/**
 * @module Writes records as one record batch of format 2, uncompressed, in one pass and into one
 * buffer. record-batch.ts shows the layout and reads it back.
 */

import type { ByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'
import type { OutRecord } from './types.ts'

const headerBytes = 61
const transactionalFlag = 0x10
/** Two varints of 32 bits, one of 64, the attributes and two field lengths. */
const recordOverheadBytesMax = 32

/** Who writes: what a broker tells a repeated batch by. */
export type BatchProducer = {
  readonly id: bigint
  readonly epoch: number
  readonly isTransactional: boolean
}

/** Nobody: without an id a repeated batch is written twice. */
export const anonymousProducer: BatchProducer = { id: -1n, epoch: -1, isTransactional: false }

export type BatchToWrite = {
  readonly records: readonly OutRecord[]
  /** Index of the first record of the batch. */
  readonly from: number
  /** Time of records that bring none. */
  readonly nowMs: number
  /** The batch ends before the record that would make it larger; its first record always fits. */
  readonly bytesMax: number
  readonly producer: BatchProducer
  /** The sequence of the first record, asked for once it is known how many there are. */
  sequenceOf(count: number): number
}

/** Writes one batch behind what is written already; returns how many records it holds, at least 1. */
export function writeRecordBatch(writer: ByteWriter, batch: BatchToWrite): number {
  const { records, from, nowMs, bytesMax } = batch
  const start = writer.at
  writer.reserve(headerBytes)
  writer.at += headerBytes
  const baseMs = timeOf(records[from], nowMs)
  let maxMs = baseMs
  let count = 0
  // Records of a batch are alike, so the last one's length tells how many bytes the next one's takes.
  let lengthBytes = 1
  for (let index = from; index < records.length; index += 1) {
    const record = records[index] as OutRecord
    const recordStart = writer.at
    const timeMs = timeOf(record, nowMs)
    lengthBytes = writeRecord(writer, record, { count, timeDelta: timeMs - baseMs, lengthBytes })
    if (writer.at - start > bytesMax && count > 0) {
      writer.at = recordStart
      break
    }
    if (timeMs > maxMs) maxMs = timeMs
    count += 1
  }
  writeHeader(writer, { start, count, baseMs, maxMs, batch })
  return count
}

/** Returns how many bytes the record's length took. */
function writeRecord(
  writer: ByteWriter,
  record: OutRecord,
  place: { count: number; timeDelta: number; lengthBytes: number }
): number {
  const { key, value, headers } = record
  writer.reserve(recordOverheadBytesMax)
  const bodyStart = writer.at + place.lengthBytes
  writer.at = bodyStart
  writer.bytes[writer.at] = 0
  writer.at += 1
  writer.varint(place.timeDelta)
  writer.varint(place.count)
  if (typeof key === 'string') writer.textField(key)
  else writer.field(key)
  writer.field(value)
  if (headers === undefined) writer.varint(0)
  else writeHeaders(writer, headers)
  return putLength(writer, bodyStart, place.lengthBytes)
}

function writeHeaders(writer: ByteWriter, headers: Readonly<Record<string, string>>): void {
  const names = Object.keys(headers)
  writer.varint(names.length)
  for (const name of names) {
    writer.textField(name)
    writer.textField(headers[name] ?? '')
  }
}

/** Writes the length before the body, which moves when the guess was wrong. */
function putLength(writer: ByteWriter, bodyStart: number, guess: number): number {
  const end = writer.at
  const length = end - bodyStart
  const needed = varintBytes(length)
  if (needed !== guess) {
    writer.reserve(needed)
    writer.bytes.copyWithin(bodyStart - guess + needed, bodyStart, end)
  }
  writer.at = bodyStart - guess
  writer.varint(length)
  writer.at = end - guess + needed
  return needed
}

/** Of a length, which is never negative. */
function varintBytes(length: number): number {
  if (length < 0x40) return 1
  if (length < 0x2000) return 2
  if (length < 0x10_0000) return 3
  return length < 0x800_0000 ? 4 : 5
}

function writeHeader(
  writer: ByteWriter,
  options: { start: number; count: number; baseMs: number; maxMs: number; batch: BatchToWrite }
): void {
  const { start, count, baseMs, maxMs, batch } = options
  const { producer } = batch
  const { bytes, at: end } = writer
  bytes.writeBigInt64BE(0n, start)
  bytes.writeInt32BE(end - start - 12, start + 8)
  // The leader fills in its epoch.
  bytes.writeInt32BE(0, start + 12)
  bytes.writeInt8(2, start + 16)
  bytes.writeInt16BE(producer.isTransactional ? transactionalFlag : 0, start + 21)
  bytes.writeInt32BE(count - 1, start + 23)
  bytes.writeBigInt64BE(BigInt(baseMs), start + 27)
  bytes.writeBigInt64BE(BigInt(maxMs), start + 35)
  bytes.writeBigInt64BE(producer.id, start + 43)
  bytes.writeInt16BE(producer.epoch, start + 51)
  bytes.writeInt32BE(batch.sequenceOf(count), start + 53)
  bytes.writeInt32BE(count, start + 57)
  bytes.writeUInt32BE(crc32c(bytes, start + 21, end), start + 17)
}

/** Whole milliseconds: a fraction would spoil the deltas. */
function timeOf(record: OutRecord | undefined, nowMs: number): number {
  return Math.floor(record?.timestampMs ?? nowMs)
}
