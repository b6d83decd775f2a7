import { describe, expect, onTestFinished, test } from 'vitest'
import { createFakeClock, type FakeClock, silentLogger } from '../core/index.ts'
import { loadCodec } from './load-codec.ts'
import { registerSchemas } from './register.ts'
import { createRegistryClient, type RegistryClient } from './registry.ts'
import { recordSchema } from './schemas.ts'
import { subjectsOf } from './subjects.ts'
import { type RegistryServer, startRegistryServer } from './testing/registry-server.ts'
import type { SsnClaimState } from './types.generated.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

const changelogs = [
  { topic: 'signups-claims-ssns-changelog', record: 'SsnClaimState' },
  { topic: 'signups-claims-timers-changelog', record: 'TimerState' },
  { topic: 'trips-rides-timers-changelog', record: 'TimerState' }
] as const
const claim: SsnClaimState = { signupId: 's1', emailKey: 'e1', grantedAt: 1_700_000_000_000 }
const schema = recordSchema('SsnClaimState')

type Setup = { server: RegistryServer; client: RegistryClient; clock: FakeClock }

async function setUp(timeoutMs = 2_000): Promise<Setup> {
  const server = await startRegistryServer()
  onTestFinished(() => server.stop())
  const clock = createFakeClock(0, 1)
  const { url } = server
  const client = createRegistryClient({ url, timeoutMs, logger: silentLogger, clock })
  return { server, client, clock }
}

/** Moves time past the waits between tries until the call has ended. */
async function withTime<T>(clock: FakeClock, call: Promise<T>): Promise<T> {
  let hasEnded = false
  const ended = call.finally(() => {
    hasEnded = true
  })
  ended.catch(() => {})
  while (!hasEnded) {
    await clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return ended
}

describe('registry client', () => {
  test('registers once and sets the compatibility', async () => {
    const { server, client } = await setUp()
    const id = await client.register('s-value', schema, 'FULL_TRANSITIVE')
    expect(await client.register('s-value', schema, 'FULL_TRANSITIVE')).toBe(id)
    expect(server.schemas).toEqual([JSON.stringify(schema)])
    expect(server.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(1)
    expect(await client.latest('s-value')).toMatchObject({ id })
  })

  test('refuses a subject whose compatibility is another one', async () => {
    const { client } = await setUp()
    await client.register('s-value', schema, 'BACKWARD_TRANSITIVE')
    await expect(client.register('s-value', schema, 'FULL_TRANSITIVE')).rejects.toMatchObject({
      code: 'HAIL_SCHEMA_INCOMPATIBLE',
      reaction: 'fatal'
    })
  })

  test('tries again while the registry fails, then says so', async () => {
    const { server, client, clock } = await setUp()
    const id = await client.register('s-value', schema, 'FULL_TRANSITIVE')
    server.faults.push(503, 500)
    expect(await withTime(clock, client.latest('s-value'))).toMatchObject({ id })
    server.faults.push(503, 503, 503)
    await expect(withTime(clock, client.latest('s-value'))).rejects.toMatchObject({
      code: 'HAIL_REGISTRY',
      reaction: 'retry'
    })
    expect(server.faults).toEqual([])
  })

  test('gives up on an answer that does not come', async () => {
    const { server, client, clock } = await setUp(50)
    server.faults.push('silence', 'silence', 'silence')
    await expect(withTime(clock, client.latest('s-value'))).rejects.toMatchObject({
      code: 'HAIL_REGISTRY'
    })
    expect(server.requests).toHaveLength(3)
  })

  test.each([
    [409, 'HAIL_SCHEMA_INCOMPATIBLE'],
    [422, 'HAIL_SCHEMA_INCOMPATIBLE'],
    [401, 'HAIL_CONFIG']
  ])('takes status %d as %s at once', async (status, code) => {
    const { server, client } = await setUp()
    server.faults.push(status)
    await expect(client.register('s-value', schema, 'FULL_TRANSITIVE')).rejects.toMatchObject({
      code,
      reaction: 'fatal'
    })
    expect(server.requests).toHaveLength(1)
  })

  test('asks for a missing id once in 30 seconds', async () => {
    const { server, client, clock } = await setUp()
    await expect(client.byId(9)).rejects.toBeInstanceOf(UnknownSchemaError)
    await expect(client.byId(9)).rejects.toMatchObject({ schemaId: 9, reaction: 'retry' })
    expect(server.requests).toHaveLength(1)
    await clock.advance(30_000)
    await expect(client.byId(9)).rejects.toBeInstanceOf(UnknownSchemaError)
    expect(server.requests).toHaveLength(2)
  })

  test('sends a user and password apart from the address', async () => {
    const { server } = await setUp()
    const url = server.url.replace('//', '//user:p%40ss@')
    const client = createRegistryClient({ url, timeoutMs: 2_000, logger: silentLogger })
    expect(await client.latest('s-value')).toBeNull()
    expect(server.requests).toEqual(['GET /subjects/s-value/versions/latest'])
  })
})

describe('loaded codec', () => {
  test('works on while the registry is down', async () => {
    const { server, client } = await setUp()
    const ids = await registerSchemas(client, { changelogs })
    expect([...ids.keys()]).toEqual(subjectsOf(changelogs).map(({ name }) => name))
    const codec = await loadCodec({ registry: client, changelogs })
    await server.stop()
    const payload = codec.encode('SsnClaimState', claim)
    expect(payload.readUInt32BE(1)).toBe(ids.get('signups-claims-ssns-changelog-value'))
    expect(codec.decode('SsnClaimState', payload)).toEqual(claim)
  })

  test('tells to run setup when a subject is missing', async () => {
    const { client } = await setUp()
    await registerSchemas(client, { changelogs: [] })
    const loading = loadCodec({ registry: client, changelogs })
    await expect(loading).rejects.toMatchObject({ code: 'HAIL_SCHEMA_INCOMPATIBLE' })
    await expect(loading).rejects.toThrow(/signups-claims-ssns-changelog-value.*`make setup`/)
  })

  test('writes with its own schema and reads older and newer ones', async () => {
    const { client, server } = await setUp()
    const extra = { name: 'extra', type: ['null', 'string'], doc: 'Later.', default: null } as const
    const older = { ...schema, fields: [...schema.fields, extra] }
    const newer = { ...schema, fields: [extra, ...schema.fields] }
    const subject = 'signups-claims-ssns-changelog-value'
    const olderId = await client.register(subject, older, 'BACKWARD_TRANSITIVE')
    await registerSchemas(client, { changelogs })
    const newerId = await client.register(subject, newer, 'BACKWARD_TRANSITIVE')

    const codec = await loadCodec({ registry: client, changelogs })
    await server.stop()

    const payload = codec.encode('SsnClaimState', claim)
    expect([olderId, newerId]).not.toContain(payload.readUInt32BE(1))
    const fromNewer = Buffer.concat([payload.subarray(0, 5), Buffer.from([0]), payload.subarray(5)])
    fromNewer.writeUInt32BE(newerId, 1)
    expect(codec.decode('SsnClaimState', fromNewer)).toEqual(claim)
    const fromOlder = Buffer.concat([payload, Buffer.from([0])])
    fromOlder.writeUInt32BE(olderId, 1)
    expect(codec.decode('SsnClaimState', fromOlder)).toEqual(claim)
  })

  test('learns schemas registered after it was loaded', async () => {
    const { client } = await setUp()
    await registerSchemas(client, { changelogs: [] })
    const codec = await loadCodec({ registry: client })
    await registerSchemas(client, { changelogs })
    const writer = await loadCodec({ registry: client, changelogs })
    const payload = writer.encode('SsnClaimState', claim)
    expect(() => codec.decode('SsnClaimState', payload)).toThrow(UnknownSchemaError)
    await codec.learn(payload.readUInt32BE(1))
    expect(codec.decode('SsnClaimState', payload)).toEqual(claim)
  })
})
