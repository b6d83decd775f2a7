/** @module core/kafka against a real broker: what only a broker can prove. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { isHailError, silentLogger, systemClock } from '../../core/index.ts'
import {
  createKafka,
  type FetchedPartition,
  type Fetcher,
  type GroupAssignment,
  type GroupMember,
  type Kafka,
  type KafkaAdmin,
  type OutRecord,
  type TransactionalProducer,
  type TransactionVersion
} from '../../core/kafka/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'

const setUpMs = 180_000
const waitMs = 20_000
/**
 * Of today: a broker puts records of another week into another segment, and deletes them by age.
 */
const nowMs = systemClock.now()

const doomedMember = new URL('./kafka-doomed-member.ts', import.meta.url).href
/** A worker doesn't inherit the loader that reads TypeScript. */
const startInWorker = `
  const { workerData } = require('node:worker_threads')
  import('tsx/esm/api').then(({ register }) => {
    register()
    return import(workerData.file)
  })`

vi.setConfig({ testTimeout: 60_000 })

let brokers: string[]
let kafka: Kafka
let admin: KafkaAdmin
let fetcher: Fetcher
const topics: string[] = []
const groups: string[] = []

beforeAll(async () => {
  const stack = await stackForTests()
  brokers = stack.addresses.kafka.split(',')
  kafka = connect()
  admin = await kafka.admin()
  fetcher = await kafka.fetcher()
}, setUpMs)

afterAll(async () => {
  for (const group of groups) await admin.deleteGroup(group).catch(() => undefined)
  if (topics.length > 0) await admin.deleteTopics(topics)
  await kafka.close()
}, setUpMs)

function connect(transactionVersionMax: TransactionVersion = 2): Kafka {
  const clientId = `kafka-test-${randomUUID().slice(0, 8)}`
  return createKafka({
    brokers,
    clientId,
    logger: silentLogger,
    clock: systemClock,
    transactionVersionMax
  })
}

async function aTopic(partitions = 1, config: Record<string, string> = {}): Promise<string> {
  const name = `kafka-test-${randomUUID()}`
  await admin.ensureTopics([{ name, partitions, replicationFactor: 1, config }])
  topics.push(name)
  return name
}

function aGroup(): string {
  const group = `kafka-test-${randomUUID()}`
  groups.push(group)
  return group
}

async function aProducer(
  transactionalId: string,
  client: Kafka = kafka
): Promise<TransactionalProducer> {
  const producer = await client.transactionalProducer(transactionalId)
  await producer.init()
  return producer
}

function aRecord(topic: string, value: string, partition = 0): OutRecord {
  return { topic, partition, key: `key-${value}`, value: Buffer.from(value), timestampMs: nowMs }
}

async function read(
  topic: string,
  options: { from?: bigint; partition?: number; isolation?: 'committed' | 'uncommitted' } = {}
): Promise<FetchedPartition> {
  const { from = 0n, partition = 0, isolation = 'committed' } = options
  const [fetched] = await fetcher.fetch([{ topic, partition, offset: from }], {
    maxWaitMs: 100,
    maxBytes: 1 << 20,
    maxBytesPerPartition: 1 << 20,
    isolation
  })
  if (fetched === undefined) throw new Error('one request has one result')
  return fetched
}

const valuesOf = ({ records }: FetchedPartition): (string | undefined)[] =>
  records.map(({ value }) => value?.toString())

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing thrown',
    (error: unknown) => (isHailError(error) ? error.code : String(error))
  )
}

describe.each([1, 2] as const)('transactions of version %d', (version) => {
  let client: Kafka

  beforeAll(() => {
    client = connect(version)
  })

  afterAll(() => client.close())

  test('keeps its epoch in version 1 and begins another with each end in version 2', async () => {
    const topic = await aTopic()
    const id = `${topic}-0`
    const producer = await aProducer(id, client)
    const epochs: number[] = []
    for (const end of ['commit', 'abort', 'commit'] as const) {
      const transaction = await producer.begin()
      await transaction.send([aRecord(topic, end)])
      const [described] = await admin.describeTransactions([id])
      epochs.push(described?.producerEpoch ?? -1)
      await transaction[end]()
    }
    expect(epochs).toEqual(version === 1 ? [0, 0, 0] : [0, 1, 2])
    await expect
      .poll(async () => valuesOf(await read(topic)), { timeout: waitMs })
      .toEqual(['commit', 'commit'])
  })

  test('delivers committed records with their headers, times and offsets', async () => {
    const topic = await aTopic()
    const producer = await aProducer(`${topic}-0`, client)
    const transaction = await producer.begin()
    const headers = { 'correlation-id': 'c-1', empty: '' }
    const appended = await transaction.send([
      { ...aRecord(topic, 'a'), headers },
      aRecord(topic, 'b'),
      { topic, partition: 0, key: null, value: null, timestampMs: nowMs + 1 }
    ])
    expect(valuesOf(await read(topic))).toEqual([])
    await transaction.commit()
    await producer.begin().then((next) => next.abort())

    const fetched = await read(topic)
    expect(appended).toEqual(new Map([[`${topic}:0`, { base: 0n, last: 2n }]]))
    expect(fetched.records.map((one) => ({ ...one, headers: one.headers }))).toEqual([
      {
        topic,
        partition: 0,
        offset: 0n,
        timestampMs: nowMs,
        key: Buffer.from('key-a'),
        value: Buffer.from('a'),
        headers
      },
      expect.objectContaining({ offset: 1n, value: Buffer.from('b'), headers: {} }),
      expect.objectContaining({ offset: 2n, timestampMs: nowMs + 1, key: null, value: null })
    ])
    expect(fetched).toMatchObject({
      error: null,
      offsetNext: 4n,
      lastStableOffset: 4n,
      logStart: 0n
    })
  })

  test('never delivers aborted records, also when two aborted transactions overlap', async () => {
    const topic = await aTopic()
    const outer = await aProducer(`${topic}-outer`, client)
    const inner = await aProducer(`${topic}-inner`, client)
    const first = await outer.begin()
    await first.send([aRecord(topic, 'outer-1')])
    const second = await inner.begin()
    await second.send([aRecord(topic, 'inner-1')])
    await second.abort()
    await first.send([aRecord(topic, 'outer-2')])
    await first.abort()
    const last = await outer.begin()
    await last.send([aRecord(topic, 'committed')])
    await last.commit()
    await expect
      .poll(async () => valuesOf(await read(topic)), { timeout: waitMs })
      .toEqual(['committed'])
    const all = await read(topic, { isolation: 'uncommitted' })
    expect(valuesOf(all)).toEqual(['outer-1', 'inner-1', 'outer-2', 'committed'])
    expect(all.offsetNext).toBe(7n)
  })

  test('fences the predecessor, aborts its open transaction and poisons its producer', async () => {
    const topic = await aTopic()
    const old = await aProducer(`${topic}-0`, client)
    const open = await old.begin()
    await open.send([aRecord(topic, 'from the old owner')])
    const successor = await aProducer(`${topic}-0`, client)

    expect(await codeOf(open.commit())).toBe('HAIL_FENCED')
    expect(await codeOf(open.send([aRecord(topic, 'again')]))).toBe('HAIL_FENCED')
    expect(await codeOf(old.begin())).toBe('HAIL_FENCED')
    const transaction = await successor.begin()
    await transaction.send([aRecord(topic, 'from the new owner')])
    await transaction.commit()
    await expect
      .poll(async () => valuesOf(await read(topic)), { timeout: waitMs })
      .toEqual(['from the new owner'])
  })

  test('carries offsets and their metadata, also in transactions of offsets only, back to back', async () => {
    const topic = await aTopic(2)
    const group = aGroup()
    const producer = await aProducer(`${topic}-0`, client)
    for (let round = 1n; round <= 10n; round += 1n) {
      const transaction = await producer.begin()
      const metadata = JSON.stringify({ store: String(round) })
      await transaction.sendOffsets({
        groupId: group,
        offsets: [{ topic, partition: 1, offset: round, metadata }]
      })
      await transaction.commit()
    }
    await producer.close()
    // Waits for the markers of the last transaction.
    await aProducer(`${topic}-0`, client)
    expect(await admin.committed(group, [topic])).toEqual(
      new Map([
        [`${topic}:0`, { offset: -1n, metadata: '' }],
        [`${topic}:1`, { offset: 10n, metadata: '{"store":"10"}' }]
      ])
    )
  })

  test('drops the offsets of an aborted transaction', async () => {
    const topic = await aTopic()
    const group = aGroup()
    const producer = await aProducer(`${topic}-0`, client)
    const transaction = await producer.begin()
    await transaction.sendOffsets({
      groupId: group,
      offsets: [{ topic, partition: 0, offset: 5n, metadata: 'm' }]
    })
    await transaction.abort()
    await aProducer(`${topic}-0`, client)
    const committed = await admin.committed(group, [topic])
    expect(committed.get(`${topic}:0`)).toEqual({ offset: -1n, metadata: '' })
  })

  test('sends more than one request holds, in order, and says where the records are', async () => {
    const topic = await aTopic(2)
    const producer = await aProducer(`${topic}-0`, client)
    const records = Array.from({ length: 5_001 }, (_, index) =>
      aRecord(topic, String(index), index % 2)
    )
    const transaction = await producer.begin()
    const appended = await transaction.send(records)
    await transaction.commit()
    expect(appended).toEqual(
      new Map([
        [`${topic}:0`, { base: 0n, last: 2_500n }],
        [`${topic}:1`, { base: 0n, last: 2_499n }]
      ])
    )
    const values: (string | undefined)[] = []
    await expect
      .poll(
        async () => {
          const fetched = await read(topic, { from: BigInt(values.length) })
          values.push(...valuesOf(fetched))
          return values.length
        },
        { timeout: waitMs }
      )
      .toBe(2_501)
    expect(values).toEqual(Array.from({ length: 2_501 }, (_, index) => String(index * 2)))
  })
})

describe('fetcher', () => {
  test('reads several partitions of several topics in one request', async () => {
    const [one, two] = [await aTopic(3), await aTopic(1)]
    const producer = await kafka.producer()
    await producer.send([
      aRecord(one, 'one-0', 0),
      aRecord(one, 'one-2', 2),
      aRecord(two, 'two-0', 0)
    ])
    const places = [
      { topic: one, partition: 0, offset: 0n },
      { topic: one, partition: 1, offset: 0n },
      { topic: one, partition: 2, offset: 0n },
      { topic: two, partition: 0, offset: 0n }
    ]
    const fetched = await fetcher.fetch(places, {
      maxWaitMs: 1_000,
      maxBytes: 1 << 20,
      maxBytesPerPartition: 1 << 20,
      isolation: 'committed'
    })
    expect(fetched.map(({ topic, partition }) => ({ topic, partition, offset: 0n }))).toEqual(
      places
    )
    expect(fetched.map(valuesOf)).toEqual([['one-0'], [], ['one-2'], ['two-0']])
  })

  test('gets a batch through that is larger than the limits, whatever its place in the request', async () => {
    const topic = await aTopic(2)
    const producer = await kafka.producer()
    const large = 'x'.repeat(300_000)
    await producer.send([aRecord(topic, large, 0), aRecord(topic, large, 1)])
    const seen = new Set<number>()
    for (let call = 0; call < 4; call += 1) {
      const fetched = await fetcher.fetch(
        [0, 1].map((partition) => ({ topic, partition, offset: 0n })),
        { maxWaitMs: 100, maxBytes: 1_000, maxBytesPerPartition: 1_000, isolation: 'committed' }
      )
      for (const { partition, records } of fetched) if (records.length > 0) seen.add(partition)
    }
    expect(seen).toEqual(new Set([0, 1]))
  })

  test('reports an offset outside the log and a topic that does not exist for those partitions alone', async () => {
    const topic = await aTopic()
    const producer = await kafka.producer()
    await producer.send([aRecord(topic, 'a'), aRecord(topic, 'b'), aRecord(topic, 'c')])
    await admin.deleteRecords(topic, new Map([[0, 2n]]))
    const before = await read(topic, { from: 1n })
    const beyond = await read(topic, { from: 99n })
    const missing = await read(`missing-${topic}`)
    expect([before, beyond, missing].map(({ error }) => error)).toEqual([
      'OFFSET_OUT_OF_RANGE',
      'OFFSET_OUT_OF_RANGE',
      'NOT_LEADER'
    ])
    expect(valuesOf(await read(topic, { from: 2n }))).toEqual(['c'])
    expect(await admin.endOffsets(topic)).toEqual(
      new Map([[0, { logStart: 2n, stable: 3n, high: 3n }]])
    )
  })
})

describe('admin', () => {
  test('creates topics once, reports other settings and refuses another partition count', async () => {
    const name = `kafka-test-${randomUUID()}`
    topics.push(name)
    const definition = {
      name,
      partitions: 2,
      replicationFactor: 1,
      config: { 'retention.ms': '1000' }
    }
    expect(await admin.ensureTopics([definition])).toEqual({ created: [name], differing: [] })
    expect(await admin.ensureTopics([definition])).toEqual({ created: [], differing: [] })
    expect(await admin.ensureTopics([{ ...definition, config: { 'retention.ms': '5' } }])).toEqual({
      created: [],
      differing: [{ topic: name, setting: 'retention.ms', expected: '5', actual: '1000' }]
    })
    expect(await codeOf(admin.ensureTopics([{ ...definition, partitions: 3 }]))).toBe(
      'HAIL_TOPOLOGY'
    )
    expect(await admin.partitionCount(name)).toBe(2)
    expect(await codeOf(admin.partitionCount(`missing-${name}`))).toBe('HAIL_KAFKA_REFUSED')
  })

  test('tells the last stable offset from the high watermark while a transaction is open', async () => {
    const topic = await aTopic()
    const producer = await aProducer(`${topic}-0`)
    const transaction = await producer.begin()
    await transaction.send([aRecord(topic, 'open'), aRecord(topic, 'open too')])
    expect((await admin.endOffsets(topic)).get(0)).toEqual({ logStart: 0n, stable: 0n, high: 2n })
    await transaction.abort()
  })

  test('deletes a group without members, and one that is not there', async () => {
    const group = aGroup()
    const topic = await aTopic()
    const member = aMember({ group, topics: [topic] })
    await member.start()
    expect(await codeOf(admin.deleteGroup(group))).toBe('HAIL_KAFKA_REFUSED')
    await member.leave()
    await admin.deleteGroup(group)
    await admin.deleteGroup(group)
    expect(await admin.listGroups()).not.toContain(group)
  })
})

type WatchedMember = GroupMember & { assignments: GroupAssignment[]; tasks(): readonly number[] }

function aMember(options: {
  group: string
  topics: string[]
  client?: Kafka
  sessionTimeoutMs?: number
}): WatchedMember {
  const assignments: GroupAssignment[] = []
  const member = (options.client ?? kafka).member({
    groupId: options.group,
    topics: options.topics,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
    heartbeatMs: 200,
    rebalanceTimeoutMs: 5_000,
    onAssigned: (assignment) => assignments.push(assignment),
    onLost: () => undefined
  })
  return {
    start: () => member.start(),
    leave: () => member.leave(),
    memberId: () => member.memberId(),
    commitOffsets: (offsets) => member.commitOffsets(offsets),
    lastHeartbeatAt: () => member.lastHeartbeatAt(),
    assignments,
    tasks: () => assignments.at(-1)?.partitions ?? []
  }
}

describe('membership', () => {
  test('splits the tasks between two members, keeps what it can, and gives them back at once', async () => {
    const group = aGroup()
    const names = [await aTopic(6), await aTopic(6)]
    const first = aMember({ group, topics: names })
    await first.start()
    expect(first.tasks()).toEqual([0, 1, 2, 3, 4, 5])
    expect(first.assignments.at(-1)?.memberId).toBe(first.memberId())
    const second = aMember({ group, topics: names })
    await second.start()
    await expect.poll(() => first.tasks(), { timeout: waitMs }).toEqual([0, 1, 2])
    expect(second.tasks()).toEqual([3, 4, 5])
    const members = await admin.groupMembers(group)
    expect(members.map(({ partitions }) => partitions).sort()).toEqual([
      [0, 1, 2],
      [3, 4, 5]
    ])
    const before = first.lastHeartbeatAt()
    await expect.poll(() => first.lastHeartbeatAt(), { timeout: waitMs }).toBeGreaterThan(before)

    const leftAtMs = systemClock.monotonic()
    await second.leave()
    await expect.poll(() => first.tasks().length, { timeout: waitMs, interval: 10 }).toBe(6)
    expect(systemClock.monotonic() - leftAtMs).toBeLessThan(3_000)
    await first.leave()
  })

  test('has members without a task when there are more members than tasks', async () => {
    const group = aGroup()
    const topic = await aTopic(1)
    const [first, second] = [
      aMember({ group, topics: [topic] }),
      aMember({ group, topics: [topic] })
    ]
    await first.start()
    await second.start()
    await expect.poll(() => second.assignments.length, { timeout: waitMs }).toBeGreaterThan(0)
    expect(first.tasks()).toEqual([0])
    expect(second.tasks()).toEqual([])
    await Promise.all([first.leave(), second.leave()])
  })

  test('takes a dead member out long before its session ends', async () => {
    const groupId = aGroup()
    const names = [await aTopic(4)]
    const sessionTimeoutMs = 30_000
    const survivor = aMember({ group: groupId, topics: names, sessionTimeoutMs })
    await survivor.start()
    const worker = new Worker(startInWorker, {
      eval: true,
      workerData: { file: doomedMember, brokers, groupId, topics: names, sessionTimeoutMs }
    })
    const [{ memberId }] = (await once(worker, 'message')) as [{ memberId: string }]
    await expect.poll(() => survivor.tasks().length, { timeout: waitMs }).toBe(2)
    await worker.terminate()

    const removedAtMs = systemClock.monotonic()
    await kafka.removeMember(groupId, memberId)
    await kafka.removeMember(groupId, memberId)
    await expect.poll(() => survivor.tasks().length, { timeout: waitMs, interval: 10 }).toBe(4)
    expect(systemClock.monotonic() - removedAtMs).toBeLessThan(5_000)
    await survivor.leave()
  })

  test('joins anew with another id when it was taken out, and says so by the id', async () => {
    const group = aGroup()
    const member = aMember({ group, topics: [await aTopic(2)] })
    await member.start()
    const first = member.assignments.at(-1)
    await kafka.removeMember(group, member.memberId() ?? '')
    await expect.poll(() => member.assignments.length, { timeout: waitMs }).toBe(2)
    const second = member.assignments.at(-1)
    expect(second?.memberId).not.toBe(first?.memberId)
    expect(second).toMatchObject({ generation: 2, partitions: [0, 1] })
    await member.leave()
  })

  test('commits offsets in its own name, and none once it has left', async () => {
    const group = aGroup()
    const topic = await aTopic(1)
    const member = aMember({ group, topics: [topic] })
    expect(await codeOf(member.commitOffsets([{ topic, partition: 0, offset: 1n }]))).toBe(
      'HAIL_KAFKA_UNAVAILABLE'
    )
    await member.start()
    await member.commitOffsets([{ topic, partition: 0, offset: 7n }])
    expect((await admin.committed(group, [topic])).get(`${topic}:0`)?.offset).toBe(7n)
    await member.leave()
    expect(await codeOf(member.commitOffsets([{ topic, partition: 0, offset: 8n }]))).toBe(
      'HAIL_KAFKA_UNAVAILABLE'
    )
  })

  test('refuses topics with different partition counts', async () => {
    const member = aMember({ group: aGroup(), topics: [await aTopic(2), await aTopic(3)] })
    expect(await codeOf(member.start())).toBe('HAIL_TOPOLOGY')
  })
})
