import { describe, expect, test } from 'vitest'
import type { NotificationTask } from '../../avro/index.ts'
import { createTopologyDriver } from '../../test/support/index.ts'
import type { Delivery } from './delivery.ts'
import { notificationsTopologies } from './index.ts'
import { aNotification } from './notification-builder.ts'

const startMs = Date.UTC(2025, 5, 2, 12)

/** A gateway that answers as told, in order, then takes everything. */
function setUp(answers: readonly Delivery[] = []) {
  const left = [...answers]
  const calls: string[] = []
  const deliver = async (task: NotificationTask): Promise<Delivery> => {
    calls.push(task.notificationId)
    return left.shift() ?? { kind: 'sent', provider: 'fake' }
  }
  const provider = { name: 'fake', deliver }
  const now: { read: () => number } = { read: () => startMs }
  const topologies = notificationsTopologies({
    providers: { PUSH: provider, SMS: provider },
    clock: { now: () => now.read() }
  })
  const driver = createTopologyDriver(topologies, { startMs })
  now.read = () => driver.clock.now()
  const statuses = () => driver.read('notification_events').map(({ value }) => value?.status)
  return { driver, calls, statuses }
}

const failed: Delivery = { kind: 'failed', provider: 'fake', error: 'http_503', retryAfterMs: null }

describe('notifications', () => {
  test('sends once and tells so once, however often the task comes', async () => {
    const { driver, calls, statuses } = setUp()
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    await driver.restart()
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    expect(calls).toEqual(['n-1'])
    expect(statuses()).toEqual(['SENT'])
  })

  test('tries again by durable timers, also after a restart, without blocking others', async () => {
    const { driver, calls, statuses } = setUp([failed, { kind: 'sent', provider: 'fake' }, failed])
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    await driver.pipe('notification_tasks', 'c-1', aNotification({ notificationId: 'n-2' }))
    expect(statuses()).toEqual(['SENT'])
    await driver.restart()
    await driver.advance(1_300)
    await driver.advance(2_600)
    expect(calls).toEqual(['n-1', 'n-2', 'n-1', 'n-1'])
    expect(driver.read('notification_events')).toMatchObject([
      {
        key: 'c-1',
        value: { notificationId: 'n-1', status: 'SENT', attempts: 3, provider: 'fake' }
      }
    ])
  })

  test('gives up after six tries with one event and a dead letter', async () => {
    const { driver, calls, statuses } = setUp(Array.from({ length: 6 }, () => failed))
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    await driver.advance(60_000)
    expect(calls).toHaveLength(6)
    expect(statuses()).toEqual(['FAILED'])
    const [letter, ...more] = driver.deadLetters('notification_tasks')
    expect(more).toEqual([])
    expect(driver.codec.decode('NotificationTask', letter?.value as Buffer)).toEqual(
      aNotification()
    )
  })

  test('dead-letters a rejected one as it came', async () => {
    const rejected: Delivery = { kind: 'rejected', provider: 'fake', error: 'http_400' }
    const { driver, statuses } = setUp([rejected])
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    expect(statuses()).toEqual(['FAILED'])
    const [letter] = driver.deadLetters('notification_tasks')
    expect(letter?.value).not.toBeNull()
    expect(letter?.headers['__connect.errors.exception.message']).not.toContain('120')
  })

  test('does not send what has expired, at once or while the gateway was down', async () => {
    const down: Delivery = { kind: 'unavailable', provider: 'fake' }
    const { driver, calls, statuses } = setUp(Array.from({ length: 30 }, () => down))
    const old = aNotification({ notificationId: 'n-0', expiresAt: startMs })
    await driver.pipe('notification_tasks', 'c-1', old)
    expect([calls, statuses()]).toEqual([[], ['EXPIRED']])
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    await driver.advance(601_000)
    expect(statuses()).toEqual(['EXPIRED'])
    expect(driver.deadLetters('notification_tasks')).toEqual([])
  })

  test('forgets an ended notification after a day, and keeps no task until then', async () => {
    const { driver } = setUp()
    await driver.pipe('notification_tasks', 'c-1', aNotification())
    const stored = () => driver.store('notifications', 'deliveries', 'deliveries', 'n-1')
    expect(await stored()).toMatchObject({ status: 'SENT', task: null })
    await driver.advance(86_400_001)
    expect(await stored()).toBeUndefined()
  })

  test('dead-letters a tombstone and nonsense', async () => {
    const { driver, calls } = setUp()
    await driver.pipe('notification_tasks', 'c-1', null)
    await driver.pipeBytes('notification_tasks', 'c-1', Buffer.from('nonsense'))
    expect(driver.deadLetters('notification_tasks')).toHaveLength(2)
    expect(calls).toEqual([])
  })
})
