import { expect, test } from 'vitest'
import { createTopologyDriver } from '../../test/support/index.ts'
import { defineSubTopology, stringFormat, type TimerClock } from './index.ts'

const startMs = 1_700_000_000_000
const orders = { name: 'orders', partitions: 1, format: stringFormat } as const
const alarms = { name: 'alarms', partitions: 1, format: stringFormat } as const

/** Each record sets the timer that its value names, ten seconds after its timestamp. */
const alarming = defineSubTopology({
  app: 'probe',
  name: 'alarms',
  topics: [orders, alarms],
  sources: ['orders'],
  outputs: ['alarms'],
  commitIntervalMs: 100,
  stores: {},
  on: {
    orders: (ctx, { key, value, timestampMs }) => {
      if (value !== '') ctx.setTimer(key, 'alarm', timestampMs + 10_000, value as TimerClock)
    }
  },
  onTimer: (ctx, { key, clock }) => ctx.emit(alarms, key, clock)
})

const rang = (driver: ReturnType<typeof createTopologyDriver>): string[] =>
  driver.all('alarms').map(({ key, value }) => `${key} ${value}`)

test('a stream timer fires when a record passes its time, however late the wall clock', async () => {
  const driver = createTopologyDriver([alarming], { startMs })
  await driver.pipe('orders', 's', 'stream')
  await driver.advance(60_000)
  expect(rang(driver)).toEqual([])
  await driver.pipe('orders', 'x', '', { timestampMs: startMs + 9_999 })
  expect(rang(driver)).toEqual([])
  await driver.pipe('orders', 'x', '', { timestampMs: startMs + 10_000 })
  expect(rang(driver)).toEqual(['s stream'])
})

test('a wall timer fires by the wall clock, whatever waits unread', async () => {
  const driver = createTopologyDriver([alarming], { startMs })
  await driver.pipe('orders', 'w', 'wall')
  await driver.advance(9_999)
  expect(rang(driver)).toEqual([])
  await driver.advance(1)
  expect(rang(driver)).toEqual(['w wall'])
})

test('timers of all clocks outlive a restart and fire once', async () => {
  const driver = createTopologyDriver([alarming], { startMs })
  for (const clock of ['task', 'stream', 'wall']) await driver.pipe('orders', clock, clock)
  await driver.restart()
  await driver.advance(10_000)
  await driver.pipe('orders', 'x', '', { timestampMs: startMs + 10_000 })
  await driver.restart()
  await driver.advance(60_000)
  expect(rang(driver).toSorted()).toEqual(['stream stream', 'task task', 'wall wall'])
})

test('a stream timer whose key is not in memory fires after a restart, ahead of the wall clock', async () => {
  const driver = createTopologyDriver([alarming], { startMs })
  await driver.pipe('orders', 's', 'stream', { timestampMs: startMs + 3_600_000 })
  await driver.pipe('orders', 'x', '', { timestampMs: startMs + 7_200_000 })
  await driver.restart()
  await driver.pipe('orders', 'x', '', { timestampMs: startMs + 7_200_000 })
  expect(rang(driver)).toEqual(['s stream'])
})

test('a task is idle until its next timer, and not at all before it has read', async () => {
  const driver = createTopologyDriver([alarming], { startMs })
  await driver.pipe('orders', 'w', 'wall')
  const task = await driver.task('probe-alarms-0')
  expect(task.isIdleUntil(startMs + 9_999)).toBe(true)
  expect(task.isIdleUntil(startMs + 10_000)).toBe(false)
  await driver.pipe('orders', 'x', '', { run: false })
  await driver.restart()
  expect((await driver.task('probe-alarms-0')).isIdleUntil(startMs)).toBe(false)
})
