import { describe, expect, test } from 'vitest'
import {
  cellOf,
  disk,
  distanceMeters,
  estimateTrip,
  neighbours,
  parentCell,
  speedKmh
} from './geo.ts'
import { localHour } from './local-hour.ts'

const timesSquare = { lat: 40.758, lon: -73.9855 }
const newark = { lat: 40.6895, lon: -74.1745 }
const newYork = 'America/New_York'

describe('distances', () => {
  test('agree with a known one and are symmetric', () => {
    expect(distanceMeters(timesSquare, newark)).toBeCloseTo(17_644, -2)
    expect(distanceMeters(newark, timesSquare)).toBe(distanceMeters(timesSquare, newark))
    expect(distanceMeters(newark, newark)).toBe(0)
  })

  test('of antipodes are half of the circumference', () => {
    const meters = distanceMeters({ lat: 0, lon: 0 }, { lat: 0, lon: 180 })
    expect(meters).toBeCloseTo(20_015_114, -1)
  })
})

describe('local time', () => {
  test('follows the zone through the change of clocks', () => {
    const beforeChange = Date.UTC(2024, 2, 10, 6, 59)
    expect(localHour(beforeChange, newYork)).toBe(1)
    expect(localHour(beforeChange + 60_000, newYork)).toBe(3)
    expect(localHour(Date.UTC(2024, 10, 3, 5, 30), newYork)).toBe(1)
    expect(localHour(Date.UTC(2024, 10, 3, 6, 30), newYork)).toBe(1)
  })

  test('knows midnight and zones off by a quarter of an hour', () => {
    expect(localHour(Date.UTC(2024, 6, 1, 4), newYork)).toBe(0)
    expect(localHour(Date.UTC(2024, 6, 1, 0, 14), 'Asia/Kathmandu')).toBe(5)
    expect(localHour(Date.UTC(2024, 6, 1, 0, 15), 'Asia/Kathmandu')).toBe(6)
  })

  test('stays right when its memory is renewed', () => {
    const start = Date.UTC(2024, 0, 1, 5)
    for (let hour = 0; hour < 2_000; hour += 1) {
      expect(localHour(start + hour * 3_600_000, 'America/Jamaica')).toBe(hour % 24)
    }
  })

  test('is refused for a zone or time that does not exist', () => {
    expect(() => localHour(0, 'America/Nowhere')).toThrow(RangeError)
    expect(() => localHour(Number.NaN, newYork)).toThrow(RangeError)
  })
})

describe('travel', () => {
  test('is slow at noon and fast before dawn', () => {
    expect(speedKmh(Date.UTC(2024, 6, 1, 19), newYork)).toBe(12.9)
    expect(speedKmh(Date.UTC(2024, 6, 1, 9), newYork)).toBe(30.7)
  })

  test('takes the road factor over speed', () => {
    const trip = estimateTrip(timesSquare, newark, Date.UTC(2024, 6, 1, 9), newYork)
    const straight = distanceMeters(timesSquare, newark)
    expect(trip.distanceMeters).toBe(Math.round(1.35 * straight))
    expect(trip.durationSeconds).toBe(Math.round((1.35 * straight * 3.6) / 30.7))
  })
})

describe('cells', () => {
  test('have six neighbours and sit in their disk and parent', () => {
    const cell = cellOf(timesSquare, 8)
    expect(neighbours(cell, 1)).toHaveLength(6)
    expect(neighbours(cell, 1)).not.toContain(cell)
    expect(disk(cell, 1)).toHaveLength(7)
    expect(parentCell(cell, 7)).toBe(cellOf(timesSquare, 7))
    expect(parentCell(cell, 8)).toBe(cell)
  })
})
