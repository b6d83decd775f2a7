import { describe, expect, test } from 'vitest'
import { type CancellableRide, cancellationFeeMinor, isNoShowDue } from './cancellation.ts'
import { createPolicy } from './policy.ts'
import type { EndedBy } from './records.ts'
import { usdTariff } from './tariffs.ts'

const minute = 60_000
const policy = createPolicy({ timeScale: 1 })

/** Matched at 0 with a pickup promised at 4 min, accepted at 5 s. */
function aRide(change: Partial<CancellableRide> = {}): CancellableRide {
  return {
    status: 'ACCEPTED',
    matchedAt: 0,
    acceptedAt: 5_000,
    arrivedAt: null,
    pickupEtaSeconds: 240,
    ...change
  }
}

function feeAt(cancelledAt: number, ride: CancellableRide, by: EndedBy = 'rider'): number | null {
  return cancellationFeeMinor({ ride, cancelledAt, by, policy, tariff: usdTariff })
}

describe('a rider who cancels', () => {
  test('pays once the free time after the match is over', () => {
    expect(feeAt(2 * minute, aRide())).toBeNull()
    expect(feeAt(2 * minute + 1, aRide())).toBe(500)
  })

  test('pays nothing while no driver has accepted', () => {
    expect(feeAt(3 * minute, aRide({ status: 'PENDING_ACCEPTANCE', acceptedAt: null }))).toBeNull()
    expect(feeAt(3 * minute, aRide({ status: 'REQUESTED', matchedAt: null }))).toBeNull()
  })

  test('pays nothing when the driver is late', () => {
    expect(feeAt(9 * minute, aRide())).toBe(500)
    expect(feeAt(9 * minute + 1, aRide())).toBeNull()
  })

  test('is judged by the arrival once the driver is there', () => {
    const arrived = aRide({ status: 'ARRIVED', arrivedAt: 4 * minute })
    expect(feeAt(20 * minute, arrived)).toBe(500)
    expect(feeAt(20 * minute, { ...arrived, arrivedAt: 10 * minute })).toBeNull()
  })

  test('pays when no pickup was promised', () => {
    expect(feeAt(60 * minute, aRide({ pickupEtaSeconds: null }))).toBe(500)
  })

  test('is judged in scaled time', () => {
    const fast = createPolicy({ timeScale: 10 })
    const question = { ride: aRide(), by: 'rider', policy: fast, tariff: usdTariff } as const
    expect(cancellationFeeMinor({ ...question, cancelledAt: 12_000 })).toBeNull()
    expect(cancellationFeeMinor({ ...question, cancelledAt: 54_000 })).toBe(500)
    expect(cancellationFeeMinor({ ...question, cancelledAt: 54_001 })).toBeNull()
  })
})

describe('a ride ended by others', () => {
  test('costs a no-show fee after the wait at the pickup', () => {
    const ride = aRide({ status: 'ARRIVED', arrivedAt: minute })
    expect(isNoShowDue({ ride, atMs: 6 * minute - 1, policy })).toBe(false)
    expect(feeAt(6 * minute - 1, ride, 'driver')).toBeNull()
    expect(isNoShowDue({ ride, atMs: 6 * minute, policy })).toBe(true)
    expect(feeAt(6 * minute, ride, 'driver')).toBe(500)
    expect(feeAt(6 * minute, aRide(), 'driver')).toBeNull()
  })

  test.each(['admin', 'system'] as const)('costs nothing when the %s ends it', (by) => {
    expect(feeAt(5 * minute, aRide(), by)).toBeNull()
  })
})
