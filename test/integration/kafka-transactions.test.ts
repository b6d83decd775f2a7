/** @module What an operator does about transactions and offsets, against a real broker. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { isHailError, silentLogger, systemClock } from '../../core/index.ts'
import {
  type ActiveProducer,
  createKafka,
  type Kafka,
  type KafkaAdmin,
  type OutRecord,
  type Transaction,
  type TransactionDescription
} from '../../core/kafka/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'

const setUpMs = 180_000
const waitMs = 20_000
const topics: string[] = []
const groups: string[] = []

vi.setConfig({ testTimeout: 60_000 })

let kafka: Kafka
let admin: KafkaAdmin

beforeAll(async () => {
  const stack = await stackForTests()
  kafka = createKafka({
    brokers: stack.addresses.kafka.split(','),
    clientId: `kafka-test-${randomUUID().slice(0, 8)}`,
    logger: silentLogger,
    clock: systemClock
  })
  admin = await kafka.admin()
}, setUpMs)

afterAll(async () => {
  for (const group of groups) await admin.deleteGroup(group).catch(() => undefined)
  if (topics.length > 0) await admin.deleteTopics(topics)
  await kafka.close()
}, setUpMs)

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

function aRecord(topic: string, partition = 0, bytes = 1): OutRecord {
  return { topic, partition, key: 'key', value: Buffer.alloc(bytes, 'x') }
}

async function openTransaction(transactionalId: string): Promise<Transaction> {
  const producer = await kafka.transactionalProducer(transactionalId, {
    transactionTimeoutMs: 30_000
  })
  await producer.init()
  return producer.begin()
}

async function describeOne(transactionalId: string): Promise<TransactionDescription> {
  const [description] = await admin.describeTransactions([transactionalId])
  if (description === undefined) throw new Error(`no transaction ${transactionalId}`)
  return description
}

async function openProducers(topic: string, partition = 0): Promise<ActiveProducer[]> {
  const producers = await admin.describeProducers(topic, partition)
  return producers.filter(({ transactionStart }) => transactionStart !== null)
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing thrown',
    (error: unknown) => (isHailError(error) ? error.code : String(error))
  )
}

describe('transactions as an operator sees them', () => {
  test('are listed and described while open, with what they touch, and complete afterwards', async () => {
    const topic = await aTopic(3)
    const id = `${topic}-id`
    const startMs = systemClock.now()
    const transaction = await openTransaction(id)
    expect(await describeOne(id)).toMatchObject({ state: 'Empty', startMs: null, partitions: [] })
    await transaction.send([aRecord(topic, 2), aRecord(topic, 0)])

    const listed = await admin.listTransactions({ states: ['Ongoing'] })
    const one = listed.find(({ transactionalId }) => transactionalId === id)
    expect(one).toMatchObject({ transactionalId: id, state: 'Ongoing' })
    const description = await describeOne(id)
    expect(description).toMatchObject({ ...one, timeoutMs: 30_000, producerEpoch: 0 })
    expect(description.startMs).toBeGreaterThanOrEqual(startMs - 1_000)
    expect(new Set(description.partitions)).toEqual(
      new Set([
        { topic, partition: 0 },
        { topic, partition: 2 }
      ])
    )
    const producerIds = [description.producerId]
    expect(await admin.listTransactions({ producerIds })).toEqual([one])

    await transaction.commit()
    await expect
      .poll(async () => (await describeOne(id)).state, { timeout: waitMs })
      .toBe('CompleteCommit')
    expect(await describeOne(id)).toMatchObject({ partitions: [], startMs: description.startMs })
    const stillOpen = await admin.listTransactions({ states: ['Ongoing'] })
    expect(stillOpen.map(({ transactionalId }) => transactionalId)).not.toContain(id)
  })

  test('that nobody has are left out of descriptions', async () => {
    const topic = await aTopic()
    const transaction = await openTransaction(`${topic}-id`)
    const described = await admin.describeTransactions([`${topic}-none`, `${topic}-id`])
    expect(described.map(({ transactionalId }) => transactionalId)).toEqual([`${topic}-id`])
    expect(await admin.describeTransactions([])).toEqual([])
    await transaction.abort()
  })

  test('show in the producers of a partition, and end there by a marker past the coordinator', async () => {
    const topic = await aTopic(2)
    const transaction = await openTransaction(`${topic}-id`)
    await transaction.send([aRecord(topic), aRecord(topic)])
    const [producer, ...others] = await openProducers(topic)
    expect(others).toEqual([])
    expect(producer).toMatchObject({ lastSequence: 1, transactionStart: 0n })
    expect(await openProducers(topic, 1)).toEqual([])
    if (producer === undefined) throw new Error('no producer')
    expect((await admin.endOffsets(topic)).get(0)).toMatchObject({ stable: 0n, high: 2n })

    const hanging = { topic, partition: 0, ...producer }
    await admin.abortTransaction(hanging)
    expect(await openProducers(topic)).toEqual([])
    expect((await admin.endOffsets(topic)).get(0)).toMatchObject({ stable: 3n, high: 3n })
    await transaction.abort()
  })

  test('of an older epoch are not ended, nor is one of a partition that does not exist', async () => {
    const topic = await aTopic()
    const id = `${topic}-id`
    await openTransaction(id)
    const transaction = await openTransaction(id)
    await transaction.send([aRecord(topic)])
    const [producer] = await openProducers(topic)
    if (producer === undefined) throw new Error('no producer')
    const older = { topic, partition: 0, ...producer, producerEpoch: producer.producerEpoch - 1 }
    expect(await codeOf(admin.abortTransaction(older))).toBe('HAIL_KAFKA_REFUSED')
    expect((await openProducers(topic)).length).toBe(1)
    expect(await codeOf(admin.describeProducers(topic, 7))).toBe('HAIL_KAFKA_REFUSED')
    expect(await codeOf(admin.describeProducers(`missing-${topic}`, 0))).toBe('HAIL_KAFKA_REFUSED')
    await transaction.abort()
  })

  test('of a dead process are ended by the next owner of the id', async () => {
    const topic = await aTopic()
    const id = `${topic}-id`
    await (await openTransaction(id)).send([aRecord(topic)])
    const successor = await kafka.transactionalProducer(id)
    await successor.init()
    expect(await openProducers(topic)).toEqual([])
    await expect
      .poll(async () => (await describeOne(id)).partitions, { timeout: waitMs })
      .toEqual([])
  })
})

describe('records a broker will never take', () => {
  test('end a transaction for good', async () => {
    const topic = await aTopic(1, { 'max.message.bytes': '2000' })
    const transaction = await openTransaction(`${topic}-id`)
    await transaction.send([aRecord(topic, 0, 1_000)])
    expect(await codeOf(transaction.send([aRecord(topic, 0, 3_000)]))).toBe('HAIL_KAFKA_REFUSED')
    expect(await codeOf(transaction.commit())).toBe('HAIL_KAFKA_REFUSED')
  })

  test('are refused of the plain producer too', async () => {
    const topic = await aTopic(1, { 'max.message.bytes': '2000' })
    const producer = await kafka.producer()
    expect(await codeOf(producer.send([aRecord(topic, 0, 3_000)]))).toBe('HAIL_KAFKA_REFUSED')
    await producer.send([aRecord(topic, 0, 1_000)])
    expect((await admin.endOffsets(topic)).get(0)?.high).toBe(1n)
  })
})

test('a send above the size of a batch is split, and its offsets are those of all parts', async () => {
  const topic = await aTopic(2)
  const transaction = await openTransaction(`${topic}-id`)
  const records = Array.from({ length: 60 }, (_, index) => aRecord(topic, index % 2, 100_000))
  const appended = await transaction.send(records)
  const more = await transaction.send([aRecord(topic)])
  await transaction.commit()
  expect(appended).toEqual(
    new Map([
      [`${topic}:0`, { base: 0n, last: 29n }],
      [`${topic}:1`, { base: 0n, last: 29n }]
    ])
  )
  expect(more).toEqual(new Map([[`${topic}:0`, { base: 30n, last: 30n }]]))
})

describe('moving offsets', () => {
  test('sets offsets and metadata of a group that has no members, or was never there', async () => {
    const topic = await aTopic(3)
    const groupId = aGroup()
    const at = (partition: number, offset: bigint, metadata: string) => {
      return { topic, partition, offset, metadata }
    }
    await admin.moveOffsets({ groupId, offsets: [at(0, 5n, '{"store":"1"}'), at(2, 7n, '')] })
    await admin.moveOffsets({ groupId, offsets: [at(0, 4n, '{"store":"2"}')] })
    await admin.moveOffsets({ groupId, offsets: [] })
    expect(await admin.committed(groupId, [topic])).toEqual(
      new Map([
        [`${topic}:0`, { offset: 4n, metadata: '{"store":"2"}' }],
        [`${topic}:1`, { offset: -1n, metadata: '' }],
        [`${topic}:2`, { offset: 7n, metadata: '' }]
      ])
    )
  })

  test('is refused while the group has members', async () => {
    const topic = await aTopic()
    const groupId = aGroup()
    const member = kafka.member({
      groupId,
      topics: [topic],
      sessionTimeoutMs: 6_000,
      heartbeatMs: 200,
      rebalanceTimeoutMs: 5_000,
      onAssigned: () => undefined,
      onLost: () => undefined
    })
    await member.start()
    const commit = { groupId, offsets: [{ topic, partition: 0, offset: 1n, metadata: '' }] }
    expect(await codeOf(admin.moveOffsets(commit))).toBe('HAIL_KAFKA_REFUSED')
    await member.leave()
    await admin.moveOffsets(commit)
    expect((await admin.committed(groupId, [topic])).get(`${topic}:0`)?.offset).toBe(1n)
  })
})
