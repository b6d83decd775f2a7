import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { readVarint } from './varint.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 300 })

describe('what is written', () => {
  test('reads back, whatever the first capacity', () => {
    const fields = fc.record({
      int8: fc.integer({ min: -128, max: 127 }),
      int16: fc.integer({ min: -32_768, max: 32_767 }),
      int32: fc.integer(),
      int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      uvarint: fc.nat({ max: 2 ** 31 - 1 }),
      texts: fc.array(text, { maxLength: 5 })
    })
    fc.assert(
      fc.property(fields, fc.nat(64), (given, capacity) => {
        const writer = new ByteWriter(capacity)
        writer.int8(given.int8)
        writer.int16(given.int16)
        writer.int32(given.int32)
        writer.int64(given.int64)
        writer.uvarint(given.uvarint)
        writer.compactArray(given.texts, (one) => writer.compactText(one))
        writer.noTags()
        writer.compactNullableText(null)
        writer.compactBytes(Buffer.from('bytes'))
        const reader = new ByteReader(writer.written())
        expect({
          int8: reader.int8(),
          int16: reader.int16(),
          int32: reader.int32(),
          int64: reader.int64(),
          uvarint: reader.uvarint(),
          texts: reader.compactArray(() => reader.compactText())
        }).toEqual(given)
        reader.skipTags()
        expect(reader.compactText()).toBe('')
        expect(reader.compactText()).toBe('bytes')
        expect(reader.at).toBe(writer.at)
      })
    )
  })

  test('reads back as fields of a record: zigzag numbers, texts of any letters, bytes and null', () => {
    const number = fc.oneof(
      fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
      fc.constantFrom(-(2 ** 30), 2 ** 30, 2 ** 30 - 1, -(2 ** 30) - 1, 2 ** 31, 63, 64, -64, -65)
    )
    fc.assert(
      fc.property(number, text, fc.uint8Array({ maxLength: 300 }), (value, words, bytes) => {
        const writer = new ByteWriter(0)
        writer.varint(value)
        writer.textField(words)
        writer.field(bytes)
        writer.field(null)
        const cursor = { buffer: writer.written(), at: 0 }
        const read = () => {
          const length = readVarint(cursor)
          cursor.at += length
          return cursor.buffer.subarray(cursor.at - length, cursor.at)
        }
        expect(readVarint(cursor)).toBe(value)
        expect(read()).toEqual(Buffer.from(words))
        expect(read()).toEqual(Buffer.from(bytes))
        expect(readVarint(cursor)).toBe(-1)
      })
    )
  })
})

describe('reading', () => {
  test('moves over tagged fields, or keeps them', () => {
    const bytes = Buffer.from([2, 0, 3, 1, 2, 3, 9, 0, 7])
    const reader = new ByteReader(bytes)
    reader.skipTags()
    expect(reader.int8()).toBe(7)
    const keeping = new ByteReader(bytes)
    expect(keeping.tags()).toEqual(
      new Map([
        [0, Buffer.from([1, 2, 3])],
        [9, Buffer.alloc(0)]
      ])
    )
    expect(keeping.int8()).toBe(7)
    expect(new ByteReader(Buffer.from([0])).tags()).toEqual(new Map())
  })

  test('throws RangeError past the end and at a number without one', () => {
    expect(() => new ByteReader(Buffer.from([9, 65])).compactText()).toThrow(RangeError)
    expect(() => new ByteReader(Buffer.alloc(9, 0xff)).uvarint()).toThrow(RangeError)
  })
})
