import { createRequire } from 'node:module'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FatalError } from '../../errors.ts'
import { loadKafkajs } from '../library.ts'
import { filterAbortedMessages } from './aborted-filter.ts'
import { coordinatorCache } from './coordinator-cache.ts'
import { fillEmptyBatches } from './empty-batches.ts'
import { applyPatches, patches, refuseOtherVersion } from './index.ts'
import { offsetOutOfRange } from './offset-out-of-range.ts'
import type { LibraryModules } from './patch.ts'
import { requestQueueTimer } from './request-queue-timer.ts'
import { requestTimeoutCheck } from './request-timeout-check.ts'
import { timedOutConnection } from './timed-out-connection.ts'

const require = createRequire(import.meta.url)
loadKafkajs()

/**
 * Fresh stand-ins of the library's modules, so that a patch can be seen without what is applied
 * already.
 */
function modulesOf(exportsByPath: Record<string, unknown>): LibraryModules {
  return {
    load: <T>(path: string) => exportsByPath[path] as T,
    replace: () => undefined
  }
}

describe('applying', () => {
  test('happens once and reaches the modules kafkajs has captured', () => {
    applyPatches()
    expect(require('kafkajs/src/consumer/filterAbortedMessages')).toBe(filterAbortedMessages)
    expect(new Set(patches.map(({ name }) => name)).size).toBe(patches.length)
  })

  test('refuses any other version of kafkajs', () => {
    expect(() => refuseOtherVersion('2.2.4')).not.toThrow()
    expect(() => refuseOtherVersion('2.2.5')).toThrow(FatalError)
  })
})

test('request-queue-timer sets a timer only while requests wait', () => {
  let timers = 0
  const queue = {
    pending: [] as unknown[],
    throttledUntil: -1,
    scheduleCheckPendingRequests() {
      timers += 1
    }
  }
  requestQueueTimer.apply(modulesOf({ 'src/network/requestQueue/index': { prototype: queue } }))
  queue.scheduleCheckPendingRequests()
  expect(timers).toBe(0)
  queue.pending.push('request')
  queue.scheduleCheckPendingRequests()
  expect(timers).toBe(1)
})

describe('request-timeout-check', () => {
  /** A queue as the library makes it, whose requests take their time. */
  const aQueue = (requestTimeout: number) => {
    const timedOut: number[] = []
    const inflight = new Map<number, object>()
    let destroyed = 0
    const prototype = {
      sendSocketRequest(this: { inflight: Map<number, object> }, id: number) {
        const timeoutRequest = (): void => {
          timedOut.push(id)
          inflight.delete(id)
        }
        inflight.set(id, { sentAt: Date.now(), requestTimeout, timeoutRequest })
      },
      scheduleRequestTimeoutCheck() {
        throw new Error('the original must not run')
      },
      destroy() {
        destroyed += 1
      }
    }
    requestTimeoutCheck.apply(modulesOf({ 'src/network/requestQueue/index': { prototype } }))
    const queue = Object.assign(Object.create(prototype) as typeof prototype, {
      enforceRequestTimeout: true,
      requestTimeout,
      inflight
    })
    return { queue, inflight, timedOut, destroyed: () => destroyed }
  }

  test('sets no timer while nothing is in flight', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { queue, inflight } = aQueue(1_000)
    queue.scheduleRequestTimeoutCheck()
    expect(vi.getTimerCount()).toBe(0)
    queue.sendSocketRequest(1)
    queue.sendSocketRequest(2)
    expect(vi.getTimerCount()).toBe(1)
    inflight.clear()
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('times a request out within a tenth of its time', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { queue, timedOut } = aQueue(1_000)
    queue.sendSocketRequest(7)
    vi.advanceTimersByTime(1_000)
    expect(timedOut).toEqual([])
    vi.advanceTimersByTime(100)
    expect(timedOut).toEqual([7])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('ends with its connection', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { queue, destroyed } = aQueue(1_000)
    queue.sendSocketRequest(7)
    queue.destroy()
    expect(destroyed()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('timed-out-connection ends a connection with its first request that timed out', async () => {
  const ended: string[] = []
  const queue = {
    createSocketRequest: (name: unknown) => ({ timeoutHandler: () => ended.push(`${name} ended`) })
  }
  const connection = {
    requestQueue: queue,
    socket: { destroy: (error: Error) => ended.push(error.message) },
    connect: async () => 'connected'
  }
  timedOutConnection.apply(
    modulesOf({
      'src/network/requestQueue/index': { prototype: queue },
      'src/network/connection': { prototype: connection }
    })
  )
  expect(await connection.connect()).toBe('connected')
  queue.createSocketRequest('a request').timeoutHandler()
  expect(ended).toEqual(['a request ended', 'a request timed out'])
})

describe('coordinator-cache', () => {
  function setUp() {
    let lookups = 0
    let failure: unknown = null
    let isReachable = true
    const call = async () => {
      if (failure !== null) throw failure
    }
    const names =
      `initProducerId addPartitionsToTxn addOffsetsToTxn joinGroup syncGroup heartbeat leaveGroup
      offsetCommit offsetFetch describeGroups deleteGroups`.split(/\s+/)
    const broker = Object.fromEntries(names.map((name) => [name, call]))
    const cluster = {
      async findBroker({ nodeId }: { nodeId: number }) {
        if (!isReachable) throw new Error('unreachable')
        return { nodeId }
      },
      async findGroupCoordinator(_: { groupId: string; coordinatorType?: number }) {
        lookups += 1
        return { nodeId: lookups }
      },
      noticeCoordinatorError(_: unknown): void {}
    }
    coordinatorCache.apply(
      modulesOf({
        'src/broker/index': { prototype: broker },
        'src/cluster/index': { prototype: cluster }
      })
    )
    const fail = async (name: string, error: unknown) => {
      failure = error
      await expect(broker[name]?.()).rejects.toBe(error)
      failure = null
    }
    const find = async (groupId = 'g', coordinatorType = 0) =>
      (await cluster.findGroupCoordinator({ groupId, coordinatorType })).nodeId
    const loseBroker = () => {
      isReachable = false
    }
    const notice = (error: unknown) => cluster.noticeCoordinatorError(error)
    return { find, fail, loseBroker, notice }
  }

  test('looks a coordinator up once for each group and kind', async () => {
    const { find } = setUp()
    expect([await find(), await find(), await find('g', 1), await find('h')]).toEqual([1, 1, 2, 3])
    expect(await find()).toBe(1)
  })

  test.each(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE'])(
    'looks again after %s',
    async (type) => {
      const { find, fail } = setUp()
      await find()
      await fail('addOffsetsToTxn', Object.assign(new Error('moved'), { type }))
      expect(await find()).toBe(2)
    }
  )

  test('looks again after a lost connection and when the node cannot be reached', async () => {
    const { find, fail, loseBroker } = setUp()
    await find()
    await fail(
      'heartbeat',
      Object.assign(new Error('lost'), { name: 'KafkaJSConnectionClosedError' })
    )
    expect(await find()).toBe(2)
    loseBroker()
    expect(await find()).toBe(3)
  })

  test('looks again when a request of our own is told that it has moved', async () => {
    const { find, notice } = setUp()
    await find()
    notice(Object.assign(new Error('moved'), { type: 'NOT_COORDINATOR_FOR_GROUP' }))
    expect(await find()).toBe(2)
  })

  test('keeps what it knows after errors that say nothing about the coordinator', async () => {
    const { find, fail, notice } = setUp()
    await find()
    notice(Object.assign(new Error('busy'), { type: 'CONCURRENT_TRANSACTIONS' }))
    await fail(
      'addOffsetsToTxn',
      Object.assign(new Error('fenced'), { type: 'INVALID_PRODUCER_EPOCH' })
    )
    expect(await find()).toBe(1)
  })
})

describe('aborted-filter', () => {
  const message = (
    offset: number,
    producerId: string,
    options: { control?: boolean; plain?: boolean } = {}
  ) => ({
    offset: String(offset),
    isControlRecord: options.control === true,
    batchContext: { producerId, inTransaction: options.plain !== true }
  })

  test('drops overlapping aborted transactions whatever the order of the list', () => {
    const messages = [
      message(0, 'outer'),
      message(1, 'inner'),
      message(2, 'inner', { control: true }),
      message(3, 'outer'),
      message(4, 'other'),
      message(5, 'outer', { control: true }),
      message(6, 'outer'),
      message(7, 'inner', { plain: true })
    ]
    const abortedTransactions = [
      { firstOffset: '1', producerId: 'inner' },
      { firstOffset: '0', producerId: 'outer' }
    ]
    const kept = filterAbortedMessages({ messages, abortedTransactions })
    expect(kept.map(({ offset }) => offset)).toEqual(['2', '4', '5', '6', '7'])
  })

  test('keeps everything when nothing was aborted', () => {
    const messages = [message(0, 'p')]
    expect(filterAbortedMessages({ messages, abortedTransactions: null })).toBe(messages)
  })
})

test('empty-batches puts a control record at the end of an emptied batch and leaves others alone', async () => {
  const decode = fillEmptyBatches(async (records) => {
    return { firstOffset: '10', lastOffsetDelta: 4, records: records as unknown[] }
  })
  const { records } = await decode([])
  expect(records).toEqual([expect.objectContaining({ offset: '14', isControlRecord: true })])
  expect((await decode(['record'])).records).toEqual(['record'])
})

test('offset-out-of-range throws instead of committing', async () => {
  const manager = { setDefaultOffset: async (_: { topic: string; partition: number }) => undefined }
  const errors = require('kafkajs/src/errors')
  offsetOutOfRange.apply(
    modulesOf({ 'src/consumer/offsetManager/index': { prototype: manager }, 'src/errors': errors })
  )
  await expect(manager.setDefaultOffset({ topic: 't', partition: 3 })).rejects.toMatchObject({
    name: 'KafkaJSNonRetriableError',
    message: expect.stringContaining('t-3')
  })
})
