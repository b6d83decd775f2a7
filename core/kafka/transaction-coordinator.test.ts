import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { errorOfCode, loadKafkajs, type RawCluster } from './library.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import type { TransactionVersion } from './types.ts'

loadKafkajs()

const concurrentTransactions = 51
const notCoordinator = 16
const unknownPartition = 3
const invalidEpoch = 47

const versions: readonly TransactionVersion[] = [1, 2]

type RawRequest = {
  readonly request: {
    readonly apiName: string
    readonly apiVersion: number
    encode(): Promise<{ readonly buffer: Buffer }>
  }
  readonly response: {
    decode(body: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
}

type SetUpOptions = {
  /** What the cluster has finalised. */
  readonly level?: number
  readonly versionMax?: TransactionVersion
  /** Error codes of the answers to each request, in order; 0 or nothing: well done. */
  readonly answers?: Record<string, number[]>
  /** Of the producer at first. */
  readonly epoch?: number
}

/** A library's cluster with one broker, which answers what it is told to. */
function setUp({ level = 2, versionMax = 2, answers = {}, epoch: first = 3 }: SetUpOptions = {}) {
  const asked: string[] = []
  const bodies: Record<string, unknown> = {}
  const noticed: unknown[] = []
  let epoch = first
  const codeOf = (name: string, body: unknown) => {
    asked.push(name)
    bodies[name] = body
    return answers[name]?.shift() ?? 0
  }
  const call = (name: string, result: unknown) => async (body: unknown) => {
    const code = codeOf(name, body)
    if (code !== 0) throw errorOfCode(code)
    return result
  }
  const send = async ({ request, response }: RawRequest) => {
    const { apiName, apiVersion, encode } = request
    const reader = new ByteReader((await encode()).buffer)
    // The header's tags.
    reader.skipTags()
    const code = codeOf(apiName, { apiVersion, ...readBody(apiName, reader) })
    const writer = new ByteWriter(0)
    if (apiName === 'ApiVersions') writeFeatures(writer, code, level)
    if (apiName === 'TxnOffsetCommit') writeOffsetsAnswer(writer, code)
    if (apiName === 'EndTxn') {
      epoch += 1
      writeEndAnswer(writer, { code, epoch: apiVersion < 5 ? null : epoch })
    }
    return response.parse(await response.decode(Buffer.from(writer.written())))
  }
  const broker = {
    connectionPool: { send },
    initProducerId: call('init', { producerId: '7', producerEpoch: first }),
    addPartitionsToTxn: call('addPartitions', null),
    addOffsetsToTxn: call('addOffsets', null)
  }
  const cluster = {
    refreshMetadataIfNecessary: async () => undefined,
    findGroupCoordinator: async ({ groupId }: { groupId: string }) => {
      asked.push(`find ${groupId}`)
      return broker
    },
    noticeCoordinatorError: (error: unknown) => noticed.push(error)
  } as unknown as RawCluster
  const clock = createFakeClock(0)
  const coordinator = new TransactionCoordinator({
    cluster,
    clock,
    transactionalId: 'id',
    transactionTimeoutMs: 15_000,
    transactionVersionMax: versionMax
  })
  const requests = () => asked.filter((name) => !name.startsWith('find') && name !== 'ApiVersions')
  return { coordinator, clock, asked, bodies, requests, noticed }
}

function readBody(apiName: string, reader: ByteReader): object {
  if (apiName === 'ApiVersions') return {}
  const transactionalId = reader.compactText()
  const groupId = apiName === 'TxnOffsetCommit' ? reader.compactText() : null
  const producer = { id: reader.int64(), epoch: reader.int16() }
  if (groupId === null) return { transactionalId, producer, isCommit: reader.int8() === 1 }
  const member = [reader.int32(), reader.compactText(), reader.compactText()]
  const offsets = reader.compactArray(() => {
    const topic = reader.compactText()
    const entries = reader.compactArray(() => {
      const entry = { topic, partition: reader.int32(), offset: reader.int64() }
      expect(reader.int32()).toBe(-1)
      const metadata = reader.compactText()
      reader.skipTags()
      return { ...entry, metadata }
    })
    reader.skipTags()
    return entries
  })
  return { transactionalId, groupId, producer, member, offsets: offsets.flat() }
}

/** Without the header's tags, which ApiVersions alone leaves out. */
function writeFeatures(writer: ByteWriter, code: number, level: number): void {
  writer.int16(code)
  writer.compactArray([0], (apiKey) => {
    for (const field of [apiKey, 3, 13]) writer.int16(field)
    writer.noTags()
  })
  writer.int32(0)
  const features = new ByteWriter(0)
  features.compactArray(['metadata.version', 'transaction.version'], (name) => {
    features.compactText(name)
    features.int16(name === 'transaction.version' ? level : 27)
    features.int16(0)
    features.noTags()
  })
  const bytes = features.written()
  // Two tagged fields: the epoch of the features, then the features.
  writer.uvarint(2)
  writer.uvarint(1)
  writer.uvarint(8)
  writer.int64(5n)
  writer.uvarint(2)
  writer.uvarint(bytes.length)
  writer.raw(bytes)
}

function writeOffsetsAnswer(writer: ByteWriter, code: number): void {
  writer.noTags()
  writer.int32(0)
  writer.compactArray(['t'], (topic) => {
    writer.compactText(topic)
    writer.compactArray([0, code], (partitionCode) => {
      writer.int32(1)
      writer.int16(partitionCode)
      writer.noTags()
    })
    writer.noTags()
  })
  writer.noTags()
}

function writeEndAnswer(
  writer: ByteWriter,
  { code, epoch }: { readonly code: number; readonly epoch: number | null }
): void {
  writer.noTags()
  writer.int32(0)
  writer.int16(code)
  if (epoch !== null) {
    writer.int64(7n)
    writer.int16(epoch)
  }
  writer.noTags()
}

const place = (partition: number) => ({ topic: 't', partition })
const offsets = {
  groupId: 'g',
  offsets: [{ topic: 't', partition: 1, offset: 5n, metadata: 'm' }]
}

describe('a transaction of version 1', () => {
  test('adds each partition and the group once, and is ended with what it asked for', async () => {
    const { coordinator, requests, bodies } = setUp({ level: 1 })
    await coordinator.init()
    expect(coordinator.producer).toEqual({ id: 7n, epoch: 3, isTransactional: true })
    expect(coordinator.produceVersion).toBe(9)
    await coordinator.addPartitions([place(0), place(1)])
    await coordinator.addPartitions([place(1)])
    await coordinator.addGroup('g')
    await coordinator.addGroup('g')
    await coordinator.sendOffsets(offsets)
    const { producer } = coordinator
    await coordinator.end(true)
    expect(coordinator.producer).toBe(producer)
    expect(requests()).toEqual(['init', 'addPartitions', 'addOffsets', 'TxnOffsetCommit', 'EndTxn'])
    const identity = { transactionalId: 'id', producerId: '7', producerEpoch: 3 }
    expect(bodies['addPartitions']).toEqual({
      ...identity,
      topics: [{ topic: 't', partitions: [0, 1] }]
    })
    expect(bodies['addOffsets']).toEqual({ ...identity, groupId: 'g' })
    expect(bodies['TxnOffsetCommit']).toMatchObject({ apiVersion: 3 })
    expect(bodies['EndTxn']).toMatchObject({ apiVersion: 3, isCommit: true })
  })

  test('forgets at its end what it has added', async () => {
    const { coordinator, requests } = setUp({ level: 1 })
    await coordinator.init()
    for (const isCommit of [true, false]) {
      await coordinator.addPartitions([place(0)])
      await coordinator.end(isCommit)
    }
    expect(requests()).toEqual(['init', 'addPartitions', 'EndTxn', 'addPartitions', 'EndTxn'])
  })
})

describe('a transaction of version 2', () => {
  test('adds nothing, and its end begins another epoch', async () => {
    const { coordinator, requests, bodies } = setUp()
    await coordinator.init()
    expect(coordinator.produceVersion).toBe(12)
    await coordinator.addPartitions([place(0)])
    await coordinator.addGroup('g')
    await coordinator.sendOffsets(offsets)
    await coordinator.end(true)
    expect(requests()).toEqual(['init', 'TxnOffsetCommit', 'EndTxn'])
    const owner = { transactionalId: 'id', producer: { id: 7n, epoch: 3 } }
    expect(bodies['TxnOffsetCommit']).toEqual({
      ...owner,
      apiVersion: 5,
      groupId: 'g',
      member: [-1, '', ''],
      offsets: offsets.offsets
    })
    expect(bodies['EndTxn']).toEqual({ ...owner, apiVersion: 5, isCommit: true })
    expect(coordinator.producer).toEqual({ id: 7n, epoch: 4, isTransactional: true })
    await coordinator.addPartitions([place(0)])
    await coordinator.end(false)
    expect(bodies['EndTxn']).toMatchObject({ producer: { id: 7n, epoch: 4 }, isCommit: false })
    expect(coordinator.producer.epoch).toBe(5)
  })

  test('is ended once something has joined it', async () => {
    const { coordinator, requests } = setUp()
    await coordinator.init()
    await coordinator.addGroup('g')
    await coordinator.sendOffsets({ groupId: 'g', offsets: [] })
    await coordinator.end(true)
    expect(requests()).toEqual(['init'])
  })

  test('is not followed by one in the epoch that brokers keep for fencing', async () => {
    const { coordinator } = setUp({ epoch: 0x7ffe })
    await coordinator.init()
    await coordinator.addPartitions([place(0)])
    await expect(coordinator.end(false)).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
  })

  test('is not spoken where it is not wanted', async () => {
    const { coordinator, asked } = setUp({ versionMax: 1 })
    await coordinator.init()
    expect(coordinator.produceVersion).toBe(9)
    expect(asked).not.toContain('ApiVersions')
  })
})

describe.each(versions)('in version %d', (level) => {
  test('offsets alone are ended too; an empty transaction costs nothing', async () => {
    const { coordinator, requests } = setUp({ level })
    await coordinator.init()
    const { producer } = coordinator
    await coordinator.end(false)
    expect(coordinator.producer).toBe(producer)
    await coordinator.addGroup('g')
    await coordinator.sendOffsets(offsets)
    await coordinator.end(true)
    const announced = level === 1 ? ['addOffsets'] : []
    expect(requests()).toEqual(['init', ...announced, 'TxnOffsetCommit', 'EndTxn'])
  })

  test('"not yet" is asked again, after another look for the coordinator', async () => {
    const { coordinator, clock, asked, noticed } = setUp({
      level,
      answers: {
        ApiVersions: [notCoordinator],
        init: [concurrentTransactions, notCoordinator],
        addPartitions: [concurrentTransactions],
        addOffsets: [notCoordinator],
        TxnOffsetCommit: [unknownPartition, notCoordinator]
      }
    })
    const done = (async () => {
      await coordinator.init()
      await coordinator.addPartitions([place(0)])
      await coordinator.addGroup('g')
      await coordinator.sendOffsets(offsets)
    })()
    await clock.advance(100)
    await done
    const times = (name: string) => asked.filter((entry) => entry === name).length
    expect(times('init')).toBe(3)
    expect([times('addPartitions'), times('addOffsets')]).toEqual(level === 1 ? [2, 2] : [0, 0])
    expect([times('TxnOffsetCommit'), times('find g')]).toEqual([3, 3])
    expect(noticed).toEqual([
      errorOfCode(notCoordinator),
      errorOfCode(unknownPartition),
      errorOfCode(notCoordinator)
    ])
  })

  test('"not yet" is given up after some seconds', async () => {
    const { coordinator, clock } = setUp({
      level,
      answers: { init: Array.from({ length: 1_000 }, () => concurrentTransactions) }
    })
    const refused = expect(coordinator.init()).rejects.toMatchObject({
      type: 'CONCURRENT_TRANSACTIONS'
    })
    await clock.advance(9_000)
    await refused
  })

  test('"not yet" is no answer to the end, and nobody knows who the next one is from', async () => {
    const { coordinator } = setUp({ level, answers: { EndTxn: [concurrentTransactions] } })
    await coordinator.init()
    await coordinator.addPartitions([place(0)])
    const { producer } = coordinator
    await expect(coordinator.end(true)).rejects.toMatchObject({ type: 'CONCURRENT_TRANSACTIONS' })
    expect(coordinator.producer).toBe(producer)
  })

  test('any other answer is final', async () => {
    const { coordinator, requests } = setUp({ level, answers: { TxnOffsetCommit: [invalidEpoch] } })
    await coordinator.init()
    await coordinator.addGroup('g')
    await expect(coordinator.sendOffsets(offsets)).rejects.toMatchObject({
      type: 'INVALID_PRODUCER_EPOCH'
    })
    expect(requests().filter((name) => name === 'TxnOffsetCommit')).toHaveLength(1)
  })
})

test('a partition nobody knows cannot be announced', async () => {
  const { coordinator } = setUp({ level: 1, answers: { addPartitions: [0, unknownPartition] } })
  await coordinator.init()
  await coordinator.addPartitions([place(0)])
  await expect(coordinator.addPartitions([place(9)])).rejects.toMatchObject({
    type: 'UNKNOWN_TOPIC_OR_PARTITION'
  })
})
