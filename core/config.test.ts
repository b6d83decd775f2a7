import { describe, expect, expectTypeOf, test } from 'vitest'
import { readSharedConfig, secretConfig, sharedConfig } from './config.ts'

const PRODUCTION = {
  NODE_ENV: 'production',
  KAFKA_BROKERS: 'k1:9092,k2:9092',
  SCHEMA_REGISTRY_URL: 'https://registry',
  REDIS_URL: 'rediss://redis',
  MONGO_URL: 'mongodb://mongo/hailstream'
}

describe('readSharedConfig', () => {
  test('starts in development with nothing set', () => {
    const config = readSharedConfig({})
    expect(config).toMatchObject({
      nodeEnv: 'development',
      isProduction: false,
      logLevel: 'info',
      kafka: { brokers: ['127.0.0.1:9092'], ssl: false, sasl: null },
      timeScale: 1,
      replicationFactor: 1,
      marketsFile: null
    })
    expect(config.secrets.piiKeys.current.kid).toBe('dev1')
    expect(config.secrets.jwtSecret).not.toBeNull()
  })

  test('asks production only for the secrets a process needs', () => {
    expect(() => readSharedConfig(PRODUCTION)).toThrow(
      /ID_SECRET.*QUOTE_SECRET.*PII_KEYS.*PII_HMAC_KEYS/
    )
    const config = readSharedConfig(
      { ...PRODUCTION, ID_SECRET: 'x'.repeat(32) },
      { secrets: ['idSecret', 'jwtSecret'] }
    )
    expect(config.secrets).toEqual({ idSecret: 'x'.repeat(32), jwtSecret: null })
    expectTypeOf(config.secrets).not.toHaveProperty('piiKeys')
    expect(config.replicationFactor).toBe(3)
    const none = readSharedConfig(PRODUCTION, { secrets: [] })
    expect(none.secrets).toEqual({})
  })

  test('refuses every development secret in production', () => {
    for (const [variable, definition] of Object.entries(secretConfig.definitions)) {
      const environment = { ...PRODUCTION, [variable]: definition.developmentDefault }
      expect(() => readSharedConfig(environment), variable).toThrow(
        `${variable}: expected a secret of its own in production, got the development secret`
      )
    }
  })

  test('refuses scaled time in production', () => {
    expect(() => readSharedConfig({ ...PRODUCTION, TIME_SCALE: '60' }, { secrets: [] })).toThrow(
      'TIME_SCALE: expected 1 in production'
    )
    expect(readSharedConfig({ TIME_SCALE: '60' }).timeScale).toBe(60)
  })

  test('reads keys without echoing bad ones', () => {
    const bad = { PII_KEYS: `k2:${Buffer.alloc(31, 7).toString('base64')}` }
    expect(() => readSharedConfig(bad)).toThrow(
      'PII_KEYS (k2): expected 32 bytes in base64, got 31 bytes'
    )
    expect(() => readSharedConfig({ PII_KEYS: 'nokid' })).toThrow(/^(?!.*nokid).*PII_KEYS/)
    expect(() => readSharedConfig({ PII_HMAC_KEY: 'k' })).toThrow('PII_HMAC_KEY: expected PII_HMAC')
    expect(() => readSharedConfig({ PII_HMAC_KEYS: 'k:short' })).toThrow(
      'PII_HMAC_KEYS (k): expected 32 bytes in base64'
    )
  })

  test('wants user and password where Kafka authenticates', () => {
    const environment = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'u' }
    expect(() => readSharedConfig(environment)).toThrow(
      'KAFKA_SASL_PASSWORD: expected a value, as KAFKA_SASL_MECHANISM is scram-sha-512, got nothing'
    )
    expect(readSharedConfig({ ...environment, KAFKA_SASL_PASSWORD: 'p' }).kafka.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: 'u',
      password: 'p'
    })
  })

  test('names a certificate file that cannot be read', () => {
    const environment = { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/does/not/exist.pem' }
    expect(() => readSharedConfig(environment)).toThrow(/KAFKA_SSL_CA_FILE: expected a PEM file/)
  })
})

test('each shared variable is explained in a sentence', () => {
  const all = { ...sharedConfig.definitions, ...secretConfig.definitions }
  for (const [name, { doc }] of Object.entries(all)) expect(doc, name).toMatch(/^[A-Z].*\.$/)
})
