/**
 * @module Push over two processes of the ingress on real Kafka and Redis: a client of one that is
 * killed goes on with the other and misses nothing; a client that stops reading costs bounded memory
 * and ends up with the truth.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Codec,
  createRegistryClient,
  loadCodec,
  type Ride,
  type RideEventType,
  registerSchemas,
  topicDefinitions,
  topics
} from '../../avro/index.ts'
import { readSharedConfig, silentLogger, systemClock } from '../../core/index.ts'
import {
  createKafka,
  type Kafka,
  partitionForKey,
  type TransactionalProducer
} from '../../core/kafka/index.ts'
import { createIds } from '../../domain/index.ts'
import { aRide, aRideEvent } from '../../ingress/testing/builders.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { mintToken } from '../support/api-client.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import type { PushBook } from '../support/push-book.ts'
import { TestPush } from '../support/push-client.ts'
import { waitFor } from '../support/wait-for.ts'

const { jwtSecret, idSecret } = readSharedConfig(
  { NODE_ENV: 'test' },
  { secrets: ['jwtSecret', 'idSecret'] }
).secrets
const ids = createIds(idSecret)

let kafka: Kafka
let codec: Codec
let trips: TransactionalProducer
let environment: Record<string, string>
const clients: TestPush[] = []

beforeAll(async () => {
  const { addresses } = await stackForTests()
  kafka = createKafka({
    brokers: addresses.kafka.split(','),
    clientId: 'push-test',
    logger: silentLogger,
    clock: systemClock
  })
  const admin = await kafka.admin()
  await admin.ensureTopics(topicDefinitions({ replicationFactor: 1, changelogs: [] }))
  await admin.close()
  const registry = createRegistryClient({
    url: addresses.registry,
    timeoutMs: 5_000,
    logger: silentLogger
  })
  await registerSchemas(registry, { changelogs: [] })
  codec = await loadCodec({ registry })
  trips = await kafka.transactionalProducer(`push-test-${randomUUID()}`)
  // A broker that has just started has no coordinator of transactions for a while.
  await waitFor('the coordinator', () => trips.init().then(always, never))
  environment = {
    KAFKA_BROKERS: addresses.kafka,
    SCHEMA_REGISTRY_URL: addresses.registry,
    REDIS_URL: addresses.redis,
    MONGO_URL: addresses.mongo,
    LIMIT_READS: '0',
    LIMIT_ADDRESS: '0'
  }
})

afterAll(async () => {
  for (const client of clients) client.close()
  killIngressChildren()
  await kafka?.close()
})

const always = (): boolean => true
const never = (): boolean => false

/** Rides of one customer, each event committed in a transaction as trips does it. */
class Story {
  readonly customerId = `c-${randomUUID().slice(0, 8)}`
  readonly rides: Ride[]

  constructor(rides: number) {
    this.rides = Array.from({ length: rides }, () =>
      aRide({
        rideId: ids.rideId({ customerId: this.customerId, idempotencyKey: randomUUID() }),
        customerId: this.customerId,
        seq: 0
      })
    )
  }

  async tell(type: RideEventType, change: Partial<Ride> = {}, times = 1): Promise<void> {
    const transaction = await trips.begin()
    const records = []
    for (let time = 0; time < times; time += 1) {
      for (const [index, before] of this.rides.entries()) {
        const ride = { ...before, ...this.rides[index], ...change }
        const next = { ...ride, seq: ride.seq + 1, correlationId: 'x'.repeat(200) }
        this.rides[index] = next
        records.push({
          topic: 'ride_events',
          partition: partitionForKey(next.rideId, topics.ride_events.partitions),
          key: next.rideId,
          value: codec.encode('RideEvent', aRideEvent(type, next))
        })
      }
    }
    await transaction.send(records)
    await transaction.commit()
  }

  get seqs(): Record<string, number> {
    return Object.fromEntries(this.rides.map(({ rideId, seq }) => [rideId, seq]))
  }
}

const tokenOf = (subject: string) => mintToken('customer', subject, jwtSecret ?? '')

const connect = async (
  ingress: IngressChild,
  customerId: string,
  book?: PushBook
): Promise<TestPush> => {
  const token = await tokenOf(customerId)
  const client = new TestPush({ url: ingress.url, token, ...(book === undefined ? {} : { book }) })
  clients.push(client)
  return client
}

const knows = (client: TestPush, story: Story) => (): boolean =>
  story.rides.every(({ rideId, seq }) => client.book.ride(rideId)?.seq === seq)

describe('two processes', () => {
  test('both tell every event; a client of a killed one misses nothing at the other', async () => {
    const [one, two] = await Promise.all([
      startIngressChild({ environment }),
      startIngressChild({ environment })
    ])
    const story = new Story(5)
    const mobile = await connect(one, story.customerId)
    const witness = await connect(two, story.customerId)
    await Promise.all([mobile.frame('snapshot'), witness.frame('snapshot')])
    for (let turn = 0; turn < 3; turn += 1) {
      await story.tell(turn === 0 ? 'RIDE_REQUESTED' : 'RIDE_RATED')
    }
    await waitFor('both to know', () => knows(mobile, story)() && knows(witness, story)())
    // Killed while events go on: some are told, some are not, nobody says which.
    const going = (async () => {
      for (let turn = 0; turn < 20; turn += 1) await story.tell('RIDE_RATED')
    })()
    await waitFor('events under way', () => mobile.of('ride').length > 20, { everyMs: 1 })
    await one.kill()
    await mobile.end()
    await going
    const back = await connect(two, story.customerId, mobile.book)
    await waitFor('the client to know all', knows(back, story))
    expect(back.book.anomalies).toEqual([])
    expect(back.book.resumed).toBe(5)
    expect(back.book.resyncs).toBe(0)
    expect(back.book.seqs).toEqual(story.seqs)
    await waitFor('the witness to know all', knows(witness, story))
    expect(witness.book.anomalies).toEqual([])
    expect(await two.stop()).toBe(0)
    expect(await witness.end()).toMatchObject({ code: 1001 })
  })

  test('a process that was started afresh remembers what happened just before', async () => {
    const story = new Story(3)
    const first = await startIngressChild({ environment })
    const mobile = await connect(first, story.customerId)
    await mobile.frame('snapshot')
    await story.tell('RIDE_REQUESTED')
    await waitFor('the client to know', knows(mobile, story))
    await first.kill()
    await story.tell('RIDE_RATED', {}, 5)
    const second = await startIngressChild({ environment })
    const back = await connect(second, story.customerId, mobile.book)
    await waitFor('the client to know all', knows(back, story))
    expect([back.book.anomalies, back.book.resyncs]).toEqual([[], 0])
    expect(back.of('ride')).toHaveLength(15)
    expect(await second.stop()).toBe(0)
  })
})

test('a client that stops reading costs bounded memory, and ends up with the truth', async () => {
  const small = { ...environment, PUSH_BUFFER_BYTES: '16384', PUSH_RING_BYTES: '500000' }
  const ingress = await startIngressChild({ environment: small })
  const story = new Story(4)
  const mobile = await connect(ingress, story.customerId)
  await mobile.frame('snapshot')
  await story.tell('RIDE_REQUESTED')
  await waitFor('the client to know', knows(mobile, story))
  mobile.socket.pause()
  const before = await ingress.metric('process_resident_memory_bytes')
  // 20 MB of frames: far more than the kernel and our buffer hold.
  for (let turn = 0; turn < 60; turn += 1) await story.tell('RIDE_RATED', {}, 90)
  await waitFor(
    'the client to block',
    async () => (await ingress.metric('hail_push_blocked_total')) > 0
  )
  await waitFor(
    'the log to be read',
    async () => (await ingress.metric('hail_push_lag_records')) === 0
  )
  const grown = (await ingress.metric('process_resident_memory_bytes')) - before
  expect(grown).toBeLessThan(120_000_000)
  expect(await ingress.metric('hail_push_ring')).toBeLessThan(1_000_000)
  mobile.socket.resume()
  await waitFor('the client to know the last', knows(mobile, story))
  expect(mobile.book.anomalies).toEqual([])
  expect(mobile.book.resyncs).toBeGreaterThan(0)
  await story.tell('RIDE_RATED')
  await waitFor('the client to know more', knows(mobile, story))
  expect(await ingress.stop()).toBe(0)
})

test('a client that stays slow is closed, and one whose token ends too', async () => {
  const impatient = { ...environment, PUSH_BUFFER_BYTES: '4096', PUSH_SLOW_MAX: '2s' }
  const ingress = await startIngressChild({ environment: impatient })
  const story = new Story(4)
  const mobile = await connect(ingress, story.customerId)
  await mobile.frame('snapshot')
  mobile.socket.pause()
  for (let turn = 0; turn < 60; turn += 1) await story.tell('RIDE_RATED', {}, 90)
  await waitFor(
    'the client to be given up',
    async () => (await ingress.metric('hail_push_closes_total')) > 0
  )
  mobile.socket.resume()
  expect((await mobile.end()).code).toBe(1013)
  expect(await ingress.stop()).toBe(0)
})
