/**
 * @module Variables of the stream services' process.
 */
import {
  ConfigError,
  type ConfigValues,
  defineConfig,
  type Environment,
  readSharedConfig,
  requireOutboundUrl,
  type SharedConfig
} from '../core/index.ts'

export const serviceNames = [
  'signups',
  'locations',
  'drivers',
  'matching',
  'surge',
  'trips',
  'billing',
  'notifications'
] as const

export type ServiceName = (typeof serviceNames)[number]

export const streamsConfig = defineConfig({
  SERVICES: {
    type: 'list',
    default: 'all',
    doc: `Services that run in this process: all, or some of ${serviceNames.join(', ')}.`
  },
  STREAMS_OPS_PORT: {
    type: 'int',
    default: 9465,
    min: 0,
    max: 65_535,
    doc: 'Port of health, readiness and metrics; 0 takes a free one.'
  },
  STREAMS_SESSION_TIMEOUT_MS: {
    type: 'duration-ms',
    default: 10_000,
    min: 1_000,
    doc: 'Silence after which a member of a group counts as dead and its tasks move.'
  },
  STREAMS_FETCH_MAX_WAIT_MS: {
    type: 'duration-ms',
    default: 200,
    min: 1,
    max: 5_000,
    doc: 'Longest a broker holds an empty fetch; durable timers fire this much late at most.'
  },
  STREAMS_FETCH_INTERVAL_MS: {
    type: 'duration-ms',
    default: 20,
    min: 0,
    max: 1_000,
    doc: 'Shortest time between two fetches of a group; records gather meanwhile.'
  },
  STREAMS_APPEND_LAG_MS: {
    type: 'duration-ms',
    default: 200,
    min: 0,
    max: 10_000,
    doc: 'Longest time from the stamping of a record to its append; deadlines wait this much longer.'
  },
  STREAMS_CACHE_ENTRIES: {
    type: 'int',
    default: 10_000,
    min: 1,
    unit: 'entries',
    doc: 'Values kept in memory for each remote store of a task.'
  },
  STREAMS_RECORDS_PER_COMMIT: {
    type: 'int',
    default: 2_000,
    min: 1,
    unit: 'records',
    doc: 'Records handled in one transaction.'
  },
  NOTIFICATION_PUSH_URL: {
    type: 'url',
    protocols: ['http:', 'https:'],
    developmentDefault: 'http://127.0.0.1:9470/push',
    secret: true,
    doc: 'Gateway that takes push notifications; in development the local receiver.'
  },
  NOTIFICATION_SMS_URL: {
    type: 'url',
    protocols: ['http:', 'https:'],
    developmentDefault: 'http://127.0.0.1:9470/sms',
    secret: true,
    doc: 'Gateway that takes text messages; in development the local receiver.'
  },
  CRASH_AT: {
    type: 'string',
    default: null,
    doc: 'Crash point and hit (`txn.after-end:3`) at which the process kills itself; production refuses it.'
  }
})

export interface StreamsConfig {
  readonly shared: SharedConfig<'quoteSecret'>
  readonly streams: ConfigValues<typeof streamsConfig.definitions>
}

/** @throws ConfigError naming each bad variable. */
export function readStreamsConfig(environment: Environment = process.env): StreamsConfig {
  const shared = readSharedConfig(environment, { secrets: ['quoteSecret'] })
  const streams = streamsConfig.load(environment)
  for (const variable of ['NOTIFICATION_PUSH_URL', 'NOTIFICATION_SMS_URL'] as const) {
    requireOutboundUrl(variable, streams[variable], shared)
  }
  if (shared.isProduction && streams.CRASH_AT !== null) {
    throw new ConfigError([
      { variable: 'CRASH_AT', expected: 'nothing in production', got: streams.CRASH_AT }
    ])
  }
  return { shared, streams }
}
