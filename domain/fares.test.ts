import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FareInput, quoteFare, sumOfLines } from './fares.ts'
import { usdTariff } from './tariffs.ts'

const trips: fc.Arbitrary<FareInput> = fc.record({
  distanceMeters: fc.integer({ min: 0, max: 200_000 }),
  durationSeconds: fc.integer({ min: 0, max: 20_000 }),
  surgePercent: fc.integer({ min: 100, max: 300 }),
  tariff: fc.constant(usdTariff)
})

describe('a fare', () => {
  test('follows the worked example', () => {
    const trip = { distanceMeters: 5_000, durationSeconds: 900, surgePercent: 150 }
    expect(quoteFare({ ...trip, tariff: usdTariff })).toEqual({
      currency: 'USD',
      baseMinor: 255,
      distanceMinor: 544,
      timeMinor: 525,
      surgeMinor: 662,
      bookingMinor: 275,
      minimumTopUpMinor: 0,
      totalMinor: 2_261,
      ...trip
    })
  })

  test('is topped up to the minimum', () => {
    const trip = { distanceMeters: 200, durationSeconds: 60, surgePercent: 100 }
    const fare = quoteFare({ ...trip, tariff: usdTariff })
    expect(fare).toMatchObject({ minimumTopUpMinor: 213, totalMinor: 800 })
  })

  test('is the sum of its lines, whole and not below the minimum', () => {
    fc.assert(
      fc.property(trips, (trip) => {
        const fare = quoteFare(trip)
        expect(fare.totalMinor).toBe(sumOfLines(fare))
        expect(Number.isSafeInteger(fare.totalMinor)).toBe(true)
        expect(fare.totalMinor).toBeGreaterThanOrEqual(usdTariff.minimumMinor)
      })
    )
  })

  test('never falls when distance, time or surge grow', () => {
    const more = fc.nat({ max: 5_000 })
    const surgeMore = fc.nat({ max: 100 })
    fc.assert(
      fc.property(trips, more, more, surgeMore, (trip, meters, seconds, percent) => {
        const longer = {
          ...trip,
          distanceMeters: trip.distanceMeters + meters,
          durationSeconds: trip.durationSeconds + seconds,
          surgePercent: trip.surgePercent + percent
        }
        return quoteFare(longer).totalMinor >= quoteFare(trip).totalMinor
      })
    )
  })

  test('leaves the booking fee out of the surge', () => {
    fc.assert(
      fc.property(trips, (trip) => {
        const fare = quoteFare({ ...trip, surgePercent: 200 })
        expect(fare.surgeMinor).toBe(fare.baseMinor + fare.distanceMinor + fare.timeMinor)
        expect(fare.bookingMinor).toBe(usdTariff.bookingMinor)
      })
    )
  })

  test.each([
    { distanceMeters: -1 },
    { distanceMeters: Number.NaN },
    { durationSeconds: 86_401 },
    { surgePercent: 99 },
    { surgePercent: 110.5 }
  ])('is refused for %o', (change) => {
    const trip = { distanceMeters: 1, durationSeconds: 1, surgePercent: 100, tariff: usdTariff }
    expect(() => quoteFare({ ...trip, ...change })).toThrow(RangeError)
  })
})
