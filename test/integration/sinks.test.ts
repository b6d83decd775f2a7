/**
 * @module The sinks from a real Kafka to a real MongoDB, which is taken away and brought back.
 */

import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  createLocalCodec,
  deadLetterHeaders,
  type RecordName,
  type Records
} from '../../avro/index.ts'
import { createMetrics, type Metrics, silentLogger, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka, type KafkaAdmin, type OutRecord } from '../../core/kafka/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { catalogue } from '../../sinks/index.ts'
import { connectDatabase, type Database, RideModel } from '../../sinks/models/index.ts'
import {
  type Connector,
  ConnectorRunner,
  createFoldWriter,
  createMongoCollection,
  createNewestWriter
} from '../../sinks/runtime/index.ts'
import { createFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import {
  aBill,
  aDriverLocation,
  aRideEvent,
  aRidePosition,
  aUserEvent,
  noonMs
} from '../support/records.ts'
import { waitFor } from '../support/wait-for.ts'

const run = randomUUID().slice(0, 8)
const nowMs = systemClock.now()
const codec = createLocalCodec()
const topics: string[] = []
const groups: string[] = []
const runners: ConnectorRunner[] = []
let kafka: Kafka
let admin: KafkaAdmin
let proxy: FaultProxy
let database: Database
let send: (records: readonly OutRecord[]) => Promise<void>

beforeAll(async () => {
  const { addresses } = await stackForTests()
  const brokers = addresses.kafka.split(',')
  kafka = createKafka({
    brokers,
    clientId: `sinks-${run}`,
    logger: silentLogger,
    clock: systemClock
  })
  admin = await kafka.admin()
  const producer = await kafka.producer()
  send = (records) => producer.send(records)
  const mongo = new URL(addresses.mongo)
  proxy = await createFaultProxy({ host: mongo.hostname, port: Number(mongo.port || 27_017) })
  const url = `mongodb://127.0.0.1:${proxy.port}/sinks_test_${run}?directConnection=true`
  database = await connectDatabase({ url, logger: silentLogger, clock: systemClock })
  await database.ensureIndexes()
})

afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()))
  runners.length = 0
})

afterAll(async () => {
  for (const group of groups) await admin.deleteGroup(group).catch(() => undefined)
  await admin.deleteTopics(topics)
  await database.connection.dropDatabase()
  await database.close()
  await proxy.close()
  await kafka.close()
})

type Bench = {
  readonly topic: string
  readonly metrics: Metrics
  runner(options?: { group?: string }): ConnectorRunner
  count(result: string): Promise<number>
  deadLetters(): Promise<OutRecord[]>
}

/** A connector of the catalogue on a topic of its own. */
async function aBench(name: string, partitions = 2): Promise<Bench> {
  const found = catalogue.find(({ connector }) => connector.name === name)
  if (found === undefined) throw new Error(`no connector is named ${name}`)
  const topic = `sinks-${run}-${name}-${topics.length}`
  topics.push(topic, `${topic}.dlq`)
  const base = { replicationFactor: 1, config: {} }
  await admin.ensureTopics([
    { ...base, name: topic, partitions },
    { ...base, name: `${topic}.dlq`, partitions: 3 }
  ])
  const connector: Connector = { ...found.connector, topics: [topic], lingerMs: 20 }
  const metrics = createMetrics()
  const bench: Bench = {
    topic,
    metrics,
    runner: ({ group = `${topic}-` } = {}) => {
      groups.push(`${group}${name}`)
      const collection = createMongoCollection(database, found.model)
      const writer =
        connector.mode === 'newest'
          ? createNewestWriter({ collection, versionField: connector.versionField, keysMax: 1_000 })
          : createFoldWriter({ collection, documentsMax: 1_000 })
      const runner = new ConnectorRunner({
        connector,
        writer,
        kafka,
        codec,
        metrics,
        clock: systemClock,
        logger: silentLogger,
        sendDeadLetters: send,
        settings: {
          groupPrefix: group,
          batch: { recordsMax: 500, fetchBytesMax: 1 << 20 },
          group: {
            sessionTimeoutMs: 6_000,
            heartbeatMs: 500,
            rebalanceTimeoutMs: 5_000,
            commitIntervalMs: 0
          },
          retry: { firstMs: 50, maxMs: 500 },
          deadLetters: { windowRecords: 100, ratioMax: 0.2 }
        }
      })
      runners.push(runner)
      return runner
    },
    count: async (result) => {
      const line = new RegExp(`hail_sink_records_total\\{[^}]*result="${result}"\\} (\\d+)`)
      return Number(line.exec(await metrics.render())?.[1] ?? 0)
    },
    deadLetters: () => readAll(`${topic}.dlq`)
  }
  return bench
}

async function readAll(topic: string): Promise<OutRecord[]> {
  const fetcher = await kafka.fetcher()
  const all: OutRecord[] = []
  for (const [partition, { logStart, high }] of await admin.endOffsets(topic)) {
    for (let offset = logStart; offset < high; ) {
      const [part] = await fetcher.fetch([{ topic, partition, offset }], {
        maxWaitMs: 100,
        maxBytes: 1 << 20,
        maxBytesPerPartition: 1 << 20,
        isolation: 'committed'
      })
      if (part === undefined || part.error !== null) throw new Error(`cannot read ${topic}`)
      all.push(...part.records)
      offset = part.offsetNext
    }
  }
  await fetcher.close()
  return all
}

function record<R extends RecordName>(
  topic: string,
  name: R,
  { key, value, partition = 0 }: { key: string; value: Records[R]; partition?: number }
): OutRecord {
  return { topic, partition, key, value: codec.encode(name, value), timestampMs: nowMs }
}

const rideRecord = (topic: string, rideId: string, seq: number, partition = 0): OutRecord =>
  record(topic, 'RideEvent', {
    key: rideId,
    value: aRideEvent({ seq, ride: { rideId, riderRating: seq } }),
    partition
  })

async function committedAt(bench: Bench, name: string): Promise<bigint[]> {
  const committed = await admin.committed(`${bench.topic}-${name}`, [bench.topic])
  return [...committed.values()].map(({ offset }) => offset)
}

async function documentsOf(name: string): Promise<unknown[]> {
  const documents = await database.connection.collection(name).find({}).toArray()
  return documents.sort((a, b) => (String(a._id) < String(b._id) ? -1 : 1))
}

describe('whole documents', () => {
  test('keep the newest version, whatever the order and the batch', async () => {
    const bench = await aBench('rides')
    await send([
      rideRecord(bench.topic, 'a', 1),
      rideRecord(bench.topic, 'a', 3),
      rideRecord(bench.topic, 'a', 2),
      rideRecord(bench.topic, 'b', 1, 1)
    ])
    const runner = bench.runner()
    runner.start()
    await waitFor('four records', async () => (await bench.count('written')) === 4)
    await send([rideRecord(bench.topic, 'a', 2), rideRecord(bench.topic, 'b', 2, 1)])
    await waitFor('one stale record', async () => (await bench.count('stale')) === 1)
    await waitFor('one more record', async () => (await bench.count('written')) === 5)
    const rides = await RideModel.find({ _id: { $in: ['a', 'b'] } })
      .sort({ _id: 1 })
      .lean()
    expect(rides.map(({ _id, seq, riderRating }) => [_id, seq, riderRating])).toEqual([
      ['a', 3, 3],
      ['b', 2, 2]
    ])
    await runner.stop()
    expect(await committedAt(bench, 'rides')).toEqual([4n, 2n])
    expect(runner.status()).toMatchObject({ state: 'stopped', lagRecords: 0, error: null })
  })

  test('are the same after the whole topic is read again', async () => {
    const bench = await aBench('rides')
    const ids = Array.from({ length: 300 }, (_, index) => `replay-${index}`)
    const records = [1, 2, 3].flatMap((seq) =>
      ids.map((id, index) => rideRecord(bench.topic, id, seq, index % 2))
    )
    await send(records)
    const first = bench.runner()
    first.start()
    await waitFor('all records', async () => (await bench.count('written')) === records.length)
    await first.stop()
    const before = await documentsOf('rides')
    bench.runner({ group: `${bench.topic}-again-` }).start()
    await waitFor('all to be stale', async () => (await bench.count('stale')) === records.length)
    expect(await documentsOf('rides')).toEqual(before)
  })

  test('keep the first holder of a value that must be unique, and say so', async () => {
    const bench = await aBench('customers')
    const event = (userId: string, email: string) =>
      record(bench.topic, 'UserEvent', { key: userId, value: aUserEvent({ userId, email }) })
    await send([event('c-first', 'same@example.com')])
    bench.runner().start()
    await waitFor('the first', async () => (await bench.count('written')) === 1)
    await send([event('c-second', 'same@example.com'), event('c-third', 'other@example.com')])
    await waitFor('the third', async () => (await bench.count('written')) === 2)
    expect(await bench.count('conflict')).toBe(1)
    const customers = (await documentsOf('customers')) as { _id: string }[]
    expect(customers.map(({ _id }) => _id)).toEqual(['c-first', 'c-third'])
    expect(await bench.deadLetters()).toEqual([])
  })
})

describe('folded documents', () => {
  test('count each record once, although it is read twice in other batches', async () => {
    const bench = await aBench('driver-minutes', 1)
    const ping = (second: number) =>
      record(bench.topic, 'DriverLocation', {
        key: 'd-fold',
        value: aDriverLocation({
          driverId: 'd-fold',
          deviceTime: noonMs + second * 1_000,
          receivedAt: noonMs + second * 1_000
        })
      })
    await send([0, 10, 20].map(ping))
    const first = bench.runner()
    first.start()
    await waitFor('three pings', async () => (await bench.count('written')) === 3)
    await first.stop()
    await send([30, 40, 70].map(ping))
    bench.runner({ group: `${bench.topic}-again-` }).start()
    await waitFor('six pings', async () => (await bench.count('written')) === 6)
    expect(await bench.count('stale')).toBe(3)
    const minutes = (await documentsOf('driver_minutes')) as { count: number; last: unknown }[]
    expect(minutes.map(({ count }) => count)).toEqual([5, 1])
    expect(minutes[0]?.last).toMatchObject({ at: new Date(noonMs + 40_000) })
  })

  test('survive a second member that writes the same documents', async () => {
    const bench = await aBench('hourly-revenue', 1)
    const bills = Array.from({ length: 400 }, (_, index) =>
      record(bench.topic, 'Bill', { key: `r-${index}`, value: aBill({ billId: `b-${index}` }) })
    )
    bench.runner().start()
    bench.runner({ group: `${bench.topic}-rival-` }).start()
    for (let from = 0; from < bills.length; from += 40) await send(bills.slice(from, from + 40))
    await waitFor('both to have read all', async () => {
      const [written, stale] = [await bench.count('written'), await bench.count('stale')]
      return written + stale === 2 * bills.length
    })
    const [rollup] = (await documentsOf('hourly_rollups')) as { revenue: unknown }[]
    expect(rollup?.revenue).toMatchObject({ billCount: 400, totalMinor: 400 * 3_625 })
  })

  test('hold the points of a track in order', async () => {
    const bench = await aBench('ride-tracks', 1)
    const seconds = [0, 4, 2, 4, 61]
    await send(
      seconds.map((second) =>
        record(bench.topic, 'RidePosition', {
          key: 'track',
          value: aRidePosition({ rideId: 'track', deviceTime: noonMs + second * 1_000 })
        })
      )
    )
    bench.runner().start()
    await waitFor('five positions', async () => (await bench.count('written')) === 5)
    const tracks = (await documentsOf('ride_tracks')) as { points: { at: Date }[] }[]
    expect(tracks.map(({ points }) => points.map(({ at }) => at.getTime() - noonMs))).toEqual([
      [0, 2_000, 4_000],
      [61_000]
    ])
  })
})

describe('trouble', () => {
  test('sends exactly the bad record to the dead-letter topic', async () => {
    const bench = await aBench('rides')
    const good = Array.from({ length: 200 }, (_, index) =>
      rideRecord(bench.topic, `dlq-${index}`, 1, index % 2)
    )
    const bad: OutRecord = {
      topic: bench.topic,
      partition: 0,
      key: 'broken',
      value: Buffer.from([0, 0, 0, 0, 1, 255]),
      headers: { 'correlation-id': 'c-9' },
      timestampMs: nowMs
    }
    await send([...good.slice(0, 100), bad, ...good.slice(100)])
    const runner = bench.runner()
    runner.start()
    await waitFor('the good ones', async () => (await bench.count('written')) === 200)
    await waitFor('the bad one', async () => (await bench.count('dead_letter')) === 1)
    await runner.stop()
    const letters = await bench.deadLetters()
    expect(letters).toHaveLength(1)
    expect(letters[0]?.value).toEqual(bad.value)
    expect(letters[0]?.headers).toMatchObject({
      'correlation-id': 'c-9',
      [deadLetterHeaders.topic]: bench.topic,
      [deadLetterHeaders.partition]: '0',
      [deadLetterHeaders.offset]: '50',
      [deadLetterHeaders.connector]: 'rides',
      [deadLetterHeaders.code]: 'HAIL_DECODE'
    })
  })

  test('stops instead of dead-lettering a whole topic', async () => {
    const bench = await aBench('bills', 1)
    const junk = Array.from({ length: 60 }, (_, index) => ({
      topic: bench.topic,
      partition: 0,
      key: `junk-${index}`,
      value: Buffer.from('junk'),
      timestampMs: nowMs
    }))
    await send(junk)
    const runner = bench.runner()
    runner.start()
    await waitFor('the connector to stop', () => runner.status().state === 'failed')
    expect(runner.status().error).toContain('HAIL_DLQ_RATIO')
    expect(await bench.deadLetters()).toEqual([])
  })

  test.each(['cut', 'stall'] as const)(
    'waits while MongoDB is away (%s), dead-letters nothing and goes on',
    async (fault) => {
      const bench = await aBench('rides')
      const ids = (phase: string) => Array.from({ length: 50 }, (_, n) => `${fault}-${phase}-${n}`)
      await send(ids('before').map((id, n) => rideRecord(bench.topic, id, 1, n % 2)))
      const runner = bench.runner()
      runner.start()
      await waitFor('records before', async () => (await bench.count('written')) === 50)
      proxy[fault]()
      await send(ids('during').map((id, n) => rideRecord(bench.topic, id, 1, n % 2)))
      if (fault === 'cut') {
        await waitFor('retries', () => runner.status().state === 'retrying')
      }
      proxy.heal()
      await waitFor('records of the outage', async () => (await bench.count('written')) === 100)
      await send(ids('after').map((id, n) => rideRecord(bench.topic, id, 1, n % 2)))
      await waitFor('records after', async () => (await bench.count('written')) === 150)
      expect(runner.status().state).toBe('running')
      expect(await bench.deadLetters()).toEqual([])
      const stored = await RideModel.countDocuments({ _id: new RegExp(`^${fault}-`) })
      expect(stored).toBe(150)
    }
  )

  test('leaves at once while MongoDB is away, and its successor writes the rest', async () => {
    const bench = await aBench('rides')
    const runner = bench.runner()
    runner.start()
    await waitFor('the partitions', () => runner.status().partitions.length === 2)
    proxy.cut()
    await send(Array.from({ length: 20 }, (_, n) => rideRecord(bench.topic, `left-${n}`, 1, n % 2)))
    await waitFor('retries', () => runner.status().state === 'retrying')
    await runner.stop()
    proxy.heal()
    await waitFor('MongoDB', () => database.isConnected())
    bench.runner().start()
    await waitFor('all records', async () => (await bench.count('written')) === 20)
    expect(await bench.deadLetters()).toEqual([])
  })

  test('shares its partitions with a second member and loses nothing when one leaves', async () => {
    const bench = await aBench('rides', 4)
    const [one, two] = [bench.runner(), bench.runner()]
    one.start()
    await waitFor('all partitions', () => one.status().partitions.length === 4)
    two.start()
    const rounds = Array.from({ length: 30 }, (_, round) => round)
    const records = rounds.map((round) =>
      Array.from({ length: 20 }, (_, n) => rideRecord(bench.topic, `shared-${n}`, round + 1, n % 4))
    )
    for (const part of records.slice(0, 15)) await send(part)
    await waitFor('halves', () => two.status().partitions.length === 2)
    for (const part of records.slice(15, 25)) await send(part)
    await one.stop()
    for (const part of records.slice(25)) await send(part)
    await waitFor('all versions', async () => {
      const stored = await RideModel.find({ _id: /^shared-/ }).lean()
      return stored.length === 20 && stored.every(({ seq }) => seq === rounds.length)
    })
    await waitFor('all partitions', () => two.status().partitions.length === 4)
  })
})

test('the connection is the one the models use', () => {
  expect(mongoose.connection).toBe(database.connection)
})
