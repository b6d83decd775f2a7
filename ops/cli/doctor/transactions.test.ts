import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../../core/index.ts'
import type { ActiveProducer, ListedTransaction } from '../../../core/kafka/index.ts'
import { defineSubTopology } from '../../../streams/runtime/index.ts'
import { surveyTransactions, type TransactionOptions, taskOf } from './transactions.ts'

const nowMs = 1_700_000_000_000

const topology = defineSubTopology({
  app: 'shop',
  name: 'totals',
  sources: ['billing_tasks'],
  stores: {},
  outputs: [],
  commitIntervalMs: 100,
  on: { billing_tasks: () => undefined }
})

const aProducer = (over: Partial<ActiveProducer> = {}): ActiveProducer => ({
  producerId: 7n,
  producerEpoch: 1,
  lastSequence: 3,
  lastTimestampMs: nowMs - 90_000,
  coordinatorEpoch: 2,
  transactionStart: 40n,
  ...over
})

/** A cluster in which `orders-0` is held back, as its coordinators and the partition's leader tell. */
function aCluster(tells: {
  listed?: readonly (readonly ListedTransaction[])[]
  producers?: readonly (readonly ActiveProducer[])[]
  startMs?: number
}): TransactionOptions['admin'] {
  const lists = [...(tells.listed ?? [])]
  const producers = [...(tells.producers ?? [])]
  return {
    endOffsets: async () => new Map([[0, { logStart: 0n, stable: 40n, high: 50n }]]),
    listTransactions: async () => lists.shift() ?? [],
    describeProducers: async () => producers.shift() ?? [],
    describeTransactions: async (ids) =>
      ids.map((transactionalId) => ({
        transactionalId,
        producerId: 7n,
        state: 'Ongoing',
        producerEpoch: 1,
        timeoutMs: 15_000,
        startMs: tells.startMs ?? nowMs,
        partitions: [{ topic: 'orders', partition: 0 }]
      }))
  }
}

const survey = (admin: TransactionOptions['admin']) =>
  surveyTransactions({
    admin,
    clock: createFakeClock(nowMs),
    topologies: [topology],
    topics: ['orders'],
    hungAfterMs: 60_000
  })

const ours: ListedTransaction = {
  transactionalId: 'hs-shop-totals-1',
  producerId: 7n,
  state: 'Ongoing'
}

describe('a transactional id', () => {
  test('leads to its task and group, or to none of this version', () => {
    const group = 'hs-shop-totals'
    expect(taskOf('hs-shop-totals-2', [topology])).toEqual({ task: 'shop-totals-2', group })
    expect(taskOf('hs-shop-totals-3', [topology])).toBeNull()
    expect(taskOf('hs-shop-other-0', [topology])).toBeNull()
    expect(taskOf('shop-totals-0', [topology])).toBeNull()
  })
})

describe('the survey of transactions', () => {
  test('says nothing of a young one, and calls an old one hung', async () => {
    const young = await survey(aCluster({ listed: [[ours]], producers: [[aProducer()]] }))
    expect(young).toMatchObject({ open: [{ task: 'shop-totals-1', ageMs: 0 }], findings: [] })
    const old = await survey(
      aCluster({ listed: [[ours]], producers: [[aProducer()]], startMs: nowMs - 60_001 })
    )
    expect(old.findings).toMatchObject([
      { kind: 'transaction-hung', next: 'make doctor DO=end-transaction ID=hs-shop-totals-1' }
    ])
    expect(old.hanging).toEqual([])
  })

  test('finds the one that no coordinator knows', async () => {
    const found = await survey(aCluster({ producers: [[aProducer()], [aProducer()]] }))
    expect(found.hanging).toMatchObject([
      { topic: 'orders', partition: 0, producerId: 7n, start: 40n, ageMs: 90_000 }
    ])
    expect(found.findings).toMatchObject([
      { severity: 'hand', next: 'make doctor DO=end-transaction ID=orders:0:7' }
    ])
  })

  test.each([
    ['began after the coordinators were asked', [[], [ours]], [[aProducer()], [aProducer()]]],
    ['ended meanwhile', [[], []], [[aProducer()], [aProducer({ transactionStart: null })]]],
    ['was followed by the next', [[], []], [[aProducer()], [aProducer({ transactionStart: 45n })]]],
    ['is not open', [[], []], [[aProducer({ transactionStart: null })]]]
  ])('suspects none that %s', async (_, listed, producers) => {
    expect((await survey(aCluster({ listed, producers }))).hanging).toEqual([])
  })
})
