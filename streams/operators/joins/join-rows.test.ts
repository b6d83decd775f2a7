import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLocalCodec } from '../../../avro/index.ts'
import { stringFormat } from '../../runtime/index.ts'
import { appendRow, type JoinRow, type JoinRows, joinRowsFormat, matchRows } from './join-rows.ts'

const row = (value: string, timestampMs = 1): JoinRow => ({
  timestampMs,
  value,
  isMatched: false,
  bytes: null
})
const values = ({ rows, length }: JoinRows) => rows.slice(0, length).map(({ value }) => value)

test('a version keeps what it holds however many are made of it', () => {
  const one = appendRow(undefined, row('a'))
  const two = appendRow(one, row('b'))
  const other = appendRow(one, row('c'))
  expect([one, two, other].map(values)).toEqual([['a'], ['a', 'b'], ['a', 'c']])
})

test('the newest version grows in place', () => {
  const one = appendRow(undefined, row('a'))
  expect(appendRow(one, row('b')).rows).toBe(one.rows)
})

test('matching leaves the version before as it was', () => {
  const before = appendRow(appendRow(undefined, row('a')), row('b'))
  const after = matchRows(before, [1])
  expect(before.rows.map(({ isMatched }) => isMatched)).toEqual([false, false])
  expect(after.rows.map(({ isMatched }) => isMatched)).toEqual([false, true])
})

test('rows are read as they were written', () => {
  const codec = createLocalCodec()
  const format = joinRowsFormat(stringFormat)
  const anyRow = fc.record({
    timestampMs: fc.integer(),
    value: fc.string(),
    isMatched: fc.boolean(),
    bytes: fc.constant(null)
  })
  fc.assert(
    fc.property(fc.array(anyRow), fc.nat(3), (rows, hidden) => {
      const length = Math.max(0, rows.length - hidden)
      const written = rows.slice(0, length).map((one) => ({ ...one }))
      expect(format.decode(format.encode({ rows, length }, codec), codec)).toEqual({
        rows: written,
        length
      })
    })
  )
})

test('bytes cut short are refused', () => {
  const codec = createLocalCodec()
  const format = joinRowsFormat(stringFormat)
  const bytes = format.encode(appendRow(undefined, row('abc')), codec)
  for (const end of [5, 14]) {
    expect(() => format.decode(bytes.subarray(0, end), codec)).toThrow('cut short')
  }
})
