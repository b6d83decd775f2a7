import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../clock/index.ts'
import { errorOfCode, loadKafkajs, type RawCluster } from './library.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'

loadKafkajs()

const concurrentTransactions = 51
const notCoordinator = 16
const unknownPartition = 3
const invalidEpoch = 47

/** A library's cluster with one broker, which answers what it is told to; 0 or nothing: well done. */
function setUp(answers: Record<string, number[]> = {}) {
  const asked: string[] = []
  const bodies: Record<string, unknown> = {}
  const call = (name: string, result: unknown) => async (body: unknown) => {
    asked.push(name)
    bodies[name] = body
    const code = answers[name]?.shift() ?? 0
    if (code !== 0) throw errorOfCode(code)
    return result
  }
  const broker = {
    initProducerId: call('init', { producerId: '7', producerEpoch: 3 }),
    addPartitionsToTxn: call('addPartitions', null),
    addOffsetsToTxn: call('addOffsets', null),
    txnOffsetCommit: call('offsets', null),
    endTxn: call('end', null)
  }
  const cluster = {
    refreshMetadataIfNecessary: async () => undefined,
    findGroupCoordinator: async ({ groupId }: { groupId: string }) => {
      asked.push(`find ${groupId}`)
      return broker
    }
  } as unknown as RawCluster
  const clock = createFakeClock(0)
  const coordinator = new TransactionCoordinator({
    cluster,
    clock,
    transactionalId: 'id',
    transactionTimeoutMs: 15_000
  })
  const requests = () => asked.filter((name) => !name.startsWith('find'))
  return { coordinator, clock, asked, bodies, requests }
}

const place = (partition: number) => ({ topic: 't', partition })
const offsets = {
  groupId: 'g',
  offsets: [{ topic: 't', partition: 1, offset: 5n, metadata: 'm' }]
}

describe('a transaction', () => {
  test('adds each partition and the group once, and is ended with what it asked for', async () => {
    const { coordinator, requests, bodies } = setUp()
    expect(await coordinator.init()).toEqual({ id: 7n, epoch: 3, isTransactional: true })
    await coordinator.addPartitions([place(0), place(1)])
    await coordinator.addPartitions([place(1)])
    await coordinator.addGroup('g')
    await coordinator.addGroup('g')
    await coordinator.sendOffsets(offsets)
    await coordinator.end(true)
    expect(requests()).toEqual(['init', 'addPartitions', 'addOffsets', 'offsets', 'end'])
    const identity = { transactionalId: 'id', producerId: '7', producerEpoch: 3 }
    expect(bodies['addPartitions']).toEqual({
      ...identity,
      topics: [{ topic: 't', partitions: [0, 1] }]
    })
    expect(bodies['offsets']).toEqual({
      ...identity,
      groupId: 'g',
      topics: [{ topic: 't', partitions: [{ partition: 1, offset: '5', metadata: 'm' }] }]
    })
    expect(bodies['end']).toEqual({ ...identity, transactionResult: true })
  })

  test('forgets at its end what it has added', async () => {
    const { coordinator, requests } = setUp()
    await coordinator.init()
    for (const isCommit of [true, false]) {
      await coordinator.addPartitions([place(0)])
      await coordinator.end(isCommit)
    }
    expect(requests()).toEqual(['init', 'addPartitions', 'end', 'addPartitions', 'end'])
  })

  test('of offsets alone is ended too; an empty one costs nothing', async () => {
    const { coordinator, requests } = setUp()
    await coordinator.init()
    await coordinator.end(false)
    await coordinator.addGroup('g')
    await coordinator.sendOffsets(offsets)
    await coordinator.end(true)
    expect(requests()).toEqual(['init', 'addOffsets', 'offsets', 'end'])
  })
})

describe('"not yet"', () => {
  test('is asked again, after another look for the coordinator', async () => {
    const { coordinator, clock, asked } = setUp({
      init: [concurrentTransactions, notCoordinator],
      addPartitions: [concurrentTransactions],
      addOffsets: [notCoordinator],
      offsets: [unknownPartition]
    })
    const done = (async () => {
      await coordinator.init()
      await coordinator.addPartitions([place(0)])
      await coordinator.addGroup('g')
      await coordinator.sendOffsets(offsets)
    })()
    await clock.advance(100)
    await done
    expect(asked.filter((name) => name === 'init')).toHaveLength(3)
    for (const name of ['addPartitions', 'addOffsets', 'offsets']) {
      expect(asked.filter((entry) => entry === name)).toHaveLength(2)
    }
    expect(asked.filter((name) => name === 'find g')).toHaveLength(2)
  })

  test('is given up after some seconds', async () => {
    const { coordinator, clock } = setUp({
      init: Array.from({ length: 1_000 }, () => concurrentTransactions)
    })
    const refused = expect(coordinator.init()).rejects.toMatchObject({
      type: 'CONCURRENT_TRANSACTIONS'
    })
    await clock.advance(9_000)
    await refused
  })

  test('is no answer to the end, and a partition nobody knows is none to a producer', async () => {
    const { coordinator } = setUp({
      end: [concurrentTransactions],
      addPartitions: [0, unknownPartition]
    })
    await coordinator.init()
    await coordinator.addPartitions([place(0)])
    await expect(coordinator.addPartitions([place(9)])).rejects.toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION'
    })
    await expect(coordinator.end(true)).rejects.toMatchObject({ type: 'CONCURRENT_TRANSACTIONS' })
  })
})

test('any other answer is final', async () => {
  const { coordinator, requests } = setUp({ addPartitions: [invalidEpoch] })
  await coordinator.init()
  await expect(coordinator.addPartitions([place(0)])).rejects.toMatchObject({
    type: 'INVALID_PRODUCER_EPOCH'
  })
  expect(requests()).toEqual(['init', 'addPartitions'])
})
