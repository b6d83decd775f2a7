import { expect, test } from 'vitest'
import { createFakeClock } from '../core/index.ts'
import { createIdempotencyKey } from './idempotency-key.ts'

test('an idempotency key is a UUIDv7 of now, and no two are alike', () => {
  const clock = createFakeClock(1_700_000_000_123)
  const keys = Array.from({ length: 100 }, () => createIdempotencyKey(clock))
  expect(new Set(keys).size).toBe(100)
  for (const key of keys) {
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_123)
  }
})
