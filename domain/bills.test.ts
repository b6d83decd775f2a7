import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BillableTask, billLines, noShowReason, splitEarnings, totalOfLines } from './bills.ts'
import { quoteFare } from './fares.ts'
import { usdTariff } from './tariffs.ts'

const fare = quoteFare({
  distanceMeters: 5_000,
  durationSeconds: 900,
  surgePercent: 150,
  tariff: usdTariff
})

function aTask(change: Partial<BillableTask> = {}): BillableTask {
  return { kind: 'TRIP', driverId: 'd-1', fare, feeMinor: null, reason: null, ...change }
}

describe('a bill', () => {
  test('of a trip lists the lines that are not zero', () => {
    expect(billLines(aTask())).toEqual([
      { code: 'base', label: 'Base fare', amountMinor: 255 },
      { code: 'distance', label: 'Distance, 3.11 miles', amountMinor: 544 },
      { code: 'time', label: 'Time, 15.0 minutes', amountMinor: 525 },
      {
        code: 'surge',
        label: 'High demand, 1.50 times base, distance and time',
        amountMinor: 662
      },
      { code: 'booking', label: 'Booking fee', amountMinor: 275 }
    ])
  })

  test('of a fee has one line that names its cause', () => {
    const fee = aTask({ kind: 'CANCELLATION_FEE', feeMinor: 500 })
    expect(billLines(fee)).toEqual([
      { code: 'cancellation_fee', label: 'Cancellation fee', amountMinor: 500 }
    ])
    expect(billLines({ ...fee, reason: noShowReason })).toEqual([
      { code: 'no_show_fee', label: 'No-show fee', amountMinor: 500 }
    ])
  })

  test('is refused when the fare does not add up or a fee is missing', () => {
    expect(() => billLines(aTask({ fare: { ...fare, timeMinor: 1 } }))).toThrow(RangeError)
    expect(() => billLines(aTask({ kind: 'CANCELLATION_FEE' }))).toThrow(RangeError)
    expect(() => billLines(aTask({ kind: 'CANCELLATION_FEE', feeMinor: -1 }))).toThrow(RangeError)
  })
})

describe('earnings', () => {
  test('follow the worked examples', () => {
    const fee = aTask({ kind: 'CANCELLATION_FEE', feeMinor: 500 })
    expect(splitEarnings(aTask())).toEqual({ driverEarningsMinor: 1_490, platformMinor: 771 })
    expect(splitEarnings(fee)).toEqual({ driverEarningsMinor: 400, platformMinor: 100 })
    expect(splitEarnings({ ...fee, driverId: null })).toEqual({
      driverEarningsMinor: 0,
      platformMinor: 500
    })
  })

  test('and bill lines add up to the fare', () => {
    const meters = fc.integer({ min: 0, max: 100_000 })
    fc.assert(
      fc.property(meters, fc.integer({ min: 100, max: 300 }), (distanceMeters, surgePercent) => {
        const trip = { distanceMeters, durationSeconds: distanceMeters / 5, surgePercent }
        const task = aTask({ fare: quoteFare({ ...trip, tariff: usdTariff }) })
        const { driverEarningsMinor, platformMinor } = splitEarnings(task)
        expect(totalOfLines(billLines(task))).toBe(task.fare.totalMinor)
        expect(driverEarningsMinor + platformMinor).toBe(task.fare.totalMinor)
        expect(platformMinor).toBeGreaterThanOrEqual(task.fare.bookingMinor)
      })
    )
  })
})
