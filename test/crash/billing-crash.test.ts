/**
 * @module SIGKILL of the application's own streams process at some named points (`CRASH_AT`). Every
 * billing task is sent twice; each must end in exactly one bill. All points are in `make crash`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BillingTask,
  type Codec,
  createRegistryClient,
  loadCodec,
  topics
} from '../../avro/index.ts'
import { silentLogger, systemClock } from '../../core/index.ts'
import {
  createKafka,
  type Fetcher,
  type Kafka,
  type KafkaAdmin,
  partitionForKey
} from '../../core/kafka/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import { prepare } from '../../ops/cli/prepare.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { stackEnvironment } from '../../ops/stack/index.ts'
import { createRedisState, type FailpointName } from '../../streams/runtime/index.ts'
import { decodeAll, endsOf, readFrom } from '../support/committed-records.ts'
import { type Child, startStreams } from '../support/streams-child.ts'
import { waitFor } from '../support/wait-for.ts'

const group = 'hs-billing-bills'
const ridesPerCase = 30

let environment: Record<string, string>
let kafka: Kafka
let admin: KafkaAdmin
let fetcher: Fetcher
let redis: Redis
let codec: Codec
let stop: () => Promise<void>

beforeAll(async () => {
  const stack = await stackForTests()
  stop = stack.stop
  environment = { ...stackEnvironment(stack.addresses), SERVICES: 'billing', LOG_LEVEL: 'warn' }
  await prepare(environment, () => undefined)
  kafka = createKafka({
    brokers: stack.addresses.kafka.split(','),
    clientId: 'crash-test',
    logger: silentLogger,
    clock: systemClock
  })
  admin = await kafka.admin()
  fetcher = await kafka.fetcher()
  redis = createRedis({ url: stack.addresses.redis, logger: silentLogger, name: 'crash-test' })
  codec = await loadCodec({
    registry: createRegistryClient({
      url: stack.addresses.registry,
      timeoutMs: 5_000,
      logger: silentLogger
    })
  })
  await caughtUp(startStreams(environment))
}, 180_000)

afterAll(async () => {
  await kafka?.close()
  await redis?.close()
  await stop?.()
})

describe('a streams process killed at', () => {
  const points: readonly { at: FailpointName; wipesStore?: true }[] = [
    { at: 'txn.after-offsets' },
    { at: 'store.mid-apply' },
    { at: 'restore.mid', wipesStore: true }
  ]
  for (const { at, wipesStore } of points) {
    test(`${at} leaves exactly one bill for each ride`, async () => {
      const from = await endsOf(admin, 'bills')
      const rides = await sendTasksTwice(at)
      if (wipesStore) await wipeBills()
      const victim = startStreams({ ...environment, CRASH_AT: `${at}:1` })
      expect(await victim.ended, victim.output()).toBe('SIGKILL')
      await removeDead()
      await caughtUp(startStreams(environment), rides)
      const bills = decodeAll(codec, 'bills', await readFrom({ admin, fetcher }, 'bills', from))
      const mine = bills.filter(({ rideId }) => rides.has(rideId)).map(({ billId }) => billId)
      expect(mine.toSorted()).toEqual([...rides].map((rideId) => `${rideId}:TRIP`).toSorted())
    })
  }
})

/** Two copies of each task, in two rounds, so that copies are far apart. */
async function sendTasksTwice(at: string): Promise<Set<string>> {
  const run = systemClock.randomBytes(6).toString('hex')
  const rides = new Set(Array.from({ length: ridesPerCase }, (_, i) => `${at}-${run}-${i}`))
  const producer = await kafka.producer()
  for (let round = 0; round < 2; round += 1) {
    await producer.send(
      [...rides].map((rideId) => ({
        topic: 'billing_tasks',
        partition: partitionForKey(rideId, topics.billing_tasks.partitions),
        key: rideId,
        value: codec.encode('BillingTask', aTask(rideId))
      }))
    )
  }
  await producer.close()
  return rides
}

/** Lets the process work until nothing is left to read and the rides' bills are stored, then stops it. */
async function caughtUp(child: Child, rides: ReadonlySet<string> = new Set()): Promise<void> {
  try {
    await waitFor('the bills to be stored', async () => (await storedBills(rides)) === rides.size)
    await waitFor('the billing group to reach the end of its topic', async () => {
      if (child.process.exitCode !== null) throw new Error(`streams ended:\n${child.output()}`)
      const ends = await admin.endOffsets('billing_tasks')
      const committed = await admin.committed(group, ['billing_tasks'])
      return [...ends].every(
        ([partition, { high }]) =>
          high === 0n || (committed.get(`billing_tasks:${partition}`)?.offset ?? -1n) >= high
      )
    })
  } finally {
    await child.stop()
  }
}

/** What the supervisor does: takes the dead out of the group, so that nobody waits for its session. */
async function removeDead(): Promise<void> {
  for (const { memberId } of await admin.groupMembers(group))
    await kafka.removeMember(group, memberId)
}

async function wipeBills(): Promise<void> {
  const state = createRedisState(redis)
  for (let partition = 0; partition < topics.billing_tasks.partitions; partition += 1) {
    await state.clear(`billing-bills-${partition}`, 'bills')
  }
}

async function storedBills(rides: ReadonlySet<string>): Promise<number> {
  const state = createRedisState(redis)
  let found = 0
  for (let partition = 0; partition < topics.billing_tasks.partitions; partition += 1) {
    const keys = [...rides].map((rideId) => `${rideId}:TRIP`)
    const [result] = await state.read(`billing-bills-${partition}`, [
      { store: 'bills', segmented: false, keys }
    ])
    found += result?.values.filter((value) => value !== null).length ?? 0
  }
  return found
}

function aTask(rideId: string): BillingTask {
  const at = systemClock.now()
  return {
    taskId: `${rideId}:TRIP`,
    rideId,
    kind: 'TRIP',
    customerId: 'c-crash',
    driverId: 'd-crash',
    fare: {
      currency: 'USD',
      baseMinor: 255,
      distanceMinor: 500,
      timeMinor: 300,
      surgeMinor: 0,
      bookingMinor: 275,
      minimumTopUpMinor: 0,
      totalMinor: 1_330,
      distanceMeters: 4_600,
      durationSeconds: 515,
      surgePercent: 100
    },
    feeMinor: null,
    requestedAt: at - 900_000,
    startedAt: at - 600_000,
    endedAt: at,
    reason: null
  }
}
