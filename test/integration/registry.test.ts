/**
 * Records against a real schema registry: what is registered there is all that any Avro reader
 * needs, and a change that would break readers is refused.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createRegistryClient,
  type DriverLocation,
  loadCodec,
  type RegistryClient,
  recordSchema,
  registerSchemas,
  UnknownSchemaError
} from '../../avro/index.ts'
import { silentLogger } from '../../core/index.ts'
import { stackForTests, type TestStack } from '../../ops/stack/for-tests.ts'

const changelogs = [
  { topic: 'locations-presence-presence-changelog', record: 'PresenceState' },
  { topic: 'locations-presence-timers-changelog', record: 'TimerState' }
] as const

const location: DriverLocation = {
  driverId: 'driver-1',
  sessionId: null,
  lat: 40.75,
  lon: -73.99,
  accuracyMeters: 4.5,
  headingDegrees: null,
  speedMps: 8,
  deviceTime: 1_700_000_000_000,
  receivedAt: 1_700_000_000_250
}

/** The same registry, with subjects of this run alone. */
function withPrefix(client: RegistryClient, prefix: string): RegistryClient {
  return {
    register: (subject, ...rest) => client.register(prefix + subject, ...rest),
    latest: (subject) => client.latest(prefix + subject),
    idOfVersion: (subject, version) => client.idOfVersion(prefix + subject, version),
    byId: (id) => client.byId(id)
  }
}

describe('registry', () => {
  let stack: TestStack
  let registry: RegistryClient

  beforeAll(async () => {
    stack = await stackForTests()
    const url = stack.addresses.registry
    const client = createRegistryClient({ url, timeoutMs: 10_000, logger: silentLogger })
    registry = withPrefix(client, `test-${randomUUID()}-`)
  }, 300_000)

  afterAll(() => stack?.stop())

  test('takes every schema, twice with the same ids', async () => {
    const ids = await registerSchemas(registry, { changelogs })
    expect(await registerSchemas(registry, { changelogs })).toEqual(ids)
  }, 120_000)

  test('gives a plain Avro reader all it needs', async () => {
    const codec = await loadCodec({ registry, changelogs })
    const payload = codec.encode('DriverLocation', location)

    const id = payload.readUInt32BE(1)
    const response = await fetch(`${stack.addresses.registry}/schemas/ids/${id}`)
    const { schema } = (await response.json()) as { schema: string }
    const reader = avsc.Type.forSchema(JSON.parse(schema), { wrapUnions: 'never' })

    expect({ ...reader.fromBuffer(payload.subarray(5)) }).toEqual(location)
    expect(codec.decode('DriverLocation', payload)).toEqual(location)
  }, 60_000)

  test('keeps docs, tags and logical types', async () => {
    const { id } = (await registry.latest('driver_location_updates-value')) ?? { id: 0 }
    const response = await fetch(`${stack.addresses.registry}/schemas/ids/${id}`)
    const { schema } = (await response.json()) as { schema: string }
    expect(JSON.parse(schema)).toEqual(recordSchema('DriverLocation'))
  }, 60_000)

  test('refuses a change that breaks readers', async () => {
    const schema = recordSchema('DriverLocation')
    const required = { name: 'required', type: 'string', doc: 'Breaks readers of old records.' }
    const broken = { ...schema, fields: [...schema.fields, required] }
    const registering = registry.register(
      'driver_location_updates-value',
      broken,
      'FULL_TRANSITIVE'
    )
    await expect(registering).rejects.toMatchObject({
      code: 'HAIL_SCHEMA_INCOMPATIBLE',
      reaction: 'fatal'
    })
  }, 60_000)

  test('takes an optional field and reads both versions', async () => {
    const before = await loadCodec({ registry, changelogs })
    const old = before.encode('DriverLocation', location)
    const schema = recordSchema('DriverLocation')
    const extra = {
      name: 'altitudeMeters',
      type: ['null', 'double'],
      doc: 'Altitude, meters.',
      default: null
    } as const
    const extended = { ...schema, fields: [...schema.fields, extra] }
    const id = await registry.register('driver_location_updates-value', extended, 'FULL_TRANSITIVE')

    const after = await loadCodec({ registry, changelogs })
    expect(after.encode('DriverLocation', location)).toEqual(old)
    const newer = Buffer.concat([old, Buffer.from([0])])
    newer.writeUInt32BE(id, 1)
    expect(after.decode('DriverLocation', newer)).toEqual(location)
    expect(() => before.decode('DriverLocation', newer)).toThrow(UnknownSchemaError)
    await before.learn(id)
    expect(before.decode('DriverLocation', newer)).toEqual(location)
  }, 60_000)

  test('knows no schema for an id never given out', async () => {
    await expect(registry.byId(2_000_000_000)).rejects.toBeInstanceOf(UnknownSchemaError)
  }, 60_000)
})
