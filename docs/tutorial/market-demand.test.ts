import { expect, test } from 'vitest'
import { createTopologyDriver } from '../../test/support/index.ts'
import { aRideEvent } from '../../test/support/records.ts'
import { marketDemandTopologies } from './market-demand.ts'

const startMs = Date.UTC(2026, 10, 22, 12)
const fiveMinutesMs = 300_000

test('says how many rides each market asked for, when the five minutes and the grace are over', async () => {
  const driver = createTopologyDriver(marketDemandTopologies(), { startMs })
  const ask = (rideId: string, market: string, atMs: number): Promise<void> =>
    driver.pipe('ride_events', rideId, aRideEvent({ ride: { rideId, market } }), {
      timestampMs: startMs + atMs
    })
  await ask('ride-1', 'nyc', 1_000)
  await ask('ride-2', 'nyc', 2_000)
  await ask('ride-3', 'sfo', 3_000)
  await driver.restart()
  expect(driver.read('market_demand')).toEqual([])

  // Nobody asks any more: the windows close by the wall clock.
  await driver.advance(fiveMinutesMs + 60_000)
  expect(driver.read('market_demand').map(({ value }) => value)).toEqual(
    expect.arrayContaining([
      { market: 'nyc', fromMs: startMs, rides: 2 },
      { market: 'sfo', fromMs: startMs, rides: 1 }
    ])
  )
})
