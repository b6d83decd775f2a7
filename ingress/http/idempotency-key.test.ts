import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { createUuidV7, parseIdempotencyKey, uuidV7Time } from './idempotency-key.ts'

const hour = 3_600_000

test('a fresh key carries its time and is accepted for exactly the horizon', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e12, max: 4e12 }), fc.integer(), (nowMs, seed) => {
      const key = createUuidV7(createFakeClock(nowMs, seed))
      expect(uuidV7Time(key)).toBe(nowMs)
      const at = (laterMs: number) => () =>
        parseIdempotencyKey(key, { nowMs: nowMs + laterMs, ageMsMax: 12 * hour })
      expect(at(0)()).toBe(key)
      expect(at(12 * hour)()).toBe(key)
      expect(at(12 * hour + 1)).toThrow(/not older than 12 h/)
      expect(at(-hour)()).toBe(key)
      expect(at(-hour - 1)).toThrow(/not from the future/)
    })
  )
})

test('letter case and outer blanks do not make another key', () => {
  const nowMs = 1_700_000_000_000
  const key = createUuidV7(createFakeClock(nowMs, 3))
  const options = { nowMs, ageMsMax: 12 * hour }
  expect(parseIdempotencyKey(` ${key.toUpperCase()} `, options)).toBe(key)
})
