/**
 * @module A social security number goes in by every door there is, good and bad, while every process
 * logs all it can; afterwards it must be nowhere: not in logs, topics, dead letters, changelogs, Redis
 * or MongoDB, even after its fingerprints were rotated. A second number, planted by hand, shows that
 * the search would have found it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dlqTopic } from '../../avro/index.ts'
import { type Keyring, readSharedConfig, silentLogger, systemClock } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import { inheritedVariables } from '../../ops/apps/config.ts'
import { groupLags } from '../../ops/cli/group-lag.ts'
import { knownGroups } from '../../ops/cli/known-groups.ts'
import { connectDatabase, type Database } from '../../sinks/models/index.ts'
import { type ApiClient, type Reply, uuidv7 } from '../support/api-client.ts'
import { type Application, startApplication } from '../support/application.ts'
import {
  type CanarySearch,
  type Finding,
  searchFiles,
  searchFor,
  searchMongo,
  searchRedis,
  searchTopics
} from '../support/canary.ts'
import { endsOf, readFrom } from '../support/committed-records.ts'
import { waitFor } from '../support/wait-for.ts'

let application: Application
let database: Database
let redis: Redis
let visitor: ApiClient
const run = systemClock.randomBytes(4).toString('hex')

/** A number that passes every rule and that no other run used. */
const aNumber = (): string => {
  const random = systemClock.randomBytes(4).readUInt32BE()
  const area = 100 + (random % 500)
  const group = 10 + ((random >>> 10) % 80)
  const serial = 1_000 + ((random >>> 18) % 8_000)
  return `${area}-${group}-${serial}`
}
const canary = aNumber()
const planted = aNumber()

beforeAll(async () => {
  application = await startApplication({ timeScale: 10, logLevel: 'debug' })
  const { mongo, redis: url } = application.addresses
  database = await connectDatabase({ url: mongo, logger: silentLogger, clock: systemClock })
  redis = createRedis({ url, logger: silentLogger, name: 'canary' })
  visitor = await application.as('signup', `visitor-${run}`)
}, 180_000)

afterAll(async () => {
  await redis?.close()
  await database?.close()
  await application?.stop()
}, 60_000)

const person = (name: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  role: 'customer',
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: `${name}.${run}@example.com`,
  phone: '+12125550100',
  street: '1 Main Street',
  city: 'New York',
  state: 'NY',
  zip: '10001',
  ssn: canary,
  ...over
})

const outcomeOf = async (accepted: Reply): Promise<Record<string, unknown>> => {
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(202)
  const path = (accepted.headers.get('location') ?? '').replace('/api/v1', '')
  let body: Record<string, unknown> = {}
  await waitFor(`an outcome of ${path}`, async () => {
    body = (await visitor.get(path)).body
    return body['status'] !== 'pending'
  })
  return body
}

const everywhere = async (search: CanarySearch): Promise<Finding[]> => {
  const source = {
    admin: await application.kafka.admin(),
    fetcher: await application.kafka.fetcher()
  }
  return [
    ...searchFiles(search, application.logDir),
    ...(await searchTopics(search, source)),
    ...(await searchRedis(search, redis)),
    ...(await searchMongo(search, database))
  ]
}

/** The sealed request of a sign-up as it stands in its topic. */
const sealedRecord = async (signupId: string): Promise<KafkaRecord> => {
  const admin = await application.kafka.admin()
  const fetcher = await application.kafka.fetcher()
  const records = await readFrom({ admin, fetcher }, 'signup_requests', new Map())
  const found = records.find(({ headers }) => headers['ce_id'] === signupId)
  if (found === undefined) throw new Error(`expected the request of ${signupId}, found none`)
  return found
}

const sendSignupRequests = async (
  records: readonly { key: string; value: Buffer }[]
): Promise<void> => {
  const producer = await application.kafka.producer()
  await producer.send(
    records.map((record) => ({ topic: 'signup_requests', partition: 0, ...record }))
  )
  await producer.close()
}

test('a number that came in by every door is found nowhere, a planted one is', async () => {
  const first = await visitor.command('/users/signup', person('first'))
  const active = await outcomeOf(first)
  expect(active['status']).toBe('active')

  const refused: [string, Promise<Reply>, string][] = [
    ['ssn_taken', visitor.command('/users/signup', person('second')), 'taken'],
    ['zip', visitor.command('/users/signup', person('third', { zip: '1' })), 'invalid'],
    [
      'ssn_malformed',
      visitor.command('/users/signup', person('fourth', { ssn: `${canary}0` })),
      'malformed'
    ],
    [
      'ssn_malformed',
      visitor.command('/users/signup', person('fifth', { ssn: `no. ${canary}` })),
      'in words'
    ]
  ]
  for (const [reason, replying, name] of refused) {
    const { status, reasons } = await outcomeOf(await replying)
    expect([status, JSON.stringify(reasons)], name).toEqual([
      'rejected',
      expect.stringContaining(reason)
    ])
  }

  const whole = JSON.stringify(person('bad'))
  const json = { 'content-type': 'application/json', 'idempotency-key': uuidv7() }
  const bad: [string, Promise<Reply>, number][] = [
    ['malformed', visitor.postText('/users/signup', whole.slice(0, -1)), 400],
    [
      'a name twice',
      visitor.postText('/users/signup', `{"ssn":"${canary}","ssn":"${canary}"}`),
      400
    ],
    ['oversized', visitor.postText('/users/signup', `${whole}${' '.repeat(70_000)}`), 413],
    ['much oversized', visitor.postText('/users/signup', `${whole}${' '.repeat(2 << 20)}`), 413],
    [
      'media type',
      visitor.post('/users/signup', person('bad'), { ...json, 'content-type': 'text/plain' }),
      415
    ],
    ['unknown field', visitor.command('/users/signup', person('bad', { number: canary })), 422],
    ['as a name', visitor.command('/users/signup', person('bad', { [canary]: 1 })), 422],
    [
      'as a number',
      visitor.command('/users/signup', person('bad', { ssn: Number(canary.replaceAll('-', '')) })),
      422
    ],
    ['too long', visitor.command('/users/signup', person('bad', { ssn: canary.repeat(9) })), 422],
    [
      'as a key',
      visitor.post('/users/signup', person('bad'), { ...json, 'idempotency-key': canary }),
      400
    ],
    ['in the path', visitor.get(`/signups/${canary}`), 404],
    ['in an unknown path', visitor.get(`/people/${canary}`), 404],
    ['in the query', visitor.get(`/signups/s-1?ssn=${canary}`), 404],
    ['without a token', application.stranger().command('/users/signup', person('bad')), 401]
  ]
  for (const [name, replying, status] of bad) expect((await replying).status, name).toBe(status)
  const ids = { 'x-correlation-id': canary, 'user-agent': canary, referer: canary, cookie: canary }
  const tagged = await visitor.post('/users/signup', person('sixth'), {
    'idempotency-key': uuidv7(),
    ...ids
  })
  await outcomeOf(tagged)

  const admin = await application.kafka.admin()
  const sealed = await sealedRecord(first.body.signupId)
  const value = sealed.value ?? Buffer.alloc(0)
  const before = await endsOf(admin, dlqTopic('signup_requests'))
  const total = (ends: ReadonlyMap<number, bigint>) =>
    [...ends.values()].reduce((a, b) => a + b, 0n)
  await sendSignupRequests([
    { key: 'of-somebody-else', value },
    { key: 'cut', value: value.subarray(0, value.length - 20) },
    { key: 'no-avro', value: Buffer.from('nonsense') }
  ])
  await waitFor('three dead letters', async () => {
    return total(await endsOf(admin, dlqTopic('signup_requests'))) >= total(before) + 3n
  })
  await waitFor('the customer in the database', async () => {
    const { db } = database.connection
    return (
      (await db?.collection('customers').countDocuments({ signupId: first.body.signupId })) === 1
    )
  })

  await everybodyStored()
  expect(await rekey()).toMatchObject({ code: 0, report: { keyId: 'next', missing: [] } })
  const { signupId } = first.body
  const customers = database.connection.collection('customers')
  const customer = await customers.findOneAndDelete({ signupId })
  if (customer === null) throw new Error('expected the customer once more, got nobody')
  expect(await rekey()).toMatchObject({ code: 1, report: { missing: [signupId] } })
  await customers.insertOne(customer)

  expect(await everywhere(searchFor(canary))).toEqual([])
  await plant()
  let found: Awaited<ReturnType<typeof everywhere>>
  try {
    found = await everywhere(searchFor(planted))
  } finally {
    await uproot()
  }
  const places = found.map(({ place }) => place.split(/[ :]/)[0])
  expect(new Set(places)).toEqual(new Set(['log', 'topic', 'Redis', 'collection']))
  expect(found.map(({ place }) => place)).toEqual(
    expect.arrayContaining([
      `topic canary-${run}`,
      `Redis canary-${run}`,
      `collection canary-${run}`
    ])
  )
})

const everybodyStored = async (): Promise<void> => {
  const source = {
    admin: await application.kafka.admin(),
    fetcher: await application.kafka.fetcher(),
    clock: systemClock
  }
  const groups = knownGroups([]).filter(({ group }) => /customers|drivers/.test(group))
  expect(groups).toHaveLength(2)
  await waitFor('everybody in the database', async () =>
    (await groupLags(source, groups)).every(({ lagRecords }) => lagRecords === 0)
  )
}

/** `make rekey` to a key nobody used yet; what it says lies with the logs. */
const rekey = async (): Promise<{ code: number | null; report: unknown }> => {
  const { piiKeys, piiHmacKeys } = readSharedConfig(application.environment).secrets
  const child = spawn(process.execPath, ['--import', 'tsx', 'ops/cli/rekey.ts'], {
    env: {
      ...inheritedVariables(),
      ...application.environment,
      PII_KEYS: textOf(piiKeys),
      PII_HMAC_KEYS: `next:${systemClock.randomBytes(32).toString('base64')},${textOf(piiHmacKeys)}`
    }
  })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(data))
  const [code] = await once(child, 'close')
  const text = Buffer.concat(said).toString()
  appendFileSync(`${application.logDir}/rekey.log`, text)
  expect(text).toContain('"granted"')
  return { code, report: JSON.parse(text.trim().split('\n').at(-1) ?? '') }
}

const textOf = ({ byKid }: Keyring): string =>
  [...byKid.values()].map(({ kid, key }) => `${kid}:${key.export().toString('base64')}`).join()

const plant = async (): Promise<void> => {
  const name = `canary-${run}`
  appendFileSync(`${application.logDir}/${name}.log`, `{"message":"${planted}"}\n`)
  const admin = await application.kafka.admin()
  await admin.ensureTopics([{ name, partitions: 3, replicationFactor: 1, config: {} }])
  const producer = await application.kafka.producer()
  const hidden = Buffer.from(Buffer.from(`{"ssn":"${planted}"}`).toString('base64'))
  await producer.send([{ topic: name, partition: 2, key: 'k', value: hidden }])
  await producer.close()
  await redis.client.hset(name, 'field', Buffer.from(planted).toString('hex'))
  await database.connection.db
    ?.collection(name)
    .insertOne({ inner: [{ value: planted.replaceAll('-', '') }] })
}

const uproot = async (): Promise<void> => {
  const name = `canary-${run}`
  rmSync(`${application.logDir}/${name}.log`, { force: true })
  await (await application.kafka.admin()).deleteTopics([name])
  await redis.del([name])
  await database.connection.db?.collection(name).drop()
}
