import { describe, expect, test } from 'vitest'
import type { BillingTask, NotificationTask } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import { isSwitchedOff } from '../../test/support/config.ts'
import { createTopologyDriver } from '../../test/support/index.ts'
import { defineSubTopology, type Failpoints, type SubTopology } from './index.ts'

const startMs = 1_700_000_000_000

/** Counts tasks per user in `attempts`; a timer named `flush` reports the count as an output. */
function counting(
  options: { timerMs?: number; fail?: (task: NotificationTask) => void } = {}
): SubTopology {
  return defineSubTopology({
    app: 'probe',
    name: 'counts',
    sources: ['notification_tasks'],
    stores: { counts: { record: 'NotificationState', kind: 'remote' } },
    outputs: ['notification_events'],
    commitIntervalMs: 100,
    on: {
      notification_tasks: (ctx, { key, value }) => {
        const attempts = (ctx.get('counts', key)?.attempts ?? 0) + 1
        ctx.put('counts', key, {
          status: null,
          task: null,
          attempts,
          nextAt: null,
          lastError: null
        })
        options.fail?.(value)
        if (options.timerMs === undefined) report(ctx, key, attempts)
        else ctx.setTimer(key, 'flush', ctx.taskTimeMs + options.timerMs)
      }
    },
    onTimer: (ctx, { key }) => report(ctx, key, ctx.get('counts', key)?.attempts ?? 0)
  })
}

function report(
  ctx: {
    emit: (topic: 'notification_events', key: string, value: never) => void
    taskTimeMs: number
  },
  key: string,
  attempts: number
): void {
  ctx.emit('notification_events', key, {
    notificationId: `${key}:${attempts}`,
    userId: key,
    role: 'CUSTOMER',
    channel: 'PUSH',
    template: 'probe',
    rideId: null,
    status: 'SENT',
    attempts,
    provider: 'probe',
    error: null,
    at: ctx.taskTimeMs
  } as never)
}

function aTask(userId: string): NotificationTask {
  return {
    notificationId: `n-${userId}`,
    userId,
    role: 'CUSTOMER',
    channel: 'PUSH',
    template: 'probe',
    params: {},
    rideId: null,
    createdAt: startMs,
    expiresAt: startMs + 60_000
  }
}

const attemptsOf = (records: readonly { value: unknown }[]): number[] =>
  records.map(({ value }) => (value as { attempts: number }).attempts)

describe('a task', () => {
  for (const commitEveryRecords of [1, 3, 100]) {
    test(`counts each record once with ${commitEveryRecords} records a commit and a restart in between`, async () => {
      const driver = createTopologyDriver([counting()], { startMs, commitEveryRecords })
      for (let i = 0; i < 5; i += 1)
        await driver.pipe('notification_tasks', 'u1', aTask('u1'), { run: false })
      await driver.run()
      await driver.restart()
      for (let i = 0; i < 2; i += 1) await driver.pipe('notification_tasks', 'u1', aTask('u1'))
      expect(attemptsOf(driver.all('notification_events'))).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(driver.restoredRecords).toBe(0)
    })
  }

  test('rebuilds its stores from the changelog after the backend was flushed', async () => {
    const driver = createTopologyDriver([counting()], { startMs })
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    driver.state.flush()
    await driver.restart()
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    expect(attemptsOf(driver.all('notification_events'))).toEqual([1, 2])
    expect(driver.restoredRecords).toBeGreaterThan(0)
  })

  test('notices a backend flushed under it and refuses to go on', async () => {
    const driver = createTopologyDriver([counting()], { startMs, settings: { cacheEntriesMax: 1 } })
    await driver.pipe('notification_tasks', 'u1', aTask('u1'), { partition: 0 })
    driver.state.flush()
    await expect(
      driver.pipe('notification_tasks', 'u2', aTask('u2'), { partition: 0 })
    ).rejects.toMatchObject({ code: 'HAIL_POSITION' })
    await driver.restart()
    await driver.run()
    expect(attemptsOf(driver.all('notification_events'))).toEqual([1, 1])
  })

  for (const at of [
    'txn.after-begin',
    'txn.after-outputs',
    'txn.after-offsets',
    'txn.after-end',
    'store.before-apply'
  ] as const) {
    test(`loses and repeats nothing when it dies at ${at}`, async () => {
      let armed = false
      const failpoints: Failpoints = (name) => {
        if (armed && name === at) {
          armed = false
          throw new Error('struck')
        }
      }
      const driver = createTopologyDriver([counting()], {
        startMs,
        failpoints,
        settings: { faults: { applyBeforeCommit: isSwitchedOff('apply-before-commit') } }
      })
      await driver.pipe('notification_tasks', 'u1', aTask('u1'))
      armed = true
      await expect(driver.pipe('notification_tasks', 'u1', aTask('u1'))).rejects.toThrow('struck')
      await driver.restart()
      await driver.pipe('notification_tasks', 'u1', aTask('u1'))
      expect(attemptsOf(driver.all('notification_events'))).toEqual([1, 2, 3])
    })
  }

  test('of two owners only the newer commits', async () => {
    const driver = createTopologyDriver([counting()], {
      startMs,
      partitions: { notification_tasks: 1 }
    })
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    const zombie = await driver.takeover('probe', 'counts')
    driver.append('notification_tasks', 'u1', aTask('u1'))
    const [want] = zombie.wanted()
    if (want === undefined) throw new Error('expected the zombie to want records')
    const [fetched] = await driver.log
      .fetcher()
      .fetch([want], { maxWaitMs: 0, maxBytes: 1, maxBytesPerPartition: 1, isolation: 'committed' })
    if (fetched) zombie.deliver(fetched, want.offset, startMs)
    await expect(zombie.cycle()).rejects.toMatchObject({ code: 'HAIL_FENCED' })
    await driver.run()
    expect(attemptsOf(driver.all('notification_events'))).toEqual([1, 2])
  })

  test('dead-letters an undecodable record and a broken rule, and goes on', async () => {
    const fail = (task: NotificationTask): void => {
      if (task.userId === 'bad')
        throw new SkipToDlqError('HAIL_RULE', 'expected a good user, got bad')
    }
    const driver = createTopologyDriver([counting({ fail })], { startMs })
    await driver.pipeBytes('notification_tasks', 'u1', Buffer.from('garbage'))
    await driver.pipe('notification_tasks', 'bad', aTask('bad'))
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    expect(attemptsOf(driver.all('notification_events'))).toEqual([1])
    const letters = driver.deadLetters('notification_tasks')
    expect(
      letters.map(({ headers }) => headers['__connect.errors.exception.class.name']).sort()
    ).toEqual(['HAIL_DECODE', 'HAIL_RULE'])
    expect(await driver.store('probe', 'counts', 'counts', 'bad')).toBeUndefined()
  })

  test('stops when most records are dead letters', async () => {
    const driver = createTopologyDriver([counting()], {
      startMs,
      partitions: { notification_tasks: 1 },
      settings: { deadLetterWindow: 4 }
    })
    for (let i = 0; i < 4; i += 1)
      await driver.pipeBytes('notification_tasks', 'u', Buffer.from('x'), { run: false })
    await expect(driver.run()).rejects.toMatchObject({ code: 'HAIL_DLQ_RATIO' })
  })

  test('fires a durable timer after a restart, by the wall clock of an idle input', async () => {
    const driver = createTopologyDriver([counting({ timerMs: 5_000 })], { startMs })
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    await driver.advance(4_999)
    await driver.restart()
    expect(driver.read('notification_events')).toEqual([])
    await driver.advance(1)
    expect(attemptsOf(driver.read('notification_events'))).toEqual([1])
    await driver.advance(60_000)
    expect(driver.read('notification_events')).toEqual([])
  })

  test('handles a record stamped before a deadline ahead of the timer, after any outage', async () => {
    const driver = createTopologyDriver([counting({ timerMs: 5_000 })], { startMs })
    await driver.pipe('notification_tasks', 'u1', aTask('u1'))
    await driver.setWall(startMs + 60_000)
    driver.append('notification_tasks', 'u1', aTask('u1'), { timestampMs: startMs + 4_999 })
    driver.append('notification_tasks', 'u1', aTask('u1'), { timestampMs: startMs + 20_000 })
    await driver.run()
    // 4,999 moves the timer to 9,999: it fires before the record of 20,000 is handled, which sets another.
    const fired = driver.read('notification_events')
    expect(attemptsOf(fired)).toEqual([2, 3])
    expect(fired.map(({ timestampMs }) => timestampMs - startMs)).toEqual([20_000, 60_000])
  })

  test('refuses sources with different partition counts', () => {
    expect(() =>
      defineSubTopology({
        app: 'probe',
        name: 'joined',
        sources: ['ride_requests', 'billing_tasks'],
        stores: {},
        outputs: [],
        commitIntervalMs: 100,
        on: {
          ride_requests: () => undefined,
          billing_tasks: (_: unknown, __: { value: BillingTask }) => undefined
        }
      })
    ).toThrow(/co-partitioned/)
  })
})
