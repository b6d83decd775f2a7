import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Problem } from '../http/index.ts'
import { createCursors, type ListScope } from './cursor.ts'

const cursors = createCursors('a secret of the tests')
const mine: ListScope = { list: 'rides', filter: { customerId: 'c-1' } }
const place = { at: 1_700_000_000_000, id: 'ride-1' }

const refusal = (scope: ListScope, cursor: string): unknown => {
  try {
    return cursors.decode(scope, cursor)
  } catch (error) {
    return error instanceof Problem ? error.code : error
  }
}

describe('cursors', () => {
  test('give back the place they were made of', () => {
    const id = fc.string({ minLength: 1, maxLength: 64 })
    const at = fc.integer({ min: 0, max: 4_102_444_800_000 })
    fc.assert(
      fc.property(at, id, (at, id) => {
        expect(cursors.decode(mine, cursors.encode(mine, { at, id }))).toEqual({ at, id })
      })
    )
    expect(cursors.decode(mine, undefined)).toBeNull()
  })

  test.each<[string, ListScope]>([
    ['another list', { list: 'bills', filter: { customerId: 'c-1' } }],
    ['another customer', { list: 'rides', filter: { customerId: 'c-2' } }],
    ['a driver of that name', { list: 'rides', filter: { driverId: 'c-1' } }],
    ['everybody', { list: 'rides', filter: {} }],
    [
      'the same customer with a driver',
      { list: 'rides', filter: { customerId: 'c-1', driverId: 'd-1' } }
    ]
  ])('are refused by the list of %s', (_, other) => {
    const cursor = cursors.encode(mine, place)
    expect(refusal(other, cursor)).toBe('malformed_query')
    expect(refusal(mine, cursors.encode(other, place))).toBe('malformed_query')
  })

  test('cannot be made or changed by others', () => {
    const cursor = cursors.encode(mine, place)
    const bytes = Buffer.from(cursor, 'base64url')
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(refusal(mine, changed.toString('base64url')), String(index)).toBe('malformed_query')
    }
    const unsigned = Buffer.from(JSON.stringify([place.at, place.id])).toString('base64url')
    const foreign = createCursors('another secret of tests').encode(mine, place)
    for (const forged of [unsigned, foreign, '', 'x', '💥', cursor.slice(0, 10)]) {
      expect(refusal(mine, forged), forged).toBe('malformed_query')
    }
  })

  test('fit into the query they are sent back in', () => {
    const longest = { at: 4_102_444_800_000, id: 'x'.repeat(128) }
    expect(cursors.encode(mine, longest).length).toBeLessThanOrEqual(256)
  })
})
