import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SurgeDemandState, SurgeDriverState } from '../../avro/index.ts'
import { foldSignal, isCounted, isSpent } from './demand.ts'
import { periodRulesOf } from './period.ts'
import { addIdleMs, foldSupplyChange, isGone, type SupplyChange, staysMax } from './supply.ts'

const rider = { market: 'm', cell: 'c', customerId: 'r' }

describe('demand', () => {
  test('is the same in any order and however often it is told', () => {
    const signals = fc.array(fc.integer({ min: 10, max: 14 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(signals, fc.infiniteStream(fc.nat()), (heard, choices) => {
        const shuffled = [...heard, ...heard]
        const order: number[] = []
        for (const choice of choices) {
          if (shuffled.length === 0) break
          order.push(...shuffled.splice(choice % shuffled.length, 1))
        }
        const fold = (all: readonly number[]) =>
          all.reduce<SurgeDemandState | undefined>(
            (state, p) => foldSignal(state, rider, p),
            undefined
          )
        expect(fold(order)).toEqual(fold([...heard].sort((a, b) => a - b)))
      })
    )
  })

  test('counts in the windows that hold one of its periods, in the one that has begun too', () => {
    const state = foldSignal(foldSignal(undefined, rider, 10), rider, 12)
    const counted = [9, 10, 11, 12, 16, 17].map((last) => isCounted(state, { last, periods: 5 }))
    expect(counted).toEqual([false, true, true, true, true, false])
    expect(isSpent(state, { last: 15, periods: 5 })).toBe(false)
    expect(isSpent(state, { last: 16, periods: 5 })).toBe(true)
  })
})

function aChange(over: Partial<SupplyChange> = {}): SupplyChange {
  return {
    driverId: 'd-1',
    kind: 'MOVED',
    driverVersion: 1,
    place: { lat: 0, lon: 0 },
    placeAt: 0,
    home: true,
    ...over
  }
}

const about = (cell: string, atMs: number) => ({ market: 'm', cell, atMs, keepFromMs: 0 })

function idle(state: SurgeDriverState | undefined, fromMs: number, toMs: number) {
  const sums = new Map<string, number>()
  if (state) addIdleMs(sums, state, { fromMs, toMs })
  return Object.fromEntries(sums)
}

describe('supply', () => {
  test('is the time in each cell, whatever has happened since the window ended', () => {
    let state = foldSupplyChange(undefined, aChange({ kind: 'ENTERED' }), about('a', 0))
    state = foldSupplyChange(state, aChange(), about('b', 180))
    expect(idle(state, 0, 300)).toEqual({ a: 180, b: 120 })
    state = foldSupplyChange(state, aChange({ kind: 'LEFT', driverVersion: 2 }), about('b', 310))
    expect(idle(state, 0, 300)).toEqual({ a: 180, b: 120 })
    expect(idle(state, 300, 600)).toEqual({ b: 10 })
    expect(state && isGone(state, 309)).toBe(false)
    expect(state && isGone(state, 310)).toBe(true)
  })

  test('counts a driver at home only', () => {
    expect(foldSupplyChange(undefined, aChange({ home: false }), about('a', 0))).toBeUndefined()
    const home = foldSupplyChange(undefined, aChange(), about('a', 0))
    const away = foldSupplyChange(home, aChange({ home: false }), about('a', 50))
    expect(idle(away, 0, 100)).toEqual({ a: 50 })
  })

  test('is not changed by a repeat or by a change that is older', () => {
    const entered = foldSupplyChange(undefined, aChange({ kind: 'ENTERED' }), about('a', 10))
    const left = foldSupplyChange(
      entered,
      aChange({ kind: 'LEFT', driverVersion: 2 }),
      about('a', 20)
    )
    expect(foldSupplyChange(entered, aChange({ kind: 'ENTERED' }), about('a', 10))).toBe(entered)
    expect(foldSupplyChange(left, aChange({ kind: 'ENTERED' }), about('a', 10))).toBe(left)
    expect(foldSupplyChange(left, aChange({ driverVersion: 3 }), about('b', 19))).toBe(left)
  })

  test('keeps a bounded number of stays of a driver who flaps', () => {
    let state: SurgeDriverState | undefined
    for (let at = 0; at < 200; at += 1) {
      state = foldSupplyChange(state, aChange(), about(at % 2 === 0 ? 'a' : 'b', at + 1))
    }
    expect(state?.past).toHaveLength(staysMax)
  })
})

test('a window that is no whole number of periods is refused, rounding is not', () => {
  expect(periodRulesOf({ periodMs: 60_000, windowMs: 300_000 })).toEqual({
    periodMs: 60_000,
    windowPeriods: 5,
    graceMs: 2_000
  })
  expect(periodRulesOf({ periodMs: 8_571, windowMs: 42_857 }).windowPeriods).toBe(5)
  expect(() => periodRulesOf({ periodMs: 60_000, windowMs: 90_000 })).toThrow(RangeError)
})
