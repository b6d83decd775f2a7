import { expect, test } from 'vitest'
import { Sequences } from './sequences.ts'

test('sequences count the records of each partition from 0', () => {
  const sequences = new Sequences()
  expect([3, 4, 5].map((count) => sequences.take('t', 0, count))).toEqual([0, 3, 7])
  expect(sequences.take('t', 1, 1)).toBe(0)
  expect(sequences.take('u', 0, 1)).toBe(0)
})

test('sequences go on with 0 after 2^31 - 1, also within a batch', () => {
  const sequences = new Sequences()
  sequences.take('t', 0, 2 ** 31 - 2)
  expect(sequences.take('t', 0, 5)).toBe(2 ** 31 - 2)
  expect(sequences.take('t', 0, 1)).toBe(3)
})
