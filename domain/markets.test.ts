import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultMarkets } from './default-markets.ts'
import { createMarkets, type Market, splitMarket } from './markets.ts'
import type { Point } from './records.ts'

const [newYork, chicago] = defaultMarkets as readonly [Market, Market]
const whole = createMarkets(defaultMarkets)
const split = createMarkets([splitMarket(newYork, [0, 1, 2]), chicago])

const timesSquare = { lat: 40.758, lon: -73.9855 }
const kennedy = { lat: 40.6413, lon: -73.7781 }
const newark = { lat: 40.6895, lon: -74.1745 }
const loop = { lat: 41.8786, lon: -87.6251 }
const atlantic = { lat: 40.3, lon: -73.6 }

const aroundNewYork: fc.Arbitrary<Point> = fc.record({
  lat: fc.double({ min: 40.4, max: 41.1, noNaN: true }),
  lon: fc.double({ min: -74.4, max: -73.55, noNaN: true })
})

describe('unsplit markets', () => {
  test('hold the places they should', () => {
    for (const place of [timesSquare, kennedy, newark]) {
      expect(whole.marketOf(place)).toBe('new_york')
    }
    expect(whole.marketOf(loop)).toBe('chicago')
    expect(whole.marketOf(atlantic)).toBeNull()
    expect(whole.marketOf({ lat: 0, lon: 0 })).toBeNull()
  })

  test('lie on the partition the definition says', () => {
    expect(whole.partitionOf('new_york')).toBe(0)
    expect(whole.partitionOf('chicago')).toBe(1)
    expect(whole.idsOn(1)).toEqual(['chicago'])
    expect(whole.idsOn(2)).toEqual([])
  })

  test('are reached from inside only', () => {
    expect(whole.reachable(timesSquare, 50_000)).toEqual(['new_york'])
    expect(whole.reachable(atlantic, 50_000)).toEqual([])
  })

  test('are found by id', () => {
    expect(whole.byId('new_york')).toBe(newYork)
    expect(whole.byId('new_york:852a100ffffffff')).toBeNull()
    expect(whole.byId('boston')).toBeNull()
    expect(() => whole.partitionOf('boston')).toThrow(RangeError)
  })
})

describe('split markets', () => {
  test('name the cell and keep the definition', () => {
    expect(split.marketOf(timesSquare)).toBe('new_york:852a100ffffffff')
    expect(split.byId('new_york:852a100ffffffff')).toMatchObject({ id: 'new_york', split: true })
    expect(split.byId('new_york')).toBeNull()
    expect(split.byId('new_york:nonsense')).toBeNull()
  })

  test('cover the same area as the unsplit one and lie on one partition each', () => {
    fc.assert(
      fc.property(aroundNewYork, (point) => {
        const id = split.marketOf(point)
        expect(id === null).toBe(whole.marketOf(point) === null)
        if (id !== null) expect(split.idsOn(split.partitionOf(id))).toContain(id)
      })
    )
  })

  test('lie on the same partitions whenever they are built', () => {
    const again = createMarkets([splitMarket(newYork, [0, 1, 2]), chicago])
    for (const partition of [0, 1, 2]) {
      expect(again.idsOn(partition)).toEqual(split.idsOn(partition))
    }
    expect([0, 1, 2].map((partition) => split.idsOn(partition).length)).toEqual([8, 8, 7])
  })

  test('show a driver near a border to the neighbour, home first', () => {
    fc.assert(
      fc.property(aroundNewYork, fc.integer({ min: 0, max: 12_000 }), (point, meters) => {
        const home = split.marketOf(point)
        const reached = split.reachable(point, meters)
        expect(reached[0] ?? null).toBe(home)
        expect(new Set(reached).size).toBe(reached.length)
        expect(split.reachable(point, meters + 3_000)).toEqual(expect.arrayContaining(reached))
      })
    )
  })

  test('reach each other across a border within the distance', () => {
    fc.assert(
      fc.property(aroundNewYork, fc.double({ min: 0, max: 6.28, noNaN: true }), (point, angle) => {
        const near = {
          lat: point.lat + (Math.cos(angle) * 2_900) / 111_195,
          lon: point.lon + (Math.sin(angle) * 2_900) / 85_000
        }
        const here = split.marketOf(point)
        const there = split.marketOf(near)
        if (here === null || there === null) return
        expect(split.reachable(point, 3_000)).toContain(there)
      })
    )
  })

  test('fall back to the market partition for a cell not in the table', () => {
    const bare = createMarkets([{ ...newYork, split: true, partition: 2 }])
    expect(bare.partitionOf('new_york:852a100ffffffff')).toBe(2)
  })
})

describe('a definition', () => {
  test.each([
    { id: 'New York' },
    { polygon: newYork.polygon.slice(0, 2) },
    { polygon: [[40, -740] as const, ...newYork.polygon] },
    { currency: 'EUR' },
    { partition: -1 }
  ])('is refused with %o', (change) => {
    expect(() => createMarkets([{ ...newYork, ...change }])).toThrow(RangeError)
  })

  test('is refused when two markets share an id', () => {
    expect(() => createMarkets([newYork, newYork])).toThrow(RangeError)
  })
})
