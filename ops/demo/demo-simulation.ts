/**
 * Who plays in the demo, and where: recorded trips, places where the fleet starts, the market's hours.
 *
 * @module
 */
import { type Clock, createLogger, loadMarkets, type SharedConfig } from '../../core/index.ts'
import { createPolicy } from '../../domain/index.ts'
import { type RecordedTrip, readPlaces, readTrips, Simulation } from '../../simulator/index.ts'
import { type DemoSettings, demoLimits, recordedFiles } from './config.ts'
import type { Stage } from './stage.ts'

/**
 * The simulation the settings ask for, against the stage's API.
 * @throws Error when no recorded trip lies in a served market
 */
export function createSimulation(
  stage: Stage,
  from: {
    readonly settings: DemoSettings
    readonly clock: Clock
    readonly shared: SharedConfig<'jwtSecret'>
  }
): Simulation {
  const { settings, clock, shared } = from
  const { trips, starts } = readRecorded(settings)
  const markets = loadMarkets(shared.marketsFile)
  const pickup = trips.find((trip) => markets.marketOf(trip.pickup) !== null)?.pickup
  const market = pickup === undefined ? null : markets.byId(markets.marketOf(pickup) ?? '')
  if (market === null) throw new Error('expected recorded trips in a served market, got none')
  const { jwtSecret } = shared.secrets
  if (jwtSecret === null) throw new Error('expected JWT_SECRET, which the demo mints tokens with')
  return new Simulation({
    baseUrl: `http://127.0.0.1:${stage.ports.ingress}`,
    jwtSecret,
    clock,
    logger: createLogger({ name: 'simulator', level: 'error', destination: process.stderr }),
    policy: createPolicy({ timeScale: settings.DEMO_TIME_SCALE }),
    timezone: market.timezone,
    seed: settings.DEMO_SEED,
    drivers: settings.DEMO_DRIVERS,
    customers: settings.DEMO_CUSTOMERS,
    trips,
    starts,
    tripSecondsMax: demoLimits.tripSecondsMax,
    remote: demoLimits.remote,
    unserved: demoLimits.unserved,
    pings: demoLimits.pings
  })
}

/**
 * A fleet that has worked for a while stands where its riders got out; one in four starts where the
 * package of the recorded trips has a vehicle. Somebody's own trips come without vehicles.
 */
function readRecorded({ DEMO_DATA: given, DEMO_DRIVERS: drivers }: DemoSettings) {
  const trips: readonly RecordedTrip[] = readTrips(given ?? recordedFiles.trips).rows
  const vehicles = given === null ? readPlaces(recordedFiles.starts).rows : []
  // Evenly over the file, so that the places are those of all hours.
  const step = Math.max(1, Math.floor(trips.length / drivers))
  const starts = trips.flatMap(({ dropoff }, index) => {
    if (index % step !== 0) return []
    const driver = index / step
    return [driver % 4 === 3 ? (vehicles[driver % vehicles.length] ?? dropoff) : dropoff]
  })
  return { trips, starts }
}
