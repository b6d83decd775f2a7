import { describe, expect, test } from 'vitest'
import type { AvailableDriver } from '../../avro/index.ts'
import { createMarkets, createPolicy, defaultMarkets } from '../../domain/index.ts'
import { aDispatch, places, startMs } from '../../test/simulation/builders.ts'
import { createTopologyDriver, type TopologyDriver } from '../../test/support/index.ts'
import { matchingTopologies } from './index.ts'

const markets = createMarkets(defaultMarkets)
const policy = createPolicy()
const windowMs = policy.matchingWindowMs

const ledgerOf = (driver: TopologyDriver) =>
  driver.read('driver_offers').map(({ value }) => value?.offerId)

describe('the matching service', () => {
  test('offers a waiting ride to the nearest driver in the next window, keyed by driver', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'), aChange('d-2', { place: places.timesSquare }))
    await dispatch(driver)
    await driver.advance(windowMs)
    const [offer, ...others] = driver.read('driver_offers')
    expect(others).toEqual([])
    expect(offer?.key).toBe('d-1')
    expect(offer?.value).toMatchObject({
      offerId: 'ride-1/1/d-1',
      attempt: 1,
      driverVersion: 2,
      market: 'new_york'
    })
    expect(offer?.value?.expiresAt).toBe((offer?.value?.offeredAt ?? 0) + policy.offerHoldMs)
    expect(offer?.timestampMs).toBe(offer?.value?.offeredAt)
  })

  test('holds ride and driver after an offer, then offers again (S6)', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'))
    await dispatch(driver)
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual(['ride-1/1/d-1'])
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
    await driver.advance(2 * windowMs)
    expect(ledgerOf(driver)).toEqual(['ride-1/1/d-1'])
  })

  test('ends a hold early at a newer attempt and a newer driver version (S6)', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'))
    await dispatch(driver)
    await driver.advance(windowMs)
    driver.read('driver_offers')
    await dispatch(driver, { attempt: 2 })
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
    await announce(driver, aChange('d-1', { driverVersion: 4 }))
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual(['ride-1/2/d-1'])
  })

  test('never offers a ride to a driver it excludes, nor after its withdrawal', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'))
    await dispatch(driver, { excluded: ['d-1'] })
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
    await dispatch(driver, { attempt: 2 })
    await dispatch(driver, { kind: 'WITHDRAW', attempt: 2 })
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
  })

  test('drops rides past their wait limit and drivers unheard for long (S6)', async () => {
    const driver = start()
    await dispatch(driver, { waitUntil: startMs + 3_000 })
    await driver.advance(2 * windowMs)
    expect((await driver.entries('matching', 'markets', 'riders')).size).toBe(0)
    await announce(driver, aChange('d-1'))
    await driver.advance(policy.driverUnheardMs + windowMs)
    expect((await driver.entries('matching', 'markets', 'drivers')).size).toBe(0)
    expect(ledgerOf(driver)).toEqual([])
  })

  test('does not offer a driver who left', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'))
    await announce(driver, aChange('d-1', { kind: 'LEFT', driverVersion: 3 }))
    await dispatch(driver)
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
  })

  test('keeps the markets of one task apart', async () => {
    const driver = start({ dispatch_requests: 1, available_drivers: 1 })
    await announce(driver, aChange('d-ny'))
    await driver.pipe(
      'available_drivers',
      'chicago',
      { market: 'chicago', at: startMs, changes: [aChange('d-chi', { place: places.loop })] },
      { partition: 0 }
    )
    const chicago = { market: 'chicago', rideId: 'ride-2', pickup: places.wacker } as const
    for (const ride of [aDispatch(), aDispatch(chicago)]) {
      await driver.pipe('dispatch_requests', ride.market, ride, { partition: 0 })
    }
    await driver.advance(windowMs)
    expect(ledgerOf(driver).sort()).toEqual(['ride-1/1/d-ny', 'ride-2/1/d-chi'])
  })

  test('keeps its pools and holds over a restart', async () => {
    const driver = start()
    await announce(driver, aChange('d-1'))
    await dispatch(driver)
    await driver.advance(windowMs)
    driver.read('driver_offers')
    await driver.restart('matching')
    await driver.advance(windowMs)
    expect(ledgerOf(driver)).toEqual([])
    await driver.advance(2 * windowMs)
    expect(ledgerOf(driver)).toEqual(['ride-1/1/d-1'])
  })
})

function start(partitions = {}): TopologyDriver {
  return createTopologyDriver(matchingTopologies({ policy, markets }), { startMs, partitions })
}

function aChange(driverId: string, fields: Partial<AvailableDriver> = {}): AvailableDriver {
  return {
    driverId,
    kind: 'ENTERED',
    driverVersion: 2,
    place: places.astorPlace,
    placeAt: startMs,
    home: true,
    ...fields
  }
}

async function announce(driver: TopologyDriver, ...changes: AvailableDriver[]): Promise<void> {
  const at = driver.clock.now()
  await driver.pipe(
    'available_drivers',
    'new_york',
    { market: 'new_york', at, changes },
    { partition: 0 }
  )
}

async function dispatch(
  driver: TopologyDriver,
  fields: Parameters<typeof aDispatch>[0] = {}
): Promise<void> {
  const expiresAt = driver.clock.now() + policy.dispatchLifeMs
  await driver.pipe('dispatch_requests', 'new_york', aDispatch({ expiresAt, ...fields }), {
    partition: 0
  })
}
