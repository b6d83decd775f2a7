import { describe, expect, test } from 'vitest'
import type { DriverRecord, DriverState } from '../../avro/index.ts'
import { createPolicy } from '../../domain/index.ts'
import {
  aCommand,
  anOffer,
  aRegistration,
  aSession,
  places,
  startMs
} from '../../test/simulation/builders.ts'
import { createTopologyDriver, type TopologyDriver } from '../../test/support/index.ts'
import { type DriverFaults, driversTopologies } from './index.ts'

const policy = createPolicy()

describe('registration and sessions', () => {
  test('a registered driver goes online where they say, with a state and an outcome', async () => {
    const driver = start()
    await driver.pipe('user_events', 'd-1', aRegistration('d-1'))
    const session = aSession()
    await driver.pipe('driver_sessions', 'd-1', session)
    expect(statesOf(driver)).toMatchObject([
      { status: 'OFFLINE', driverVersion: 1 },
      {
        status: 'AVAILABLE',
        driverVersion: 2,
        sessionId: session.sessionId,
        place: places.timesSquare
      }
    ])
    expect(outcomesOf(driver)).toEqual([['online', 'APPLIED', null]])
  })

  test('a customer is no driver', async () => {
    const driver = start()
    await driver.pipe('user_events', 'd-1', aRegistration('d-1', { role: 'CUSTOMER' }))
    expect(await recordOf(driver)).toBeUndefined()
  })

  test('a session before the registration waits for it (S9)', async () => {
    const driver = start()
    await driver.pipe('driver_sessions', 'd-1', aSession())
    expect(outcomesOf(driver)).toEqual([])
    await driver.advance(policy.parkedMs - 1_000)
    await driver.pipe('user_events', 'd-1', aRegistration('d-1'))
    expect(outcomesOf(driver)).toEqual([['online', 'APPLIED', null]])
    expect((await recordOf(driver))?.status).toBe('AVAILABLE')
    await driver.advance(2 * policy.parkedMs)
    expect(outcomesOf(driver)).toEqual([])
  })

  test('a session without registration is refused after the wait, and stays refused', async () => {
    const driver = start()
    const session = aSession()
    await driver.pipe('driver_sessions', 'd-1', session)
    await driver.pipe('driver_sessions', 'd-1', session)
    await driver.advance(policy.parkedMs + 1)
    expect(outcomesOf(driver)).toEqual([['online', 'REFUSED', 'driver_not_registered']])
    await driver.pipe('user_events', 'd-1', aRegistration('d-1'))
    await driver.pipe('driver_sessions', 'd-1', session)
    expect(outcomesOf(driver)).toEqual([['online', 'REFUSED', 'driver_not_registered']])
    await driver.pipe('driver_sessions', 'd-1', aSession())
    expect(outcomesOf(driver)).toEqual([['online', 'APPLIED', null]])
  })

  test('nothing is kept of somebody who never registers', async () => {
    const driver = start()
    await driver.pipe('driver_sessions', 'd-1', aSession())
    await driver.advance(policy.parkedMs + 3_600_000)
    expect(await recordOf(driver)).toBeUndefined()
    expect((await driver.entries('drivers', 'sessions', 'timers')).size).toBe(0)
  })

  test('parks a bounded number of sessions', async () => {
    const driver = start()
    for (let n = 0; n <= policy.parkedMax; n += 1) {
      await driver.pipe('driver_sessions', 'd-1', aSession())
    }
    expect(outcomesOf(driver)).toEqual([['online', 'REFUSED', 'driver_not_registered']])
  })

  test('a repeated action gets the same answer and changes nothing (S11)', async () => {
    const driver = await startOnline()
    const offline = aSession({ type: 'OFFLINE' })
    await driver.pipe('driver_sessions', 'd-1', offline)
    await driver.pipe('driver_sessions', 'd-1', aSession())
    outcomesOf(driver)
    const before = await recordOf(driver)
    await driver.pipe('driver_sessions', 'd-1', offline)
    expect(outcomesOf(driver)).toEqual([['offline', 'APPLIED', null]])
    expect(await recordOf(driver)).toEqual(before)
  })

  test('a repeated registration changes nothing', async () => {
    const driver = await startOnline()
    const before = await recordOf(driver)
    await driver.pipe('user_events', 'd-1', aRegistration('d-1'))
    expect(await recordOf(driver)).toEqual(before)
  })

  test('a second session raises the version, so that pings of the first are dropped (S12)', async () => {
    const driver = await startOnline()
    statesOf(driver)
    await driver.pipe('driver_sessions', 'd-1', aSession({ sessionId: 'second' }))
    expect(statesOf(driver)).toMatchObject([
      { status: 'AVAILABLE', driverVersion: 3, sessionId: 'second' }
    ])
  })
})

describe('offers (S2)', () => {
  test('an available driver is reserved', async () => {
    const driver = await startOnline()
    statesOf(driver)
    await driver.pipe('driver_offers', 'd-1', anOffer())
    expect(driver.read('offer_results')).toMatchObject([
      {
        key: 'ride-1',
        value: { offerId: 'ride-1/1/d-1', result: 'RESERVED', driverVersion: 3, attempt: 1 }
      }
    ])
    expect(statesOf(driver)).toMatchObject([
      { status: 'RESERVED', driverVersion: 3, rideId: 'ride-1', offerId: 'ride-1/1/d-1' }
    ])
  })

  test('a reserved driver is busy, an offline one offline', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_offers', 'd-1', anOffer({ rideId: 'ride-2' }))
    await driver.pipe('driver_offers', 'd-2', anOffer({ driverId: 'd-2' }))
    expect(resultsOf(driver)).toEqual([
      ['ride-1/1/d-1', 'RESERVED'],
      ['ride-1/1/d-2', 'OFFLINE'],
      ['ride-2/1/d-1', 'BUSY']
    ])
    expect(await recordOf(driver, 'd-2')).toBeUndefined()
  })

  test('an offer past its expiry is refused', async () => {
    const driver = await startOnline()
    await driver.advance(5_001)
    await driver.pipe('driver_offers', 'd-1', anOffer())
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'EXPIRED']])
    expect((await recordOf(driver))?.status).toBe('AVAILABLE')
  })

  test('an offer stamped in time is good after any outage (S10)', async () => {
    const driver = await startOnline()
    await driver.advance(60_000)
    await driver.pipe('driver_offers', 'd-1', anOffer({ expiresAt: startMs + 120_000 }))
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'RESERVED']])
  })

  test('a repeated offer gets the same answer, whatever the driver does now', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_offers', 'd-1', anOffer({ rideId: 'ride-2' }))
    await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
    resultsOf(driver)
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_offers', 'd-1', anOffer({ rideId: 'ride-2' }))
    expect(resultsOf(driver)).toEqual([
      ['ride-1/1/d-1', 'RESERVED'],
      ['ride-2/1/d-1', 'BUSY']
    ])
    expect((await recordOf(driver))?.status).toBe('AVAILABLE')
  })
})

describe('commands', () => {
  test('assign puts the driver on the trip, release frees them where the trip ended', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_commands', 'd-1', aCommand())
    expect((await recordOf(driver))?.status).toBe('ON_TRIP')
    const placeAt = startMs + 1_000
    const release = aCommand({ kind: 'RELEASE', place: places.brooklyn, placeAt })
    await driver.pipe('driver_commands', 'd-1', release)
    expect(await recordOf(driver)).toMatchObject({
      status: 'AVAILABLE',
      driverVersion: 5,
      offerId: null,
      rideId: null,
      reservation: null,
      place: places.brooklyn,
      placeAt
    })
  })

  test('a release with an older place than known keeps the known one (S12)', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    const release = aCommand({ kind: 'RELEASE', place: places.brooklyn, placeAt: startMs - 1 })
    await driver.pipe('driver_commands', 'd-1', release)
    expect((await recordOf(driver))?.place).toEqual(places.timesSquare)
  })

  test('a command about another offer changes nothing (S1)', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    const before = await recordOf(driver)
    for (const kind of ['ASSIGN', 'RELEASE'] as const) {
      await driver.pipe('driver_commands', 'd-1', aCommand({ kind, offerId: 'ride-1/2/d-1' }))
    }
    expect(await recordOf(driver)).toEqual(before)
    expect(driver.counts.get('drivers_commands_stale')).toBe(2)
  })

  test('nothing but trips ends a reservation, however long it takes (S2)', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.advance(3_600_000)
    expect((await recordOf(driver))?.status).toBe('RESERVED')
  })
})

describe('the watchdog (S4)', () => {
  test('repeats the result of a reservation until there is word', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    resultsOf(driver)
    await driver.advance(2 * policy.reservedWatchdogMs + 1)
    expect(resultsOf(driver)).toEqual([
      ['ride-1/1/d-1', 'RESERVED'],
      ['ride-1/1/d-1', 'RESERVED']
    ])
    await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
    await driver.advance(2 * policy.reservedWatchdogMs)
    expect(resultsOf(driver)).toEqual([])
  })

  test('asks every ten minutes on a trip, and a repeated assign is word enough', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_commands', 'd-1', aCommand())
    resultsOf(driver)
    await driver.advance(policy.onTripWatchdogMs - 1_000)
    await driver.pipe('driver_commands', 'd-1', aCommand())
    await driver.advance(policy.onTripWatchdogMs - 1_000)
    expect(resultsOf(driver)).toEqual([])
    await driver.advance(2_000)
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'RESERVED']])
  })

  test('survives a restart', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    resultsOf(driver)
    await driver.restart('drivers')
    await driver.advance(policy.reservedWatchdogMs + 1)
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'RESERVED']])
  })

  test('stays silent when a test switches it off', async () => {
    const driver = await startOnline({ noS4: true })
    await driver.pipe('driver_offers', 'd-1', anOffer())
    resultsOf(driver)
    await driver.advance(3 * policy.reservedWatchdogMs)
    expect(resultsOf(driver)).toEqual([])
  })
})

describe('leaving (S8)', () => {
  test('offline while reserved says so, and the release lands in OFFLINE', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    resultsOf(driver)
    await driver.pipe('driver_sessions', 'd-1', aSession({ type: 'OFFLINE' }))
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'OFFLINE']])
    expect(await recordOf(driver)).toMatchObject({ status: 'RESERVED', leaving: true })
    await driver.advance(policy.reservedWatchdogMs + 1)
    expect(resultsOf(driver)).toEqual([['ride-1/1/d-1', 'OFFLINE']])
    await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
    expect(await recordOf(driver)).toMatchObject({
      status: 'OFFLINE',
      leaving: false,
      sessionId: null
    })
  })

  test('offline while on a trip takes effect at the release', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_commands', 'd-1', aCommand())
    resultsOf(driver)
    await driver.pipe('driver_sessions', 'd-1', aSession({ type: 'OFFLINE' }))
    expect(resultsOf(driver)).toEqual([])
    expect(await recordOf(driver)).toMatchObject({ status: 'ON_TRIP', leaving: true })
    await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
    expect((await recordOf(driver))?.status).toBe('OFFLINE')
  })

  test('coming back online before the release takes the leaving back', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_offers', 'd-1', anOffer())
    await driver.pipe('driver_commands', 'd-1', aCommand())
    await driver.pipe('driver_sessions', 'd-1', aSession({ type: 'OFFLINE' }))
    await driver.pipe('driver_sessions', 'd-1', aSession())
    await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
    expect((await recordOf(driver))?.status).toBe('AVAILABLE')
  })

  test('an available driver goes offline at once', async () => {
    const driver = await startOnline()
    await driver.pipe('driver_sessions', 'd-1', aSession({ type: 'OFFLINE' }))
    expect(await recordOf(driver)).toMatchObject({ status: 'OFFLINE', sessionId: null })
  })
})

test('the version rises by one with each published state (S12)', async () => {
  const driver = await startOnline()
  await driver.pipe('driver_offers', 'd-1', anOffer())
  await driver.pipe('driver_commands', 'd-1', aCommand())
  await driver.pipe('driver_sessions', 'd-1', aSession())
  await driver.pipe('driver_commands', 'd-1', aCommand({ kind: 'RELEASE' }))
  const versions = statesOf(driver).map(({ driverVersion }) => driverVersion)
  expect(versions).toEqual(versions.map((_, i) => i + 1))
})

function start(faults: DriverFaults = {}): TopologyDriver {
  return createTopologyDriver(driversTopologies({ policy, faults }), { startMs })
}

async function startOnline(faults: DriverFaults = {}): Promise<TopologyDriver> {
  const driver = start(faults)
  await driver.pipe('user_events', 'd-1', aRegistration('d-1'))
  await driver.pipe('driver_sessions', 'd-1', aSession())
  return driver
}

async function recordOf(driver: TopologyDriver, id = 'd-1'): Promise<DriverRecord | undefined> {
  return (await driver.store('drivers', 'sessions', 'drivers', id)) as DriverRecord | undefined
}

function statesOf(driver: TopologyDriver): DriverState[] {
  return driver.read('driver_states').flatMap(({ value }) => (value === null ? [] : [value]))
}

function resultsOf(driver: TopologyDriver): string[][] {
  return driver
    .read('offer_results')
    .map(({ value }) => [value?.offerId ?? '', value?.result ?? ''])
    .sort()
}

function outcomesOf(driver: TopologyDriver): (string | null)[][] {
  return driver
    .read('action_results')
    .map(({ value }) => [value?.action ?? '', value?.outcome ?? '', value?.reason ?? null])
}
