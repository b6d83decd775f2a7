import { describe, expect, test } from 'vitest'
import { planArrivals, tripMetersWithin } from './arrivals.ts'

const here = { lat: 40.75, lon: -73.98 }
const near = { lat: 40.76, lon: -73.98 }
const far = { lat: 40.95, lon: -73.98 }
const options = {
  trips: [
    { pickup: here, dropoff: near },
    { pickup: here, dropoff: far },
    { pickup: near, dropoff: here }
  ],
  seconds: 100,
  rate: 10,
  seed: 1,
  tripMetersMax: 5_000,
  remote: { share: 0, place: { lat: 40.53, lon: -74.19 } },
  unserved: { share: 0, place: { lat: 39.95, lon: -75.16 } }
}

describe('arrivals', () => {
  test('are as many as rate and time say, in the order of time', () => {
    const times = planArrivals(options).list.map(({ atMs }) => atMs)
    expect(times).toHaveLength(1_000)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.every((atMs) => atMs >= 0 && atMs < 100_000)).toBe(true)
  })

  test('replay the recorded trips in their order, without the ones that are too long', () => {
    const { list, tooLong } = planArrivals(options)
    expect(tooLong).toBe(1)
    expect(list.slice(0, 4).map(({ pickup }) => pickup)).toEqual([here, near, here, near])
  })

  test('come at random times: gaps have the spread of a Poisson process', () => {
    const times = planArrivals(options).list.map(({ atMs }) => atMs)
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.85)
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.15)
  })

  test('have the share of requests made to fail', () => {
    const { list } = planArrivals({
      ...options,
      remote: { ...options.remote, share: 0.2 },
      unserved: { ...options.unserved, share: 0.1 }
    })
    const share = (kind: string) => list.filter((arrival) => arrival.kind === kind).length / 1_000
    expect(share('remote')).toBeCloseTo(0.2, 1)
    expect(share('unserved')).toBeCloseTo(0.1, 1)
    expect(list.find(({ kind }) => kind === 'remote')?.pickup.lat).toBeCloseTo(40.53, 1)
  })

  test('are refused when no trip is short enough', () => {
    expect(() => planArrivals({ ...options, tripMetersMax: 10 })).toThrow('at most 10 m')
  })

  test('know how far a car gets', () => {
    expect(tripMetersWithin(60, 67.5)).toBeCloseTo(3_000)
  })
})
