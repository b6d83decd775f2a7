import { describe, expect, test } from 'vitest'
import type { DriverLocation, DriverState } from '../../avro/index.ts'
import { createMarkets, createPolicy, defaultMarkets, splitMarket } from '../../domain/index.ts'
import { createTopologyDriver } from '../../test/support/index.ts'
import { locationsTopologies } from './index.ts'

const startMs = Date.UTC(2025, 5, 2, 12)
const times = { lat: 40.758, lon: -73.9855 }
const newark = { lat: 40.735, lon: -74.172 }

function aState(driverId: string, over: Partial<DriverState> = {}): DriverState {
  return {
    driverId,
    status: 'AVAILABLE',
    driverVersion: 1,
    sessionId: 's-1',
    rideId: null,
    offerId: null,
    place: times,
    placeAt: startMs,
    changedAt: startMs,
    ...over
  }
}

function aPing(driverId: string, over: Partial<DriverLocation> = {}): DriverLocation {
  return {
    driverId,
    sessionId: 's-1',
    ...times,
    accuracyMeters: 5,
    headingDegrees: null,
    speedMps: null,
    deviceTime: startMs,
    receivedAt: startMs,
    ...over
  }
}

function setUp(markets = createMarkets(defaultMarkets)) {
  const topologies = locationsTopologies({ policy: createPolicy(), markets })
  return createTopologyDriver(topologies, {
    startMs,
    partitions: {
      driver_location_updates: 1,
      driver_states: 1
    }
  })
}

describe('locations', () => {
  test('sends one record a market and commit, on the partition of the market', async () => {
    const driver = setUp()
    const chicago = { lat: 41.88, lon: -87.65 }
    for (const id of ['d-1', 'd-2'])
      await driver.pipe('driver_states', id, aState(id), { run: false })
    await driver.pipe('driver_states', 'd-3', aState('d-3', { place: chicago }))
    const records = driver.read('available_drivers')
    const ids = records.map(({ key, partition, value }) => ({
      key,
      partition,
      drivers: value?.changes.map(({ driverId }) => driverId)
    }))
    expect(ids).toEqual([
      { key: 'new_york', partition: 0, drivers: ['d-1', 'd-2'] },
      { key: 'chicago', partition: 1, drivers: ['d-3'] }
    ])
  })

  test('leaves one shard and enters the next in one transaction', async () => {
    const markets = createMarkets(defaultMarkets.map((market) => splitMarket(market, [0, 1, 2])))
    const driver = setUp(markets)
    await driver.pipe('driver_states', 'd-1', aState('d-1'))
    driver.read('available_drivers')
    await driver.clock.advance(600_000)
    const at = startMs + 600_000
    const ping = aPing('d-1', { ...newark, deviceTime: at, receivedAt: at })
    await driver.pipe('driver_location_updates', 'd-1', ping)
    const changes = driver
      .read('available_drivers')
      .flatMap(
        ({ key, value }) => value?.changes.map((change) => ({ market: key, ...change })) ?? []
      )
    const homes = changes.filter(({ home }) => home)
    expect(homes.map(({ kind, market }) => [kind, market])).toContainEqual([
      'ENTERED',
      markets.marketOf(newark)
    ])
    expect(await driver.store('locations', 'presence', 'presence', 'd-1')).toMatchObject(newark)
  })

  test('hides a silent driver by the wall clock and survives a restart in between', async () => {
    const driver = setUp()
    await driver.pipe('driver_states', 'd-1', aState('d-1'))
    await driver.advance(20_000)
    await driver.restart()
    driver.read('available_drivers')
    await driver.advance(9_000)
    expect(driver.read('available_drivers')).toEqual([])
    await driver.advance(2_000)
    const [left] = driver.read('available_drivers')
    expect(left?.value?.changes).toMatchObject([{ driverId: 'd-1', kind: 'LEFT' }])
  })

  test('keeps a driver that pings without moving, and tells so every ten seconds', async () => {
    const driver = setUp()
    await driver.pipe('driver_states', 'd-1', aState('d-1'))
    driver.read('available_drivers')
    for (let ms = 4000; ms <= 60_000; ms += 4000) {
      await driver.advance(4000)
      const at = startMs + ms
      await driver.pipe(
        'driver_location_updates',
        'd-1',
        aPing('d-1', { deviceTime: at, receivedAt: at })
      )
    }
    const kinds = driver
      .read('available_drivers')
      .flatMap(({ value }) => value?.changes.map(({ kind }) => kind) ?? [])
    expect(kinds).toEqual(['MOVED', 'MOVED', 'MOVED', 'MOVED', 'MOVED'])
  })

  test('dead-letters a position off the Earth, a foreign key and a tombstone ping', async () => {
    const driver = setUp()
    await driver.pipe('driver_location_updates', 'd-1', aPing('d-1', { lat: 91 }))
    await driver.pipe('driver_location_updates', 'd-2', aPing('d-1'))
    await driver.pipe('driver_location_updates', 'd-1', null)
    await driver.pipeBytes('driver_states', 'd-1', Buffer.from('nonsense'))
    expect(driver.deadLetters('driver_location_updates')).toHaveLength(3)
    expect(driver.deadLetters('driver_states')).toHaveLength(1)
    expect(driver.read('available_drivers')).toEqual([])
  })

  test('forgets a driver whose state is deleted', async () => {
    const driver = setUp()
    await driver.pipe('driver_states', 'd-1', aState('d-1'))
    driver.read('available_drivers')
    await driver.pipe('driver_states', 'd-1', null)
    expect(driver.read('available_drivers')[0]?.value?.changes).toMatchObject([{ kind: 'LEFT' }])
    expect(await driver.store('locations', 'presence', 'presence', 'd-1')).toBeUndefined()
  })

  test('gives the same state when its store is wiped and rebuilt', async () => {
    const driver = setUp()
    await driver.pipe('driver_states', 'd-1', aState('d-1'))
    const before = await driver.store('locations', 'presence', 'presence', 'd-1')
    await driver.wipe('locations', 'presence', 'presence')
    expect(await driver.store('locations', 'presence', 'presence', 'd-1')).toEqual(before)
  })
})
