import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteWriter } from './byte-writer.ts'
import { crc32c } from './crc32c.ts'
import { loadKafkajs } from './library.ts'
import { decodeRecordBatches } from './record-batch.ts'
import { anonymousProducer, type BatchToWrite, writeRecordBatch } from './record-batch-writer.ts'
import type { OutRecord } from './types.ts'

loadKafkajs()
const require = createRequire(import.meta.url)
type Encoded = { readonly buffer: Buffer }
const { RecordBatch: libraryBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(options: Record<string, unknown>): Promise<Encoded>
}
const libraryRecord = require('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: Record<string, unknown>
) => Encoded

const nowMs = 1_700_000_000_000
const producer = { id: 123_456_789_012n, epoch: 7, isTransactional: true }

function batchOf(records: readonly OutRecord[], options: Partial<BatchToWrite> = {}) {
  const writer = new ByteWriter(0)
  const count = writeRecordBatch(writer, {
    records,
    from: 0,
    nowMs,
    bytesMax: 1_000_000,
    producer,
    sequenceOf: () => 42,
    ...options
  })
  return { count, bytes: writer.written() }
}

const bytes = fc.uint8Array({ maxLength: 9_000 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'grapheme', maxLength: 100 })
const outRecord = fc.record(
  {
    topic: fc.constant('t'),
    partition: fc.constant(3),
    key: fc.option(fc.oneof(text, bytes), { nil: null }),
    value: fc.option(bytes, { nil: null }),
    timestampMs: fc.integer({ min: nowMs - 2 ** 33, max: nowMs + 2 ** 33 }),
    headers: fc.dictionary(text, text, { maxKeys: 4 })
  },
  { requiredKeys: ['topic', 'partition', 'key', 'value'] }
)
const outRecords = fc.array(outRecord, { minLength: 1, maxLength: 20 })

const toBytes = (value: string | Buffer | null): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value

describe('a record batch', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(outRecords, (records) => {
        const written = batchOf(records)
        expect(written.count).toBe(records.length)
        const data = written.bytes
        const decoded = decodeRecordBatches({
          topic: 't',
          partition: 3,
          data,
          from: 0n,
          aborted: []
        })
        expect(decoded.offsetNext).toBe(BigInt(records.length))
        expect(decoded.records.map((one) => ({ ...one, headers: one.headers }))).toEqual(
          records.map(({ key, value, timestampMs = nowMs, headers = {} }, index) => ({
            topic: 't',
            partition: 3,
            offset: BigInt(index),
            timestampMs,
            key: toBytes(key),
            value,
            headers: { ...headers }
          }))
        )
      })
    )
  })

  test("has the library's bytes, checksum included, when its first record is the oldest", async () => {
    await fc.assert(
      fc.asyncProperty(outRecords, async (given) => {
        const times = given.map(({ timestampMs = nowMs }) => timestampMs)
        const [base, last] = [Math.min(...times), Math.max(...times)]
        const records = given.map((record, index) => {
          return index === 0 ? { ...record, timestampMs: base } : record
        })
        const max = Math.max(...records.map(({ timestampMs = nowMs }) => timestampMs))
        expect(max).toBeLessThanOrEqual(last)
        const expected = await libraryBatch({
          records: records.map(({ key, value, headers = {}, timestampMs = nowMs }, offsetDelta) =>
            libraryRecord({ key, value, headers, offsetDelta, timestampDelta: timestampMs - base })
          ),
          firstTimestamp: base,
          maxTimestamp: max,
          producerId: String(producer.id),
          producerEpoch: producer.epoch,
          firstSequence: 42,
          transactional: true,
          lastOffsetDelta: records.length - 1
        })
        expect(batchOf(records).bytes.equals(expected.buffer)).toBe(true)
      })
    )
  })

  test('carries the checksum of what follows it', () => {
    const { bytes: data } = batchOf([{ topic: 't', partition: 0, key: 'k', value: null }])
    expect(data.readUInt32BE(17)).toBe(crc32c(data, 21, data.length))
  })

  test('names no producer and no transaction when it has none', () => {
    const { bytes: data } = batchOf([{ topic: 't', partition: 0, key: 'k', value: null }], {
      producer: anonymousProducer,
      sequenceOf: () => -1
    })
    expect(data.readInt16BE(21)).toBe(0)
    expect([data.readBigInt64BE(43), data.readInt16BE(51), data.readInt32BE(53)]).toEqual([
      -1n,
      -1,
      -1
    ])
  })

  test('ends before the record that would make it too large, and holds one at least', () => {
    const records = Array.from({ length: 10 }, (): OutRecord => {
      return { topic: 't', partition: 0, key: null, value: Buffer.alloc(100) }
    })
    const sequences: number[] = []
    const sequenceOf = (count: number) => sequences.push(count)
    const counts: number[] = []
    for (let from = 0; from < records.length; ) {
      const { count, bytes: data } = batchOf(records, { from, bytesMax: 400, sequenceOf })
      expect(data.length).toBeLessThanOrEqual(400)
      counts.push(count)
      from += count
    }
    expect(counts).toEqual([3, 3, 3, 1])
    expect(sequences).toEqual(counts)
    expect(batchOf(records, { bytesMax: 10 }).count).toBe(1)
  })

  test('cuts fractions of a millisecond off', () => {
    const records = [0.4, 1.6].map((more): OutRecord => {
      return { topic: 't', partition: 0, key: null, value: null, timestampMs: nowMs + more }
    })
    const { records: read } = decodeRecordBatches({
      topic: 't',
      partition: 0,
      data: batchOf(records).bytes,
      from: 0n,
      aborted: []
    })
    expect(read.map(({ timestampMs }) => timestampMs - nowMs)).toEqual([0, 1])
  })
})
