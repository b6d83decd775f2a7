import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RideEventType } from '../avro/index.ts'
import {
  aBill,
  aDriverLocation,
  aRideEvent,
  aRidePosition,
  noonMs
} from '../test/support/records.ts'
import { addPing } from './driver-minutes.ts'
import { addPosition, trackPointsMax } from './ride-tracks.ts'
import { addBill, addRideEvent, placeOfRide, type Rollup, rollupId } from './rollup-fold.ts'

describe('hourly sums', () => {
  const fold = (types: readonly RideEventType[]): Rollup =>
    types.reduce<Rollup | null>((rollup, type, index) => {
      const ride = { requestedAt: noonMs, acceptedAt: noonMs + 40_000, arrivedAt: noonMs + 100_000 }
      return addRideEvent(rollup, aRideEvent({ type, seq: index + 1, ride }), 4)
    }, null) as Rollup

  test('count rides and offers by their events and waiting once a ride', () => {
    const rollup = fold([
      'RIDE_REQUESTED',
      'RIDE_MATCHED',
      'OFFER_DECLINED',
      'RIDE_MATCHED',
      'OFFER_EXPIRED',
      'RIDE_MATCHED',
      'RIDE_ACCEPTED',
      'DRIVER_ARRIVED',
      'RIDE_STARTED',
      'RIDE_COMPLETED',
      'RIDE_RATED'
    ])
    expect(rollup).toMatchObject({
      _id: '2026-03-01T12|new_york|ride_events-4',
      hour: new Date(noonMs),
      offers: { made: 3, accepted: 1, declined: 1, expired: 1 },
      waiting: { matchMs: 40_000, matchCount: 1, pickupMs: 60_000, pickupCount: 1 },
      updatedAt: new Date(noonMs + 11_000)
    })
    const { requested, accepted, arrived, started, completed, rated, cancelled } = rollup.rides
    expect([requested, accepted, arrived, started, completed, rated, cancelled]).toEqual([
      1, 1, 1, 1, 1, 1, 0
    ])
  })

  test('keep hours, markets and partitions apart', () => {
    const place = placeOfRide(aRideEvent({ occurredAt: noonMs - 1 }), 0)
    expect(rollupId(place)).toBe('2026-03-01T11|new_york|ride_events-0')
    expect(rollupId({ ...place, partition: 5 })).not.toBe(rollupId(place))
  })

  test('add bills up, with fees apart', () => {
    const trip = addBill(null, aBill(), 1)
    const both = addBill(trip, aBill({ kind: 'CANCELLATION_FEE', totalMinor: 500 }), 1)
    expect(both._id).toBe('2026-03-01T12|USD|bills-1')
    expect(both.revenue).toEqual({
      billCount: 2,
      totalMinor: 4_125,
      feeMinor: 500,
      driverEarningsMinor: 5_400,
      platformMinor: 1_850
    })
    expect(trip.revenue.billCount).toBe(1)
  })
})

describe('tracks', () => {
  test('hold each moment once, in order, and never more than fits', () => {
    const seconds = fc.array(fc.integer({ min: 0, max: 59_999 }), { minLength: 1, maxLength: 150 })
    fc.assert(
      fc.property(seconds, (moments) => {
        const track = moments.reduce<ReturnType<typeof addPosition> | null>(
          (before, ms) => addPosition(before, aRidePosition({ deviceTime: noonMs + ms })),
          null
        )
        const stored = track?.points.map(({ at }) => at.getTime() - noonMs) ?? []
        expect(stored).toEqual([...new Set(stored)].sort((a, b) => a - b))
        expect(stored.length).toBeLessThanOrEqual(trackPointsMax)
        const distinct = new Set(moments).size
        if (distinct <= trackPointsMax)
          expect([stored.length, track?.dropped]).toEqual([distinct, 0])
      })
    )
  })
})

describe('minutes of drivers', () => {
  test('keep the earliest and the latest ping by device time, whatever the order', () => {
    const ping = (deviceMs: number) =>
      aDriverLocation({ deviceTime: noonMs + deviceMs, sessionId: `s-${deviceMs}` })
    const minute = [20, 5, 40, 30].reduce<ReturnType<typeof addPing> | null>(
      (before, ms) => addPing(before, ping(ms)),
      null
    )
    expect(minute).toMatchObject({
      _id: `d-1:${noonMs / 60_000}`,
      count: 4,
      sessionId: 's-40',
      first: { at: new Date(noonMs + 5) },
      last: { at: new Date(noonMs + 40) }
    })
  })
})
