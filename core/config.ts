/**
 * The variables every process shares: where its backing services are, how time runs, and the
 * secrets. The development secrets are the same in all processes, so that they fit together
 * without any setup; production refuses them.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { ConfigError, type ConfigValues, defineConfig, type Environment } from './config/index.ts'
import { type Keyring, parseKeyring } from './pii/index.ts'

/** Everything but the secrets. */
export const sharedConfig = defineConfig({
  NODE_ENV: {
    type: 'enum',
    values: ['development', 'test', 'production'],
    default: 'development',
    doc: 'Production refuses development secrets and scaled time.'
  },
  LOG_LEVEL: {
    type: 'enum',
    values: ['debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    doc: 'The least severe level that is logged.'
  },
  KAFKA_BROKERS: {
    type: 'list',
    developmentDefault: '127.0.0.1:9092',
    doc: 'Bootstrap brokers as `host:port`, comma separated.'
  },
  KAFKA_SSL: { type: 'bool', default: false, doc: 'Whether to speak TLS to Kafka.' },
  KAFKA_SSL_CA_FILE: {
    type: 'string',
    default: null,
    doc: "PEM file of the authority that signed the brokers' certificates."
  },
  KAFKA_SASL_MECHANISM: {
    type: 'enum',
    values: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    default: 'none',
    doc: 'How to authenticate at Kafka; needs the user name and password.'
  },
  KAFKA_SASL_USERNAME: { type: 'string', default: null, doc: 'User at Kafka.' },
  KAFKA_SASL_PASSWORD: { type: 'string', default: null, secret: true, doc: 'Password at Kafka.' },
  KAFKA_TRANSACTION_VERSION_MAX: {
    type: 'int',
    default: 2,
    min: 1,
    max: 2,
    doc: 'The highest transaction protocol to speak; a cluster without version 2 is spoken to in 1 anyway.'
  },
  SCHEMA_REGISTRY_URL: {
    type: 'url',
    protocols: ['http:', 'https:'],
    developmentDefault: 'http://127.0.0.1:8081/apis/ccompat/v7',
    secret: true,
    doc: 'Confluent compatible schema registry; may carry a user and password.'
  },
  REDIS_URL: {
    type: 'url',
    protocols: ['redis:', 'rediss:'],
    developmentDefault: 'redis://127.0.0.1:6379',
    secret: true,
    doc: 'Redis with `maxmemory-policy noeviction`; may carry a password.'
  },
  MONGO_URL: {
    type: 'url',
    protocols: ['mongodb:', 'mongodb+srv:'],
    developmentDefault: 'mongodb://127.0.0.1:27017/hailstream',
    secret: true,
    doc: 'MongoDB; the path names the database, `hailstream` without one.'
  },
  TIME_SCALE: {
    type: 'number',
    default: 1,
    min: 0.01,
    max: 1000,
    productionValue: 1,
    doc: 'How many times faster than real the domain durations run, for demos and simulations.'
  },
  REPLICATION_FACTOR: {
    type: 'int',
    default: 3,
    developmentDefault: 1,
    min: 1,
    max: 9,
    unit: 'replicas',
    doc: 'Replicas of each topic; production needs 3 for the promise that no 202 is lost.'
  },
  MARKETS_FILE: {
    type: 'string',
    default: null,
    doc: 'JSON file of markets that takes the place of the built-in ones.'
  }
})

/** Secrets, each required in production by the processes that ask for it. */
export const secretConfig = defineConfig({
  ID_SECRET: {
    type: 'string',
    minLength: 32,
    secret: true,
    developmentDefault: 'hailstream-development-id-secret-0001',
    doc: 'Key of the HMAC that derives ids; changing it orphans ids already handed out.'
  },
  QUOTE_SECRET: {
    type: 'string',
    minLength: 32,
    secret: true,
    developmentDefault: 'hailstream-development-quote-secret-1',
    doc: 'Key that signs fare quotes; changing it voids the open quotes of two minutes.'
  },
  JWT_SECRET: {
    type: 'string',
    minLength: 32,
    secret: true,
    default: null,
    developmentDefault: 'hailstream-development-jwt-secret-001',
    doc: 'HS256 key of tokens in development; production verifies by JWKS instead.'
  },
  PII_KEYS: {
    type: 'string',
    secret: true,
    developmentDefault: 'dev1:aGFpbHN0cmVhbS1kZXZlbG9wbWVudC1waWkta2V5LTE=',
    doc: 'AES-256 keys as `kid:base64`, comma separated; the first encrypts, all decrypt.'
  },
  PII_HMAC_KEYS: {
    type: 'string',
    secret: true,
    developmentDefault: 'dev1:aGFpbHN0cmVhbS1kZXZlbG9wbWVudC1obWFjLWtleTE=',
    doc: 'Keys of fingerprints that find equal personal values, as PII_KEYS; more than one only during a rotation (docs/runbooks/pii-keys.md).'
  }
})

/** TLS to Kafka: off, by the system's authorities, or by one given authority (PEM). */
export type KafkaTls = boolean | { readonly ca: readonly string[] }

/** How to authenticate at Kafka. */
export type KafkaSasl = {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** The secrets once read. */
export type Secrets = {
  readonly idSecret: string
  readonly quoteSecret: string
  /** Null where tokens are verified by JWKS. */
  readonly jwtSecret: string | null
  readonly piiKeys: Keyring
  /** Fingerprints; the first is current, the others are on their way out, newest first. */
  readonly piiHmacKeys: Keyring
}

/** Shared settings; `secrets` holds only the ones asked for. */
export type SharedConfig<S extends keyof Secrets = keyof Secrets> = {
  readonly nodeEnv: 'development' | 'test' | 'production'
  readonly isProduction: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  readonly kafka: {
    readonly brokers: readonly string[]
    readonly ssl: KafkaTls
    readonly sasl: KafkaSasl | null
    readonly transactionVersionMax: 1 | 2
  }
  readonly schemaRegistryUrl: string
  readonly redisUrl: string
  readonly mongoUrl: string
  readonly timeScale: number
  readonly replicationFactor: number
  readonly marketsFile: string | null
  readonly secrets: Pick<Secrets, S>
}

const SECRET_VARIABLES = {
  idSecret: 'ID_SECRET',
  quoteSecret: 'QUOTE_SECRET',
  jwtSecret: 'JWT_SECRET',
  piiKeys: 'PII_KEYS',
  piiHmacKeys: 'PII_HMAC_KEYS'
} as const satisfies Record<keyof Secrets, keyof typeof secretConfig.definitions>

/**
 * Reads the shared settings. `secrets` names the ones this process needs (default all): the
 * others are neither required nor held, so production can give each process no more than it uses.
 * Throws `ConfigError` (fatal) naming each bad variable.
 */
export function readSharedConfig<const S extends keyof Secrets = keyof Secrets>(
  environment: Environment = process.env,
  options: { readonly secrets?: readonly S[] } = {}
): SharedConfig<S> {
  const names = options.secrets ?? (Object.keys(SECRET_VARIABLES) as S[])
  const values = sharedConfig.load(environment)
  return {
    nodeEnv: values.NODE_ENV,
    isProduction: values.NODE_ENV === 'production',
    logLevel: values.LOG_LEVEL,
    kafka: {
      brokers: values.KAFKA_BROKERS,
      ssl: readTls(values),
      sasl: readSasl(values),
      transactionVersionMax: values.KAFKA_TRANSACTION_VERSION_MAX === 1 ? 1 : 2
    },
    schemaRegistryUrl: values.SCHEMA_REGISTRY_URL,
    redisUrl: values.REDIS_URL,
    mongoUrl: values.MONGO_URL,
    timeScale: values.TIME_SCALE,
    replicationFactor: values.REPLICATION_FACTOR,
    marketsFile: values.MARKETS_FILE,
    secrets: readSecrets(environment, names)
  }
}

function readSecrets<S extends keyof Secrets>(
  environment: Environment,
  names: readonly S[]
): Pick<Secrets, S> {
  refuseFormerName(environment)
  const chosen = names.map((name) => SECRET_VARIABLES[name])
  const all = Object.entries(secretConfig.definitions)
  const definitions = Object.fromEntries(
    all.filter(([variable]) => chosen.some((name) => name === variable))
  )
  const values = defineConfig(definitions).load(environment) as Record<string, string | null>
  const secrets = names.map((name) => {
    const variable = SECRET_VARIABLES[name]
    return [name, parseSecret(name, variable, values[variable] ?? null)]
  })
  return Object.fromEntries(secrets) as Pick<Secrets, S>
}

/** Read as unset it would mean another key outside of production, under which every number is free. */
function refuseFormerName(environment: Environment): void {
  if (!environment['PII_HMAC_KEY']) return
  const expected = 'PII_HMAC_KEYS with the same key behind an id of your choice and a colon'
  throw new ConfigError([{ variable: 'PII_HMAC_KEY', expected, got: 'the former name' }])
}

function parseSecret(name: keyof Secrets, variable: string, text: string | null): unknown {
  if (text === null) return null
  return name === 'piiKeys' || name === 'piiHmacKeys' ? parseKeyring(text, variable) : text
}

type SharedValues = ConfigValues<typeof sharedConfig.definitions>

function readTls(values: SharedValues): KafkaTls {
  const file = values.KAFKA_SSL_CA_FILE
  if (!values.KAFKA_SSL || file === null) return values.KAFKA_SSL
  try {
    return { ca: [readFileSync(file, 'utf8')] }
  } catch {
    const got = `'${file}', which cannot be read`
    throw new ConfigError([{ variable: 'KAFKA_SSL_CA_FILE', expected: 'a PEM file', got }])
  }
}

function readSasl(values: SharedValues): KafkaSasl | null {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password
  } = values
  if (mechanism === 'none') return null
  const expected = `a value, as KAFKA_SASL_MECHANISM is ${mechanism}`
  const problems = [
    ...(username === null ? ['KAFKA_SASL_USERNAME'] : []),
    ...(password === null ? ['KAFKA_SASL_PASSWORD'] : [])
  ].map((variable) => ({ variable, expected, got: 'nothing' }))
  if (username === null || password === null) throw new ConfigError(problems)
  return { mechanism, username, password }
}
