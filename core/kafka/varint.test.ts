import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readVarint } from './varint.ts'

function encode(value: number): Buffer {
  let rest = value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n
  const bytes: number[] = []
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

test('reads every integer a broker writes and stops behind it', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (value) => {
      const bytes = encode(value)
      const cursor = { buffer: Buffer.concat([bytes, Buffer.from([0xff])]), at: 0 }
      expect(readVarint(cursor)).toBe(value)
      expect(cursor.at).toBe(bytes.length)
    })
  )
})

test('refuses to read past the end and integers without one', () => {
  expect(() => readVarint({ buffer: Buffer.from([0x80]), at: 0 })).toThrow(RangeError)
  expect(() => readVarint({ buffer: Buffer.alloc(20, 0xff), at: 0 })).toThrow(RangeError)
})
