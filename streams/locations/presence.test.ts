import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DriverLocation, DriverState, PresenceState } from '../../avro/index.ts'
import { createMarkets, createPolicy, defaultMarkets, splitMarket } from '../../domain/index.ts'
import {
  emptyPresence,
  foldDriverState,
  foldPing,
  foldSilence,
  type PresenceEnvironment
} from './presence.ts'
import type { MarketChange } from './publication.ts'

const t0 = Date.UTC(2025, 5, 2, 12)
const times = { lat: 40.758, lon: -73.9855 }
const policy = createPolicy()
const unsplit = createMarkets(defaultMarkets)
const split = createMarkets(defaultMarkets.map((market) => splitMarket(market, [0, 1, 2])))

function environment(nowMs: number, markets = unsplit): PresenceEnvironment {
  const { movedMeters, quietMs, flushMs } = policy.ping
  const rules = { markets, movedMeters, quietMs, flushMs, reachMeters: policy.reachMeters }
  return { nowMs, limits: policy.ping, rules, silentMs: 30_000 }
}

function aPing(over: Partial<DriverLocation> = {}): DriverLocation {
  return {
    driverId: 'd-1',
    sessionId: 's-1',
    ...times,
    accuracyMeters: 5,
    headingDegrees: null,
    speedMps: null,
    deviceTime: t0,
    receivedAt: over.deviceTime ?? t0,
    ...over
  }
}

function aState(over: Partial<DriverState> = {}): DriverState {
  return {
    driverId: 'd-1',
    status: 'AVAILABLE',
    driverVersion: 1,
    sessionId: 's-1',
    rideId: null,
    offerId: null,
    place: times,
    placeAt: t0,
    changedAt: t0,
    ...over
  }
}

const available = (over: Partial<DriverState> = {}): PresenceState =>
  foldDriverState(emptyPresence('d-1'), aState(over), environment(t0)).state

const kinds = (changes: readonly MarketChange[]): string[] =>
  changes.map(({ market, change }) => `${change.kind} ${market}`)

/** A point so many metres north of Times Square. */
const north = (meters: number) => ({ lat: times.lat + meters / 111_195, lon: times.lon })

describe('a ping', () => {
  test('is dropped while the driver is offline, and leaves no trace', () => {
    const before = emptyPresence('d-1')
    const fold = foldPing(before, aPing(), environment(t0))
    expect(fold.verdict).toBe('offline')
    expect(fold.state).toBe(before)
  })

  test.each([
    ['other_session', { sessionId: 's-0', deviceTime: t0 + 4000 }],
    ['stale', { deviceTime: t0 }],
    ['stale', { deviceTime: t0 - 1 }],
    ['future', { deviceTime: t0 + 70_000, receivedAt: t0 + 4000 }],
    ['noise', { accuracyMeters: 51, deviceTime: t0 + 4000 }],
    ['teleport', { ...north(600), deviceTime: t0 + 4000 }],
    ['taken', { ...north(400), deviceTime: t0 + 4000 }],
    ['taken', { ...north(600), deviceTime: t0 + 12_000 }],
    ['taken', { sessionId: null, deviceTime: t0 + 4000 }],
    ['taken', { deviceTime: t0 + 64_000, receivedAt: t0 + 4000 }]
  ])('is %s when it says %o', (verdict, over) => {
    const before = available()
    const fold = foldPing(before, aPing(over), environment(t0 + 4000))
    expect(fold.verdict).toBe(verdict)
    const isSame = fold.state.lat === before.lat && fold.state.deviceTime === before.deviceTime
    expect(isSame).toBe(verdict !== 'taken')
  })

  test('flags the driver at the third suspect within ten minutes, not across them', () => {
    let state = available()
    const flags: boolean[] = []
    for (const minute of [1, 2, 13, 14, 15]) {
      const at = t0 + minute * 60_000
      const ping = aPing({ deviceTime: at + 120_000, receivedAt: at })
      const fold = foldPing(state, ping, environment(at))
      state = fold.state
      flags.push(fold.isFlagged)
    }
    expect(flags).toEqual([false, false, false, false, true])
    expect(state.flaggedAt).toBe(t0 + 15 * 60_000)
  })

  test('follows the ride while the driver is on a trip', () => {
    const state = available({ status: 'ON_TRIP', rideId: 'r-1', driverVersion: 2 })
    const ping = aPing({ ...north(40), deviceTime: t0 + 4000, headingDegrees: 12 })
    const fold = foldPing(state, ping, environment(t0 + 4000))
    expect(fold.changes).toEqual([])
    expect(fold.ridePosition).toEqual({
      rideId: 'r-1',
      driverId: 'd-1',
      ...north(40),
      headingDegrees: 12,
      speedMps: null,
      deviceTime: t0 + 4000
    })
  })
})

describe('conflation', () => {
  test('tells a move after 50 m, at most every 2 s, and standing after 10 s', () => {
    let state = available()
    const told: number[] = []
    const path: [number, number][] = [
      [1000, 60],
      [2000, 80],
      [3000, 90],
      [6000, 120],
      [11_000, 120],
      [12_000, 120],
      [21_900, 120],
      [22_000, 120]
    ]
    for (const [ms, meters] of path) {
      const ping = aPing({ ...north(meters), deviceTime: t0 + ms })
      const fold = foldPing(state, ping, environment(t0 + ms))
      state = fold.state
      if (fold.changes.length > 0) told.push(ms)
    }
    expect(told).toEqual([2000, 12_000, 22_000])
  })
})

describe('a driver state', () => {
  test('shows an available driver and hides a reserved one, with the version of the state', () => {
    const entered = foldDriverState(emptyPresence('d-1'), aState(), environment(t0))
    expect(entered.changes).toEqual([
      {
        market: 'new_york',
        change: {
          driverId: 'd-1',
          kind: 'ENTERED',
          driverVersion: 1,
          place: times,
          placeAt: t0,
          home: true
        }
      }
    ])
    const reserved = aState({ status: 'RESERVED', driverVersion: 2, place: null, placeAt: null })
    const left = foldDriverState(entered.state, reserved, environment(t0 + 1))
    expect(left.changes).toEqual([
      {
        market: 'new_york',
        change: expect.objectContaining({ kind: 'LEFT', driverVersion: 2, placeAt: t0 })
      }
    ])
    expect(left.state.published).toEqual([])
  })

  test('of an older or equal version changes nothing', () => {
    const state = available({ driverVersion: 5 })
    for (const driverVersion of [4, 5]) {
      const late = aState({ status: 'OFFLINE', driverVersion })
      expect(foldDriverState(state, late, environment(t0)).state).toBe(state)
    }
  })

  test('enters again with the new version when it stays available', () => {
    const again = aState({ driverVersion: 7, sessionId: 's-2' })
    const fold = foldDriverState(available(), again, environment(t0 + 5))
    expect(kinds(fold.changes)).toEqual(['ENTERED new_york'])
    expect(fold.changes[0]?.change.driverVersion).toBe(7)
  })

  test('places the driver where a trip ended only when that is newer than the last ping', () => {
    const moved = foldPing(
      available(),
      aPing({ ...north(40), deviceTime: t0 + 8000 }),
      environment(t0 + 8000)
    )
    const end = { driverVersion: 2, place: north(900) }
    const older = aState({ ...end, placeAt: t0 + 7999 })
    expect(foldDriverState(moved.state, older, environment(t0 + 9000)).state.lat).toBe(
      north(40).lat
    )
    const newer = aState({ ...end, placeAt: t0 + 8001 })
    expect(foldDriverState(moved.state, newer, environment(t0 + 9000)).state.lat).toBe(
      north(900).lat
    )
  })

  test('is shown nowhere outside of the service area', () => {
    const sea = { lat: 40.2, lon: -73 }
    const fold = foldDriverState(emptyPresence('d-1'), aState({ place: sea }), environment(t0))
    expect(fold.changes).toEqual([])
  })
})

describe('silence', () => {
  test('hides a driver after 30 s, and the next ping brings the driver back', () => {
    const state = available()
    expect(foldSilence(state, environment(t0 + 29_999)).state).toBe(state)
    const silent = foldSilence(state, environment(t0 + 30_000))
    expect(kinds(silent.changes)).toEqual(['LEFT new_york'])
    const back = aPing({ deviceTime: t0 + 40_000 })
    const fold = foldPing(silent.state, back, environment(t0 + 40_000))
    expect(kinds(fold.changes)).toEqual(['ENTERED new_york'])
  })
})

/** What the markets believe after a list of changes. */
function shownIn(changes: readonly MarketChange[]): Map<string, boolean> {
  const shown = new Map<string, boolean>()
  for (const { market, change } of changes) {
    if (change.kind === 'LEFT') expect(shown.delete(market)).toBe(true)
    else {
      if (change.kind === 'MOVED') expect(shown.has(market)).toBe(true)
      shown.set(market, change.home)
    }
  }
  return shown
}

test('whatever comes in, markets know exactly what is published, with one home at most', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('ping' as const),
      meters: fc.integer({ min: -9000, max: 9000 }),
      afterMs: fc.integer({ min: 0, max: 200_000 })
    }),
    fc.record({
      kind: fc.constant('state' as const),
      status: fc.constantFrom('OFFLINE', 'AVAILABLE', 'RESERVED', 'ON_TRIP'),
      afterMs: fc.integer({ min: 0, max: 5000 }),
      meters: fc.option(fc.integer({ min: -9000, max: 9000 }))
    }),
    fc.record({
      kind: fc.constant('silence' as const),
      afterMs: fc.integer({ max: 40_000, min: 0 })
    })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = emptyPresence('d-1')
      let nowMs = t0
      const all: MarketChange[] = []
      for (const [version, input] of steps.entries()) {
        nowMs += input.afterMs
        const env = environment(nowMs, split)
        if (input.kind === 'ping') {
          const ping = aPing({ sessionId: null, ...north(input.meters), deviceTime: nowMs })
          const fold = foldPing(state, ping, env)
          state = fold.state
          all.push(...fold.changes)
          continue
        }
        const place = input.kind === 'state' && input.meters !== null ? north(input.meters) : null
        const fold =
          input.kind === 'silence'
            ? foldSilence(state, env)
            : foldDriverState(
                state,
                aState({
                  status: input.status as DriverState['status'],
                  driverVersion: version + 1,
                  place,
                  placeAt: place === null ? null : nowMs
                }),
                env
              )
        state = fold.state
        all.push(...fold.changes)
      }
      const shown = shownIn(all)
      expect([...shown.keys()].sort()).toEqual(state.published.map(({ market }) => market).sort())
      expect([...shown.values()].filter(Boolean).length).toBe(shown.size === 0 ? 0 : 1)
      if (state.status !== 'AVAILABLE') expect(shown.size).toBe(0)
    })
  )
})
