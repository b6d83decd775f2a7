/**
 * @module The world of one simulation: trips, drivers, locations and matching over one log in
 * memory, in two markets that are the halves of a split one, so that a driver near the border is
 * shown to both and only `drivers` keeps them from being taken twice.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import {
  createMarkets,
  createPolicy,
  defaultMarkets,
  type Markets,
  type Point,
  splitMarket
} from '../../domain/index.ts'
import { type DriverFaults, driversTopologies } from '../../streams/drivers/index.ts'
import { locationsTopologies } from '../../streams/locations/index.ts'
import { matchingTopologies } from '../../streams/matching/index.ts'
import { type TripFaults, tripsTopologies } from '../../streams/trips/index.ts'
import { createTopologyDriver, type TopologyDriver } from '../support/index.ts'
import { aDispatch, aRiderAction, aSession, places, quoteSecret, startMs } from './builders.ts'
import type { Dice } from './dice.ts'

/** Rules that are switched off, to see that the checks notice. */
export type SimulationFaults = TripFaults & DriverFaults

/** Four times faster than life: the longest watchdog asks after two and a half minutes. */
export const policy = createPolicy({ timeScale: 4 })

/** The topics the simulated services read. */
export const inputTopics = [
  'ride_requests',
  'trips_closed',
  'trips_admissions',
  'rider_actions',
  'driver_actions',
  'offer_results',
  'driver_sessions',
  'driver_offers',
  'driver_commands',
  'user_events',
  'driver_location_updates',
  'driver_states',
  'dispatch_requests',
  'available_drivers'
] as const satisfies readonly TopicName[]

const partitionsEach = 2

const newYork = defaultMarkets.find(({ id }) => id === 'new_york')
if (newYork === undefined) throw new RangeError('expected a market new_york')
export const markets: Markets = createMarkets([splitMarket(newYork, [0, 1])])

/** A place where the two halves meet, found by walking south. */
export const border: Point = findBorder(places.unionSquare)

/** A place within 800 m of the border each way: everybody can reach everybody. */
export function somewhere(dice: Dice): Point {
  const degrees = 800 / 111_000
  return {
    lat: border.lat + (2 * dice.next() - 1) * degrees,
    lon: border.lon + (2 * dice.next() - 1) * degrees
  }
}

export interface World {
  readonly driver: TopologyDriver
  now(): number
  /** Puts a record on the log; nothing runs. */
  put<T extends TopicName>(
    topic: T,
    key: string,
    record: {
      readonly value: TopicRecords[T]
      readonly timestampMs?: number
      readonly partition?: number
    }
  ): void
}

/** Starts the services. */
export function createWorld(seed: number, faults: SimulationFaults): World {
  const topologies = [
    ...tripsTopologies({ policy, markets, quoteSecret, faults }),
    ...driversTopologies({ policy, faults }),
    ...locationsTopologies({ policy, markets }),
    ...matchingTopologies({ policy, markets })
  ]
  const driver = createTopologyDriver(topologies, {
    startMs,
    seed,
    partitions: Object.fromEntries(inputTopics.map((topic) => [topic, partitionsEach])),
    // Dead letters are one of the things the simulation does on purpose.
    // A small cache is built quickly, and makes tasks read their stores again.
    settings: { deadLetterRatioMax: 1, cacheEntriesMax: 8 }
  })
  return {
    driver,
    now: () => driver.clock.now(),
    put(topic, key, { value, ...options }) {
      driver.append(topic, key, value, options)
      // The ledger follows what services commit, not what tests put there.
      driver.drain()
    }
  }
}

/**
 * Gives every task a first commit and with it a time, as tasks that have run before have one: else a
 * crash in the first moments would restart a task that knows no time at all.
 */
export async function warmUp({ driver, put, now }: World): Promise<void> {
  for (let partition = 0; partition < partitionsEach; partition += 1) {
    const nobody = `nobody-${partition}`
    const rideId = nobody
    const at = now()
    put('trips_closed', nobody, {
      value: { rideId, customerId: nobody, status: 'CANCELLED', closedAt: at },
      partition
    })
    put('rider_actions', nobody, {
      value: aRiderAction({ actionId: `warm-up-${partition}`, rideId, actedAt: at }),
      partition
    })
    put('driver_sessions', nobody, {
      value: aSession({ actionId: `warm-up-driver-${partition}`, driverId: nobody }),
      partition
    })
    put('driver_location_updates', nobody, {
      value: {
        driverId: nobody,
        sessionId: null,
        ...border,
        accuracyMeters: null,
        headingDegrees: null,
        speedMps: null,
        deviceTime: at,
        receivedAt: at
      },
      partition
    })
    const market = markets.idsOn(partition)[0] ?? ''
    put('dispatch_requests', market, {
      value: aDispatch({ kind: 'WITHDRAW', market, rideId }),
      partition
    })
  }
  await driver.run()
  driver.drain()
}

function findBorder(from: Point): Point {
  const stepDegrees = 0.001
  const home = markets.marketOf(from)
  for (let n = 1; n < 400; n += 1) {
    const point = { lat: from.lat - n * stepDegrees, lon: from.lon }
    const market = markets.marketOf(point)
    if (market === null || home === null) break
    if (market !== home && markets.partitionOf(market) !== markets.partitionOf(home)) return point
  }
  throw new RangeError('expected another half of the market south of Union Square')
}
