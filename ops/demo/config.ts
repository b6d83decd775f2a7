/**
 * The settings of `make demo`.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { type ConfigValues, defineConfig, type Environment } from '../../core/index.ts'

/** Variables of the demo; an empty one counts as unset. */
export const demoConfig = defineConfig({
  DEMO_SECONDS: {
    type: 'int',
    default: null,
    min: 10,
    max: 3_600,
    unit: 'seconds',
    doc: 'How long the demo asks for rides. Default: 60, longer at a lower rate.'
  },
  DEMO_RATE: {
    type: 'number',
    default: null,
    min: 0.1,
    max: 500,
    unit: 'requests/s',
    doc: 'Mean rate of ride requests in the demo. Default: by how fast the machine signs people up, 10.5 at most.'
  },
  DEMO_DRIVERS: {
    type: 'int',
    default: 450,
    min: 2,
    max: 20_000,
    unit: 'drivers',
    doc: 'Drivers of the demo.'
  },
  DEMO_CUSTOMERS: {
    type: 'int',
    default: 400,
    min: 1,
    max: 20_000,
    unit: 'customers',
    doc: 'Customers of the demo; each has at most two open rides.'
  },
  DEMO_TIME_SCALE: {
    type: 'number',
    default: 20,
    min: 1,
    max: 60,
    doc: 'How many times faster than life the demo runs.'
  },
  DEMO_SEED: {
    type: 'int',
    default: 1,
    min: 0,
    max: 1_000_000,
    doc: 'Seed of all chance in the demo.'
  },
  DEMO_DATA: {
    type: 'string',
    default: null,
    doc: 'CSV or CSV.gz of recorded trips: ts_local,plat,plon,dlat,dlon. Default: New York taxis.'
  },
  DEMO_KILL: {
    type: 'enum',
    values: ['streams', 'sinks', 'ingress'],
    default: null,
    doc: 'Process of the demo that is killed with SIGKILL under load.'
  },
  DEMO_FLUSH: {
    type: 'bool',
    default: false,
    doc: 'Whether the demo empties Redis (FLUSHALL) under load.'
  }
})

/** Values of the variables. */
export type DemoSettings = ConfigValues<typeof demoConfig.definitions>

/** The process to kill under load. */
export type KilledApp = NonNullable<DemoSettings['DEMO_KILL']>

/** Reads the settings. Throws `ConfigError` naming each bad variable. */
export function readDemoConfig(environment: Environment = process.env): DemoSettings {
  return demoConfig.load(environment)
}

/** The repository, with a slash at its end. */
export const repositoryDir = fileURLToPath(new URL('../../', import.meta.url))

/** The recorded trips and start places that come with the project. */
export const recordedFiles = {
  trips: `${repositoryDir}simulator/data/nyc-requests.csv.gz`,
  starts: `${repositoryDir}simulator/data/nyc-vehicles.csv`
}

/** Where the result is written. */
export const resultFile = `${repositoryDir}out/demo.json`

/** What no run changes: shares and places of requests made to fail, and the bounds of waiting. */
export const demoLimits = {
  /** Served, in the south of Staten Island: further from Manhattan than any pickup is offered. */
  remote: { share: 0.02, place: { lat: 40.535, lon: -74.19 } },
  /** Philadelphia, which is not served. */
  unserved: { share: 0.01, place: { lat: 39.95, lon: -75.16 } },
  /** Longer trips are left out, wall seconds: the last one started has to end. */
  tripSecondsMax: 30,
  pings: { movingMs: 2_000, standingMs: 6_000 },
  /** Wait for every ride to end after the load, ms: a trip, its pickup, and twice the wait limit. */
  settleMs: 180_000,
  /** Wait for the database and the last records to agree with what the API said, ms. */
  catchUpMs: 90_000,
  /** Wait for all phones to be connected, and for the last frames after the last ride, ms. */
  listenMs: 30_000,
  toldMs: 10_000,
  /** Longest start and stop of one process, ms. */
  readyMs: 60_000,
  stopMs: 20_000,
  /** Part of the load after which a fault may come, and rides that must be open for it. */
  faultAfterShare: 0.4,
  openAtFaultMin: 60
} as const

/** What the figures of a run must reach. */
export const demoTargets = {
  completedMin: 200,
  matchP99MsMax: 5_000,
  openAtFaultMin: 50,
  /** Each ride has some eight events, half of them for two phones. */
  pushedMin: 3_000,
  /** From the committed topic to the phone. */
  pushP99MsMax: 1_000
} as const
