import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FatalError } from '../errors.ts'
import {
  type AbortedTransaction,
  type DecodedBatches,
  decodeRecordBatches
} from './record-batch.ts'
import type { KafkaRecord } from './types.ts'

type RecordFields = {
  delta: number
  key?: string | null
  value?: string | null
  timestampDelta?: number
  headers?: Record<string, string>
}
type BatchFields = {
  base: number
  records?: RecordFields[]
  lastDelta?: number
  producerId?: number
  attributes?: number
  baseTimestamp?: number
  maxTimestamp?: number
}

const transactional = 0x10
const control = 0x20

function varint(value: number): Buffer {
  let rest = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function aRecord({
  delta,
  key = 'k',
  value = 'v',
  timestampDelta = 0,
  headers = {}
}: RecordFields) {
  const names = Object.entries(headers)
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(delta),
    field(key),
    field(value),
    varint(names.length),
    ...names.flatMap(([name, text]) => [field(name), field(text)])
  ])
  return Buffer.concat([varint(body.length), body])
}

function aBatch(fields: BatchFields): Buffer {
  const { base, records = [], producerId = -1, attributes = 0 } = fields
  const { baseTimestamp = 1_000, maxTimestamp = 2_000 } = fields
  const lastDelta = fields.lastDelta ?? Math.max(0, ...records.map(({ delta }) => delta))
  const raw = Buffer.concat(records.map(aRecord))
  const body = (attributes & 7) === 1 ? gzipSync(raw) : raw
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(base), 0)
  header.writeInt32BE(49 + body.length, 8)
  header.writeInt8(2, 16)
  header.writeInt16BE(attributes, 21)
  header.writeInt32BE(lastDelta, 23)
  header.writeBigInt64BE(BigInt(baseTimestamp), 27)
  header.writeBigInt64BE(BigInt(maxTimestamp), 35)
  header.writeBigInt64BE(BigInt(producerId), 43)
  header.writeInt32BE(records.length, 57)
  return Buffer.concat([header, body])
}

const aMarker = (base: number, producerId: number): Buffer =>
  aBatch({
    base,
    producerId,
    attributes: transactional | control,
    records: [{ delta: 0, key: '\0\0\0\0', value: '\0' }]
  })

const aWrite = (base: number, producerId: number, value: string): Buffer =>
  aBatch({ base, producerId, attributes: transactional, records: [{ delta: 0, value }] })

function decode(
  batches: Buffer[],
  options: { from?: number; aborted?: AbortedTransaction[] } = {}
): DecodedBatches {
  const { from = 0, aborted = [] } = options
  const data = Buffer.concat(batches)
  return decodeRecordBatches({ topic: 't', partition: 3, data, from: BigInt(from), aborted })
}

/** The getter's answer as a field, to compare by. */
const withHeaders = (record: KafkaRecord): KafkaRecord => {
  return { ...record, headers: record.headers }
}

const valuesOf = ({ records }: DecodedBatches) => records.map(({ value }) => value?.toString())

const aborted = (producerId: number, firstOffset: number): AbortedTransaction => {
  return { producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) }
}

describe('decodeRecordBatches', () => {
  test('reads keys, values, headers, times and offsets', () => {
    const headers = { 'correlation-id': 'c', empty: '' }
    const records = [
      { delta: 0, headers },
      { delta: 4, key: null, value: null, timestampDelta: -3 },
      { delta: 5, key: 'é', value: 'x'.repeat(300), timestampDelta: 5_000_000_000 }
    ]
    const decoded = decode([aBatch({ base: 10, records })], { from: 10 })
    const place = { topic: 't', partition: 3 }
    expect({ ...decoded, records: decoded.records.map(withHeaders) }).toEqual({
      offsetNext: 16n,
      records: [
        {
          ...place,
          offset: 10n,
          timestampMs: 1_000,
          key: Buffer.from('k'),
          value: Buffer.from('v'),
          headers
        },
        { ...place, offset: 14n, timestampMs: 997, key: null, value: null, headers: {} },
        {
          ...place,
          offset: 15n,
          timestampMs: 5_000_001_000,
          key: Buffer.from('é'),
          value: Buffer.from('x'.repeat(300)),
          headers: {}
        }
      ]
    })
  })

  test('takes the broker time where the topic says append time', () => {
    const batch = aBatch({ base: 0, attributes: 8, records: [{ delta: 0, timestampDelta: 7 }] })
    expect(decode([batch]).records[0]?.timestampMs).toBe(2_000)
  })

  test('gives nothing and stays where it is when there is no data', () => {
    expect(decode([], { from: 7 })).toEqual({ records: [], offsetNext: 7n })
  })

  test('drops the records of a batch that are before the offset asked for', () => {
    const records = [0, 1, 2].map((delta) => ({ delta, value: String(delta) }))
    const decoded = decode([aBatch({ base: 0, records })], { from: 1 })
    expect(valuesOf(decoded)).toEqual(['1', '2'])
    expect(decoded.offsetNext).toBe(3n)
  })

  test('moves over a batch the cleaner emptied, and over records it took from the end', () => {
    const empty = aBatch({ base: 5, lastDelta: 4, producerId: 1 })
    expect(decode([empty], { from: 5 })).toEqual({ records: [], offsetNext: 10n })
    const thinned = aBatch({ base: 10, lastDelta: 9, records: [{ delta: 2 }] })
    expect(decode([empty, thinned], { from: 5 }).offsetNext).toBe(20n)
  })

  test('hands out no control records and moves over them', () => {
    const decoded = decode([aWrite(0, 1, 'a'), aMarker(1, 1)])
    expect(valuesOf(decoded)).toEqual(['a'])
    expect(decoded.offsetNext).toBe(2n)
  })

  test('drops aborted transactions that overlap, in any order of the list', () => {
    // 0 p1 a | 1 p2 b | 2 p2 aborts | 3 p1 c | 4 p3 d | 5 p1 aborts | 6 p1 e | 7 p1 commits | 8 p2
    // f
    const log = [
      aWrite(0, 1, 'a'),
      aWrite(1, 2, 'b'),
      aMarker(2, 2),
      aWrite(3, 1, 'c'),
      aWrite(4, 3, 'd'),
      aMarker(5, 1),
      aWrite(6, 1, 'e'),
      aMarker(7, 1),
      aWrite(8, 2, 'f')
    ]
    const decoded = decode(log, { aborted: [aborted(2, 1), aborted(1, 0)] })
    expect(valuesOf(decoded)).toEqual(['d', 'e', 'f'])
    expect(decoded.offsetNext).toBe(9n)
    expect(valuesOf(decode(log))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('goes on dropping an aborted transaction that began before the offset asked for', () => {
    const log = [aWrite(3, 1, 'c'), aMarker(4, 1), aWrite(5, 1, 'e')]
    expect(valuesOf(decode(log, { from: 3, aborted: [aborted(1, 0)] }))).toEqual(['e'])
  })

  test('keeps records outside transactions and those whose key looks like a marker', () => {
    const plain = aBatch({ base: 0, producerId: 1, records: [{ delta: 0, value: 'plain' }] })
    const odd = aBatch({
      base: 1,
      producerId: 2,
      attributes: transactional,
      records: [{ delta: 0, key: '\0\0\0\0', value: 'odd' }]
    })
    const log = [plain, odd, aWrite(2, 2, 'aborted too')]
    const decoded = decode(log, { aborted: [aborted(1, 0), aborted(2, 1)] })
    expect(valuesOf(decoded)).toEqual(['plain'])
  })

  test('ends before a batch that is cut off, wherever it is cut', () => {
    const whole = aBatch({ base: 0, records: [{ delta: 0, value: 'whole' }] })
    const cut = aBatch({ base: 1, records: [{ delta: 0, value: 'cut' }] })
    for (let bytes = 0; bytes < cut.length; bytes += 1) {
      const decoded = decode([whole, cut.subarray(0, bytes)])
      expect(valuesOf(decoded)).toEqual(['whole'])
      expect(decoded.offsetNext).toBe(1n)
    }
  })

  test('unzips gzip batches', () => {
    const records = [
      { delta: 0, value: 'a' },
      { delta: 1, value: 'b' }
    ]
    expect(valuesOf(decode([aBatch({ base: 0, attributes: 1, records })]))).toEqual(['a', 'b'])
  })

  test('refuses other compressions, older formats and broken records by name and place', () => {
    const zstd = aBatch({ base: 42, attributes: 4, records: [{ delta: 0 }] })
    expect(() => decode([zstd])).toThrow(/t-3@42: expected no compression or gzip, got zstd/)
    const old = aBatch({ base: 1, records: [{ delta: 0 }] })
    old.writeInt8(1, 16)
    expect(() => decode([old])).toThrow(/t-3@1: expected record format 2, got 1/)
    const broken = aBatch({ base: 1, records: [{ delta: 0 }] })
    broken.writeInt32BE(9, 57)
    expect(() => decode([broken])).toThrow(FatalError)
    const bad = aBatch({ base: 1, attributes: 1, records: [{ delta: 0 }] })
    bad.fill(7, 61)
    expect(() => decode([bad])).toThrow(/cannot be unzipped/)
  })

  test('reads back whatever was written', () => {
    const texts = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }), { nil: null })
    const record = fc.record({
      key: texts,
      value: texts,
      timestampDelta: fc.integer({ min: -(2 ** 50), max: 2 ** 50 })
    })
    const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 5 }), { maxLength: 5 })
    fc.assert(
      fc.property(batches, (written) => {
        let offset = 0
        const data = written.map((records) => {
          const batch = aBatch({
            base: offset,
            records: records.map((one, delta) => ({ ...one, delta }))
          })
          offset += records.length
          return batch
        })
        const decoded = decode(data)
        expect(decoded.offsetNext).toBe(BigInt(offset))
        expect(decoded.records.map(({ offset }) => offset)).toEqual(
          Array.from({ length: offset }, (_, index) => BigInt(index))
        )
        expect(
          decoded.records.map(({ key, value, timestampMs }) => ({
            key: key?.toString() ?? null,
            value: value?.toString() ?? null,
            timestampDelta: timestampMs - 1_000
          }))
        ).toEqual(written.flat())
      })
    )
  })
})
