import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DriverPoolState, RiderPoolState } from '../../avro/index.ts'
import { createPolicy, etaSeconds } from '../../domain/index.ts'
import { places, startMs } from '../../test/simulation/builders.ts'
import { createSearch, searchLimits } from './candidates.ts'
import { solveWindow } from './window.ts'

const timezone = 'America/New_York'
const limits = searchLimits(createPolicy(), { atMs: startMs, timezone })

describe('candidates', () => {
  test('are the nearest within the pickup time limit, nearest first, by the model of the domain', () => {
    const drivers = [
      aDriver('far', 0.012),
      aDriver('near', 0.001),
      aDriver('next', 0.003),
      aDriver('beyond', 0.2)
    ]
    const found = createSearch(drivers, limits)(aRider('r'))
    expect(found.map(({ driver }) => driver.driverId)).toEqual(['near', 'next', 'far'])
    for (const { driver, etaSeconds: eta } of found) {
      const from = { from: driver.place, to: places.unionSquare }
      expect(eta).toBe(etaSeconds({ ...from, atMs: startMs, timezone }))
      expect(eta).toBeLessThanOrEqual(900)
    }
  })

  test('leave excluded drivers out', () => {
    const search = createSearch([aDriver('a', 0.001), aDriver('b', 0.002)], limits)
    const found = search(aRider('r', { excluded: ['a'] }))
    expect(found.map(({ driver }) => driver.driverId)).toEqual(['b'])
  })

  test('are bounded', () => {
    const drivers = Array.from({ length: 60 }, (_, i) => aDriver(`d-${i}`, 0.0001 * i))
    const found = createSearch(drivers, limits)(aRider('r'))
    expect(found).toHaveLength(createPolicy().candidatesMax)
    expect(found[0]?.driver.driverId).toBe('d-0')
  })

  test.each([0, 900])('miss nobody whom the time limit allows, with %i others far away', (far) => {
    const offset = fc.double({ min: -0.03, max: 0.03, noNaN: true })
    const others = Array.from({ length: far }, (_, i) => aDriver(`far-${i}`, 0.5))
    fc.assert(
      fc.property(fc.array(fc.tuple(offset, offset), { maxLength: 18 }), (offsets) => {
        const near = offsets.map(([lat, lon], i) => aDriver(`d-${i}`, lat, lon))
        const drivers = [...near, ...others]
        const found = createSearch(drivers, limits)(aRider('r'))
        const reachable = drivers.filter(({ place: from }) => {
          return etaSeconds({ from, to: places.unionSquare, atMs: startMs, timezone }) <= 900
        })
        const ids = (list: readonly { driverId: string }[]) =>
          list.map(({ driverId }) => driverId).sort()
        expect(ids(found.map(({ driver }) => driver))).toEqual(ids(reachable))
      })
    )
  })
})

describe('a window', () => {
  test('gives each rider another driver, at the lowest total pickup time', () => {
    // Greedy would send `both` to the rider nearest to it and the other rider the long way.
    const riders = [aRider('a'), aRider('b', { pickup: shifted(0.004) })]
    const drivers = [aDriver('both', 0.003), aDriver('back', -0.003)]
    const { matches, components } = solveWindow(riders, drivers, limits)
    expect(pairs(matches)).toEqual({ a: 'back', b: 'both' })
    expect(components).toBe(1)
  })

  test('solves riders who share no driver apart', () => {
    const riders = [aRider('a'), aRider('b', { pickup: shifted(0.2) })]
    const drivers = [aDriver('da', 0.001), aDriver('db', 0.201)]
    const { matches, components } = solveWindow(riders, drivers, limits)
    expect(pairs(matches)).toEqual({ a: 'da', b: 'db' })
    expect(components).toBe(2)
  })

  test('falls back to the greedy assigner when the work is over its budget', () => {
    const riders = [aRider('a'), aRider('b', { pickup: shifted(0.004) })]
    const drivers = [aDriver('both', 0.003), aDriver('back', -0.003)]
    const result = solveWindow(riders, drivers, { ...limits, workMax: 7 })
    expect(result.greedyComponents).toBe(1)
    expect(result.matches).toHaveLength(2)
  })

  test('assigns nobody twice and does not depend on the order of its input', () => {
    const offset = fc.double({ min: -0.02, max: 0.02, noNaN: true })
    const people = fc.array(fc.tuple(offset, offset), { maxLength: 25 })
    fc.assert(
      fc.property(people, people, (riderOffsets, driverOffsets) => {
        const riders = riderOffsets.map(([lat, lon], i) =>
          aRider(`r-${i}`, { pickup: shifted(lat, lon) })
        )
        const drivers = driverOffsets.map(([lat, lon], i) => aDriver(`d-${i}`, lat, lon))
        const { matches } = solveWindow(riders, drivers, limits)
        expect(new Set(matches.map(({ rider }) => rider.rideId)).size).toBe(matches.length)
        expect(new Set(matches.map(({ driver }) => driver.driverId)).size).toBe(matches.length)
        const again = solveWindow(riders.toReversed(), drivers.toReversed(), limits)
        expect(pairs(again.matches)).toEqual(pairs(matches))
      })
    )
  })
})

function aRider(rideId: string, fields: Partial<RiderPoolState> = {}): RiderPoolState {
  return {
    rideId,
    market: 'new_york',
    attempt: 1,
    pickup: places.unionSquare,
    excluded: [],
    waitUntil: startMs + 300_000,
    requestedAt: startMs,
    heldUntil: 0,
    ...fields
  }
}

function aDriver(driverId: string, lat: number, lon = 0): DriverPoolState {
  return {
    driverId,
    market: 'new_york',
    driverVersion: 1,
    place: shifted(lat, lon),
    placeAt: startMs,
    heardAt: startMs,
    home: true,
    heldUntil: 0,
    available: true
  }
}

function shifted(lat: number, lon = 0): { lat: number; lon: number } {
  return { lat: places.unionSquare.lat + lat, lon: places.unionSquare.lon + lon }
}

function pairs(
  matches: readonly { readonly rider: RiderPoolState; readonly driver: DriverPoolState }[]
): Record<string, string> {
  return Object.fromEntries(matches.map(({ rider, driver }) => [rider.rideId, driver.driverId]))
}
