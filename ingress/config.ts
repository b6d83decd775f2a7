/**
 * What the ingress reads from the environment. Limits multiply with `TIME_SCALE`, since drivers of a
 * sped-up world report that much more often; production has no scale.
 *
 * @module
 */
import {
  ConfigError,
  type ConfigValues,
  defineConfig,
  readSharedConfig,
  requireOutboundUrl
} from '../core/index.ts'
import { pushConfig } from './push/config.ts'
import { readConfig } from './read/config.ts'
import { workerConfig } from './workers/config.ts'

/** Variables of the ingress. */
export const ingressConfig = defineConfig({
  ROLES: {
    type: 'list',
    default: 'write,read,push',
    doc: 'What this process serves: write, read, push (WebSocket), or several of them.'
  },
  INGRESS_HOST: { type: 'string', default: '0.0.0.0', doc: 'Address of the public port.' },
  INGRESS_PORT: { type: 'int', default: 8080, min: 0, max: 65_535, doc: 'Public HTTP port.' },
  INGRESS_OPS_PORT: {
    type: 'int',
    default: 9464,
    min: 0,
    max: 65_535,
    doc: 'Port of health, readiness and metrics.'
  },
  UWS_HTTP_MAX_HEADERS_SIZE: {
    type: 'bytes',
    default: null,
    min: 4_096,
    doc: 'Read by the web server itself: bytes of headers it takes, 16384 for long tokens.'
  },
  JWKS_URL: {
    type: 'url',
    protocols: ['http:', 'https:'],
    default: null,
    doc: 'Key set that verifies tokens; required in production, there https and not of this host.'
  },
  TOKEN_CACHE_MAX: {
    type: 'int',
    default: 50_000,
    min: 1,
    unit: 'tokens',
    doc: 'Verified tokens remembered, at about 300 bytes each.'
  },
  TOKEN_CACHE_AGE: {
    type: 'duration-ms',
    default: 60_000,
    min: 0,
    doc: 'How long a verified token is believed; bounds how long a withdrawn key works on.'
  },
  HTTP_BODY_MAX: {
    type: 'bytes',
    default: 65_536,
    min: 1_024,
    max: 1_048_576,
    doc: 'Largest body of a request.'
  },
  HTTP_IN_FLIGHT_MAX: {
    type: 'int',
    default: 50_000,
    min: 1,
    unit: 'requests',
    doc: 'Requests in progress, long polls included; more get 503.'
  },
  HTTP_IN_FLIGHT_PER_ADDRESS: {
    type: 'int',
    default: 10_000,
    min: 0,
    unit: 'requests',
    doc: 'Requests of one address in progress, slow bodies and long polls included; more get 429, 0 is no limit.'
  },
  HTTP_BODY_TIMEOUT: {
    type: 'duration-ms',
    default: 8_000,
    min: 100,
    doc: 'How long a body may take after its headers; below the 10 s of the web server, which answers nothing.'
  },
  HTTP_BODIES_BYTES: {
    type: 'bytes',
    default: 67_108_864,
    min: 1_048_576,
    doc: 'Bytes of the bodies that are under way at a time; more get 503.'
  },
  CORS_ORIGINS: {
    type: 'list',
    default: '',
    doc: 'Origins whose pages may call the API, comma separated; none by default.'
  },
  TRUSTED_PROXIES: {
    type: 'int',
    default: 0,
    min: 0,
    max: 8,
    unit: 'proxies',
    doc: 'Proxies in front that append to x-forwarded-for.'
  },
  ACCESS_LOG_RATIO: {
    type: 'number',
    default: 0.01,
    min: 0,
    max: 1,
    doc: 'Share of successful requests that are logged.'
  },
  ACCESS_LOG_FAILURES: {
    type: 'int',
    default: 20,
    min: 0,
    unit: 'lines/s',
    doc: 'Failures of the server logged a second; those above are counted in the next line.'
  },
  INGRESS_LINGER: {
    type: 'duration-ms',
    default: 3,
    min: 0,
    max: 1_000,
    doc: 'How long a record waits for others before it is sent.'
  },
  INGRESS_BATCH_RECORDS: {
    type: 'int',
    default: 1_000,
    min: 1,
    unit: 'records',
    doc: 'Records of one request to Kafka.'
  },
  INGRESS_BATCH_BYTES: {
    type: 'bytes',
    default: 524_288,
    min: 1_024,
    max: 900_000,
    doc: 'Bytes of one request to Kafka, below the 1 MiB brokers accept.'
  },
  INGRESS_BUDGET_BYTES: {
    type: 'bytes',
    default: 67_108_864,
    min: 65_536,
    doc: 'Bytes of records that wait or are in flight over all topics; more get 503.'
  },
  INGRESS_DEADLINE: {
    type: 'duration-ms',
    default: 2_000,
    min: 50,
    doc: 'How long a request waits for the acknowledgement of its record.'
  },
  BREAKER_FAILURES: {
    type: 'int',
    default: 3,
    min: 1,
    unit: 'requests',
    doc: 'Failed requests to Kafka in a row after which a topic is refused at once.'
  },
  BREAKER_COOL_DOWN: {
    type: 'duration-ms',
    default: 1_000,
    min: 10,
    doc: 'How long a topic is refused before it is tried again.'
  },
  INGRESS_SPILL_DIR: {
    type: 'string',
    default: null,
    doc: 'Folder, of this process alone, where records wait on the disk while Kafka is away; none without it.'
  },
  INGRESS_SPILL_BYTES: {
    type: 'bytes',
    default: 1_073_741_824,
    min: 1_048_576,
    doc: 'Bytes the spill may take on its disk; more get 503.'
  },
  INGRESS_SPILL_SEGMENT_BYTES: {
    type: 'bytes',
    default: 8_388_608,
    min: 65_536,
    max: 67_108_864,
    doc: 'Size of a file of the spill, which is deleted as a whole once it is replayed.'
  },
  LIMIT_WRITES: {
    type: 'int',
    default: 20,
    min: 0,
    unit: 'requests/s',
    doc: 'Writes of one subject, other than positions and sign-ups; 0 is no limit.'
  },
  LIMIT_LOCATIONS: {
    type: 'int',
    default: 10,
    min: 0,
    unit: 'positions/s',
    doc: 'Positions of one driver, single or in batches, that are used; more overflow; 0 is no limit.'
  },
  LIMIT_LOCATION_OVERFLOW: {
    type: 'int',
    default: 40,
    min: 0,
    unit: 'positions/s',
    doc: 'Positions of one driver over LIMIT_LOCATIONS that are kept aside; more are refused; 0 is none.'
  },
  LIMIT_PARTNER_RIDES: {
    type: 'int',
    default: 50,
    min: 0,
    unit: 'rides/s',
    doc: 'Rides that one partner books for its guests, repeats apart; 0 is no limit.'
  },
  LIMIT_READS: {
    type: 'int',
    default: 50,
    min: 0,
    unit: 'requests/s',
    doc: 'Reads of one subject; 0 is no limit.'
  },
  LIMIT_SIGNUPS: {
    type: 'int',
    default: 500,
    min: 0,
    unit: 'requests/s',
    doc: 'Sign-ups and questions for their outcome of one app or administrator; 0 is no limit.'
  },
  LIMIT_ADDRESS: {
    type: 'int',
    default: 10_000,
    min: 0,
    unit: 'requests/s',
    doc: 'Requests of one address; carriers put thousands of phones behind one; 0 is no limit.'
  },
  LIMIT_BAD_TOKENS: {
    type: 'int',
    default: 50,
    min: 0,
    unit: 'requests/s',
    doc: 'Requests with bad tokens of one address; 0 is no limit.'
  },
  SURGE_DEADLINE: {
    type: 'duration-ms',
    default: 150,
    min: 10,
    doc: 'How long a price waits for its multiplier before it goes without.'
  },
  ASSIGNMENT_WAITERS_MAX: {
    type: 'int',
    default: 20_000,
    min: 1,
    unit: 'drivers',
    doc: 'Drivers in a long poll at a time; more get 503.'
  },
  DRAIN_GRACE: {
    type: 'duration-ms',
    default: 5_000,
    developmentDefault: 0,
    min: 0,
    doc: 'How long a stopping process serves on, so that balancers notice.'
  },
  DRAIN_TIMEOUT: {
    type: 'duration-ms',
    default: 10_000,
    min: 100,
    doc: 'How long a stopping process waits for requests in progress.'
  }
})

/** The values of the variables, those of reading and of workers among them. */
export type IngressSettings = ConfigValues<typeof ingressConfig.definitions> &
  ConfigValues<typeof readConfig.definitions> &
  ConfigValues<typeof workerConfig.definitions>

/** Which routes a process serves. */
export type IngressRoles = { isWriting: boolean; isReading: boolean; isPushing: boolean }

const roleNames = ['write', 'read', 'push']

const secrets = ['idSecret', 'quoteSecret', 'jwtSecret', 'piiKeys', 'piiHmacKeys'] as const

/** Reads everything. Throws `ConfigError` naming each bad variable. */
export const readIngressConfig = (environment = process.env) => {
  const shared = readSharedConfig(environment, { secrets })
  const settings: IngressSettings = {
    ...ingressConfig.load(environment),
    ...readConfig.load(environment),
    ...workerConfig.load(environment)
  }
  const roles = settings.ROLES.map((role) => role.trim())
  const push = pushConfig.load(environment)
  const unknown = roles.filter((role) => !roleNames.includes(role))
  if (roles.length === 0 || unknown.length > 0) {
    const got = `'${roles.join(',')}'`
    throw new ConfigError([{ variable: 'ROLES', expected: 'some of write, read, push', got }])
  }
  if (settings.INGRESS_WORKERS > 1 && settings.INGRESS_SPILL_DIR !== null) {
    // A folder has one owner, and what a replaced worker left in it has to be found by somebody.
    const expected =
      'nothing with several INGRESS_WORKERS: run several processes with a folder each'
    throw new ConfigError([{ variable: 'INGRESS_SPILL_DIR', expected, got: 'a folder' }])
  }
  if (shared.isProduction && settings.JWKS_URL === null) {
    const expected = 'the key set of the identity provider, as production has no shared secret'
    throw new ConfigError([{ variable: 'JWKS_URL', expected, got: 'nothing' }])
  }
  if (settings.JWKS_URL !== null) requireOutboundUrl('JWKS_URL', settings.JWKS_URL, shared)
  if (settings.JWKS_URL === null && shared.secrets.jwtSecret === null) {
    const expected = 'a secret, or JWKS_URL instead'
    throw new ConfigError([{ variable: 'JWT_SECRET', expected, got: 'nothing' }])
  }
  return {
    shared,
    settings,
    push,
    roles: {
      isWriting: roles.includes('write'),
      isReading: roles.includes('read'),
      isPushing: roles.includes('push')
    },
    corsOrigins: settings.CORS_ORIGINS.map((origin) => origin.trim()).filter(
      (origin) => origin !== ''
    )
  }
}

/** Everything a process of the ingress is told. */
export type IngressConfig = ReturnType<typeof readIngressConfig>
