import { describe, expect, test } from 'vitest'
import { createPolicy, modelSecondsToMs } from './policy.ts'

describe('the policy', () => {
  const real = createPolicy()
  const fast = createPolicy({ timeScale: 10 })
  const offerMsMin = 3_000

  test('scales what is business and leaves machines alone', () => {
    const changed = new Set<string>()
    const same = new Set<string>()
    for (const key of Object.keys(real) as (keyof typeof real)[]) {
      if (key === 'ping' || key === 'surge' || key === 'timeScale') continue
      if (real[key] === fast[key]) same.add(key)
      else {
        changed.add(key)
        expect(fast[key]).toBe(key === 'offerMs' ? offerMsMin : real[key] / 10)
      }
    }
    expect([...same].sort()).toEqual([
      'candidatesMax',
      'driverUnheardMs',
      'excludedMax',
      'idempotencyMaxAgeMs',
      'matchingWindowMs',
      'maxOpenRides',
      'parkedMax',
      'parkedMs',
      'pickupEtaMaxSeconds',
      'quoteToleranceMeters',
      'reachMeters',
      'rideRetentionMs',
      'solveMsMax',
      'ssnClaimRetryMs'
    ])
    expect(changed.size).toBe(11)
  })

  test('scales the periods of surge and the speed of a teleport', () => {
    expect(fast.surge).toEqual({ ...real.surge, periodMs: 6_000, windowMs: 30_000, ttlMs: 15_000 })
    expect(fast.ping).toEqual({ ...real.ping, teleportKmh: 2_000, suspectWindowMs: 60_000 })
  })

  test('turns model seconds into wall time', () => {
    expect(modelSecondsToMs(real, 90)).toBe(90_000)
    expect(modelSecondsToMs(fast, 90)).toBe(9_000)
  })

  test.each([0, -1, Number.NaN, 1_001, Number.POSITIVE_INFINITY])(
    'refuses a scale of %d',
    (scale) => {
      expect(() => createPolicy({ timeScale: scale })).toThrow(RangeError)
    }
  )
})
