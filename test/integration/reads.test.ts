/** @module Reads of history on real servers: pages along their indexes, and what processes share in Redis. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics, silentLogger, systemClock } from '../../core/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import {
  createReadCache,
  createSharedCache,
  createSourceGate,
  isOutage
} from '../../ingress/cache/index.ts'
import {
  createCachedHistory,
  createMongoHistory,
  type PageQuery
} from '../../ingress/read/index.ts'
import { aBill, aRide } from '../../ingress/testing/builders.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import {
  BillModel,
  connectDatabase,
  type Database,
  type RideDocument,
  RideModel
} from '../../sinks/models/index.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'

const run = randomUUID().slice(0, 8)
let proxy: FaultProxy
let database: Database
let redis: Redis

const rideDocument = (n: number, customerId: string): RideDocument => {
  const requestedAt = 1_700_000_000_000 + Math.floor(n / 3)
  const { rideId, ...ride } = aRide({
    rideId: `ride-${run}-${String(n).padStart(5, '0')}`,
    customerId,
    driverId: `d-${n % 7}`,
    status: 'COMPLETED',
    requestedAt,
    endedAt: requestedAt + 1_000
  })
  const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
  return {
    ...ride,
    _id: rideId,
    requestedAt: new Date(requestedAt),
    waitUntil: new Date(ride.waitUntil),
    matchedAt: date(ride.matchedAt),
    acceptedAt: date(ride.acceptedAt),
    arrivedAt: date(ride.arrivedAt),
    startedAt: date(ride.startedAt),
    endedAt: date(ride.endedAt),
    lastEvent: 'RIDE_COMPLETED',
    createdAt: new Date(requestedAt),
    updatedAt: new Date(requestedAt)
  }
}

beforeAll(async () => {
  const { addresses } = await stackForTests()
  const mongo = new URL(addresses.mongo)
  proxy = await createFaultProxy({ host: mongo.hostname, port: Number(mongo.port || 27_017) })
  database = await connectDatabase({
    url: `mongodb://127.0.0.1:${proxy.port}/reads_${run}?directConnection=true`,
    logger: silentLogger,
    clock: systemClock
  })
  await database.ensureIndexes()
  redis = createRedis({ url: addresses.redis, logger: silentLogger, name: `reads-${run}` })
  const rides = Array.from({ length: 3_000 }, (_, n) => rideDocument(n, `c-${n % 30}`))
  await RideModel.collection.insertMany(rides as never[])
  const bills = Array.from({ length: 300 }, (_, n) => {
    const { billId, issuedAt, ...bill } = aBill({
      billId: `bill-${run}-${n}`,
      customerId: `c-${n % 30}`,
      issuedAt: 1_700_000_000_000 + Math.floor(n / 3)
    })
    return { ...bill, _id: billId, issuedAt: new Date(issuedAt) }
  })
  await BillModel.collection.insertMany(bills as never[])
})

afterAll(async () => {
  await database?.connection.dropDatabase()
  await database?.close()
  await proxy?.close()
  await redis?.close()
})

/** What a process of the ingress has before MongoDB. */
const aProcess = () => {
  const metrics = createMetrics()
  const clock = systemClock
  const cache = createReadCache({
    clock,
    metrics,
    bytesMax: 1_000_000,
    joinMsMax: 1_000,
    isOutage,
    shared: createSharedCache({
      store: redis,
      clock,
      metrics,
      deadlineMs: 1_000,
      valueBytesMax: 65_536,
      bytesMax: 1_000_000
    })
  })
  const gate = createSourceGate({
    source: 'mongo',
    clock,
    metrics,
    readsMax: 64,
    deadlineMs: 1_000
  })
  const source = createMongoHistory()
  const counted = { reads: 0 }
  const history = createCachedHistory({
    history: {
      ...source,
      bills: {
        ...source.bills,
        byId: (billId) => {
          counted.reads += 1
          return source.bills.byId(billId)
        }
      }
    },
    cache,
    gate,
    clock,
    times: { freshMs: 1, settledMs: 3_600_000, staleMs: 600_000 }
  })
  return { history, counted }
}

const walk = async (filter: Partial<PageQuery>, limit: number): Promise<string[]> => {
  const history = createMongoHistory()
  const seen: string[] = []
  let after: PageQuery['after'] = null
  for (;;) {
    const page = await history.rides.page({ ...filter, after, limit })
    seen.push(...page.map(({ rideId }) => rideId))
    const last = page.at(-1)
    if (page.length < limit || last === undefined) return seen
    after = { at: last.requestedAt, id: last.rideId }
  }
}

describe('pages of history', () => {
  test('hold every entry once, in order, also where many have the same time', async () => {
    const seen = await walk({ customerId: 'c-7' }, 7)
    const expected = Array.from({ length: 100 }, (_, n) => n * 30 + 7)
      .map((n) => `ride-${run}-${String(n).padStart(5, '0')}`)
      .reverse()
    expect(seen).toEqual(expected)
    expect(new Set(await walk({}, 100)).size).toBe(3_000)
  })

  test.each<[string, object, object]>([
    ['customer_newest', { customerId: 'c-7' }, RideModel],
    ['driver_newest', { driverId: 'd-3' }, RideModel],
    ['newest', {}, RideModel]
  ])('are a walk along the index %s', async (index, filter) => {
    const at = new Date(1_700_000_000_500)
    const explained = await RideModel.collection
      .find({
        ...filter,
        createdAt: { $lte: at },
        $or: [{ createdAt: { $lt: at } }, { _id: { $lt: 'ride-z' } }]
      } as never)
      .sort({ createdAt: -1, _id: -1 })
      .limit(20)
      .explain('executionStats')
    expect(JSON.stringify(explained)).toContain(index)
  })
})

describe('what processes share', () => {
  test('is read from MongoDB once, and known while MongoDB is away', async () => {
    const billId = `bill-${run}-3`
    const first = aProcess()
    const second = aProcess()
    const [bill] = await Promise.all(Array.from({ length: 100 }, () => first.history.bill(billId)))
    expect(bill?.value).toMatchObject({ billId, customerId: 'c-3', issuedAt: 1_700_000_000_001 })
    await expect.poll(async () => (await redis.get(await keyOf(billId))) !== null).toBe(true)
    proxy.cut()
    try {
      const shared = await second.history.bill(billId)
      expect(shared).toEqual(bill)
      expect([first.counted.reads, second.counted.reads]).toEqual([1, 0])
      const unknown = second.history.bill(`bill-${run}-4`)
      await expect(unknown).rejects.toMatchObject({ reaction: 'retry' })
    } finally {
      proxy.heal()
    }
    await expect
      .poll(
        () =>
          second.history.bill(`bill-${run}-4`).then(
            ({ value }) => value?.billId,
            () => null
          ),
        {
          timeout: 30_000
        }
      )
      .toBe(`bill-${run}-4`)
  })
})

/** The one key of this bill, whatever its version. */
const keyOf = async (billId: string): Promise<string> => {
  const [, keys] = await redis.client.scan(
    '0',
    'MATCH',
    `hail:reads:bill:*:${billId}`,
    'COUNT',
    100_000
  )
  return keys[0] ?? 'none'
}
