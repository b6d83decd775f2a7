import { describe, expect, test } from 'vitest'
import type { AvailableDriver } from '../../avro/index.ts'
import { aDispatch, places, startMs } from '../../test/simulation/builders.ts'
import { foldAvailability, foldDispatch } from './pools.ts'

const aRider = (fields = {}) => ({
  rideId: 'ride-1',
  market: 'new_york',
  attempt: 2,
  pickup: places.unionSquare,
  excluded: [],
  waitUntil: startMs + 30_000,
  requestedAt: startMs,
  heldUntil: startMs + 5_000,
  ...fields
})

describe('a dispatch request', () => {
  test('enters the pool until it expires or the rider stops waiting', () => {
    expect(foldDispatch(undefined, aDispatch(), startMs)).toEqual({
      kind: 'put',
      value: aRider({ attempt: 1, heldUntil: 0 })
    })
    const soon = aDispatch({ waitUntil: startMs + 1_000 })
    expect(foldDispatch(undefined, soon, startMs)).toMatchObject({
      value: { waitUntil: startMs + 1_000 }
    })
  })

  test('of an older attempt changes nothing', () => {
    expect(foldDispatch(aRider(), aDispatch({ attempt: 1 }), startMs)).toEqual({
      kind: 'ignore',
      why: 'stale'
    })
    const withdraw = aDispatch({ kind: 'WITHDRAW', attempt: 1 })
    expect(foldDispatch(aRider(), withdraw, startMs).kind).toBe('ignore')
  })

  test('repeated for the same attempt keeps the hold', () => {
    expect(foldDispatch(aRider(), aDispatch({ attempt: 2 }), startMs)).toMatchObject({
      value: { heldUntil: startMs + 5_000 }
    })
  })

  test('of a newer attempt ends the hold', () => {
    expect(foldDispatch(aRider(), aDispatch({ attempt: 3 }), startMs)).toMatchObject({
      value: { attempt: 3, heldUntil: 0 }
    })
  })

  test('past its expiry or its wait limit is ignored', () => {
    const expired = { kind: 'ignore', why: 'expired' }
    expect(foldDispatch(undefined, aDispatch({ expiresAt: startMs }), startMs)).toEqual(expired)
    expect(foldDispatch(undefined, aDispatch({ waitUntil: startMs }), startMs)).toEqual(expired)
  })

  test('that withdraws takes the ride out, known or not', () => {
    const withdraw = aDispatch({ kind: 'WITHDRAW', attempt: 2 })
    expect(foldDispatch(aRider(), withdraw, startMs)).toEqual({ kind: 'delete' })
    expect(foldDispatch(undefined, withdraw, startMs)).toEqual({ kind: 'ignore', why: 'unknown' })
  })
})

describe('a change of availability', () => {
  const where = { market: 'new_york', atMs: startMs }
  const aChange = (fields: Partial<AvailableDriver> = {}): AvailableDriver => ({
    driverId: 'd-1',
    kind: 'ENTERED',
    driverVersion: 4,
    place: places.timesSquare,
    placeAt: startMs,
    home: true,
    ...fields
  })
  const aDriver = (fields = {}) => ({
    driverId: 'd-1',
    market: 'new_york',
    driverVersion: 4,
    place: places.timesSquare,
    placeAt: startMs,
    heardAt: startMs,
    home: true,
    heldUntil: startMs + 5_000,
    available: true,
    ...fields
  })

  test('enters a driver who may be offered at once', () => {
    expect(foldAvailability(undefined, aChange(), where)).toEqual({
      kind: 'put',
      value: aDriver({ heldUntil: 0 })
    })
  })

  test('keeps the hold while the version is the same, and ends it with a newer one', () => {
    const moved = aChange({ kind: 'MOVED', placeAt: startMs + 1 })
    expect(foldAvailability(aDriver(), moved, where)).toMatchObject({
      value: { heldUntil: startMs + 5_000 }
    })
    expect(foldAvailability(aDriver(), { ...moved, driverVersion: 5 }, where)).toMatchObject({
      value: { heldUntil: 0 }
    })
  })

  test('of an older version or an older place changes nothing', () => {
    const stale = { kind: 'ignore', why: 'stale' }
    expect(foldAvailability(aDriver(), aChange({ driverVersion: 3 }), where)).toEqual(stale)
    expect(foldAvailability(aDriver(), aChange({ placeAt: startMs - 1 }), where)).toEqual(stale)
  })

  test('remembers who left, so that an older entry does not bring them back', () => {
    const left = foldAvailability(aDriver(), aChange({ kind: 'LEFT', driverVersion: 5 }), where)
    expect(left).toMatchObject({ value: { available: false, driverVersion: 5 } })
    const gone = aDriver({ available: false, driverVersion: 5 })
    expect(foldAvailability(gone, aChange(), where).kind).toBe('ignore')
  })
})
