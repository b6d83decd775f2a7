import { describe, expect, test } from 'vitest'
import type { AvailableDrivers, DemandSignal } from '../../avro/index.ts'
import { cellOf, createMarkets, createPolicy, defaultMarkets } from '../../domain/index.ts'
import { createTopologyDriver, type TopologyDriver } from '../../test/support/index.ts'
import { surgeTopologies } from './index.ts'

const startMs = Date.UTC(2025, 5, 2, 12)
const times = { lat: 40.758, lon: -73.9855 }
const cell = cellOf(times, 8)
const minute = 60_000

interface SetUp {
  readonly atMs?: number
  readonly commitEveryRecords?: number
}

function setUp({ atMs, commitEveryRecords }: SetUp = {}): TopologyDriver {
  const topologies = surgeTopologies({
    policy: createPolicy(),
    markets: createMarkets(defaultMarkets)
  })
  return createTopologyDriver(topologies, {
    startMs: atMs ?? startMs,
    ...(commitEveryRecords === undefined ? {} : { commitEveryRecords })
  })
}

function aSignal(customerId: string, at: number, over: Partial<DemandSignal> = {}): DemandSignal {
  return {
    signalId: `${customerId}-${at}`,
    kind: 'QUOTE',
    market: 'new_york',
    customerId,
    cell,
    at,
    ...over
  }
}

function someDrivers(
  kind: AvailableDrivers['changes'][number]['kind'],
  count: number,
  at: number
): AvailableDrivers {
  const changes = Array.from({ length: count }, (_, n) => ({
    driverId: `d-${n}`,
    kind,
    driverVersion: kind === 'ENTERED' ? 1 : 2,
    place: times,
    placeAt: at,
    home: true
  }))
  return { market: 'new_york', at, changes }
}

/** `riders` new riders in the cell, spread over a minute from `at`, and when each is heard. */
function minuteOf(at: number, riders: number): DemandSignal[] {
  return Array.from({ length: riders }, (_, n) =>
    aSignal(`c-${at}-${n}`, at + Math.floor((n * minute) / riders))
  )
}

/** Signals as they happen: the clock goes along. */
async function hear(driver: TopologyDriver, signals: readonly DemandSignal[]): Promise<void> {
  for (const signal of signals) {
    await driver.advance(Math.max(0, signal.at - driver.clock.now()))
    await driver.pipe('demand_signals', signal.market, signal, { partition: 0 })
  }
}

async function advanceTo(driver: TopologyDriver, ms: number): Promise<void> {
  await driver.advance(ms - driver.clock.now())
}

function percents(driver: TopologyDriver) {
  return driver
    .read('surge_multipliers')
    .filter(({ key }) => key === cell)
    .map(({ value }) => value?.surgePercent ?? null)
}

describe('surge', () => {
  test('rises with demand, falls when it ends, and takes its last word back by the wall clock', async () => {
    const driver = setUp()
    for (let n = 0; n < 6; n += 1) await hear(driver, minuteOf(startMs + n * minute, 12))
    await advanceTo(driver, startMs + 6 * minute + 3_000)
    const rising = percents(driver)
    expect(rising[0]).toBe(130)
    expect(rising).toHaveLength(6)
    expect(rising).toEqual([...rising].sort((a, b) => Number(a) - Number(b)))
    expect(rising.at(-1)).toBeGreaterThanOrEqual(160)
    await driver.advance(30 * minute)
    const falling = percents(driver)
    expect(falling.at(-1)).toBeNull()
    expect(falling.filter((percent) => percent === null)).toHaveLength(1)
    expect((await driver.entries('surge', 'cells', 'cells')).size).toBe(0)
    expect((await driver.entries('surge', 'cells', 'demand')).size).toBe(0)
    expect((await driver.entries('surge', 'cells', 'clocks')).size).toBe(0)
  })

  test('publishes within 75 s of the demand, on the partition of the market, and until when it holds', async () => {
    const driver = setUp()
    await hear(driver, minuteOf(startMs, 12))
    await advanceTo(driver, startMs + minute + 1_999)
    expect(driver.read('surge_multipliers')).toEqual([])
    await driver.advance(2)
    const found = driver.read('surge_multipliers').find(({ key }) => key === cell)
    expect(found).toMatchObject({
      partition: 0,
      value: { cell, market: 'new_york', surgePercent: 130, demand: 6, supply: 0 }
    })
    expect(found?.value?.publishedAt).toBe(startMs + minute)
    expect(found?.value?.expiresAt).toBe(startMs + minute + 2_000 + 150_000)
  })

  test('asks nothing more where drivers are idle, and forgets them when they have left', async () => {
    const driver = setUp()
    const entered = someDrivers('ENTERED', 40, startMs)
    await driver.pipe('available_drivers', 'new_york', entered, { partition: 0 })
    await driver.advance(5 * minute)
    await hear(driver, minuteOf(startMs + 5 * minute, 12))
    await driver.advance(2 * minute)
    expect(percents(driver)).toEqual([])
    const left = someDrivers('LEFT', 40, startMs + 7 * minute)
    await driver.pipe('available_drivers', 'new_york', left, { partition: 0 })
    await driver.advance(8 * minute)
    expect((await driver.entries('surge', 'cells', 'drivers')).size).toBe(0)
  })

  test('is not moved by repeats, by one rider who asks often, or by signals older than the window', async () => {
    const signals = minuteOf(startMs, 12)
    const plain = setUp()
    await hear(plain, signals)
    await plain.advance(10 * minute)
    const noisy = setUp()
    for (const signal of signals) {
      const spam = { ...aSignal(`c-${startMs}-0`, signal.at), kind: 'REQUEST' } as const
      const late = aSignal(`late-${signal.at}`, startMs - 6 * minute)
      await hear(noisy, [signal, signal, spam, late])
    }
    await noisy.advance(10 * minute)
    const expected = percents(plain)
    expect(expected.length).toBeGreaterThan(3)
    expect(percents(noisy)).toEqual(expected)
  })

  test('comes to the same multipliers in a replay, whatever the commits and restarts', async () => {
    const minutes = [9, 10, 11, 12].map((riders, n) => minuteOf(startMs + n * minute, riders))
    const live = setUp()
    for (const [n, signals] of minutes.entries()) {
      await hear(live, signals)
      if (n === 1) await live.restart()
      if (n === 2) await live.wipe('surge', 'cells', 'demand')
    }
    const endMs = startMs + 24 * minute
    await advanceTo(live, endMs)
    const replay = setUp({ atMs: endMs, commitEveryRecords: 3 })
    for (const signal of minutes.flat()) {
      replay.append('demand_signals', 'new_york', signal, { partition: 0, timestampMs: signal.at })
    }
    await replay.advance(0)
    const all = (driver: TopologyDriver) =>
      driver.all('surge_multipliers').map(({ key, value }) => ({ key, value }))
    expect(all(live).length).toBeGreaterThan(20)
    expect(all(replay)).toEqual(all(live))
  })

  test('dead-letters an unknown market, a foreign key, a wrong cell, a tombstone and nonsense', async () => {
    const driver = setUp()
    const signal = aSignal('c-1', startMs)
    await driver.pipe('demand_signals', 'atlantis', { ...signal, market: 'atlantis' })
    await driver.pipe('demand_signals', 'chicago', signal)
    await driver.pipe('demand_signals', 'new_york', { ...signal, cell: cellOf(times, 9) })
    await driver.pipe('demand_signals', 'new_york', { ...signal, cell: 'no cell' })
    await driver.pipe('demand_signals', 'new_york', null)
    await driver.pipeBytes('available_drivers', 'new_york', Buffer.from('nonsense'))
    expect(driver.deadLetters('demand_signals')).toHaveLength(5)
    expect(driver.deadLetters('available_drivers')).toHaveLength(1)
    await driver.advance(2 * minute)
    expect(driver.read('surge_multipliers')).toEqual([])
  })
})
