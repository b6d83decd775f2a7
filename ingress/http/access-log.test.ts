import { afterEach, expect, test } from 'vitest'
import { createLogger, systemClock } from '../../core/index.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

const rider = { role: 'customer', subject: 'c-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const
let it: TestIngress

afterEach(() => it.ingress.drain())

/** An ingress whose log is kept, and whose dice fall as given, then on 0.99. */
const startLogging = async (ratio: string, dice: number[] = []) => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    name: 'test',
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) }
  })
  const clock = { ...systemClock, random: () => dice.shift() ?? 0.99 }
  it = await startTestIngress({ ACCESS_LOG_RATIO: ratio, LIMIT_READS: '0' }, { logger, clock })
  return () => lines.filter(({ message }) => message === 'request')
}

test('a sampled request leaves a line that names its route and not its path', async () => {
  const requests = await startLogging('1')
  await it.get('/customers/c-1', { as: rider, headers: { 'x-correlation-id': 'order-12345' } })
  expect(requests()).toEqual([
    expect.objectContaining({
      method: 'GET',
      path: '/customers/:customerId',
      statusCode: 404,
      durationMs: expect.any(Number),
      correlationId: 'order-12345'
    })
  ])
  expect(JSON.stringify(requests())).not.toContain('c-1')
})

test('requests are sampled by their ratio, each by a throw of its own', async () => {
  const requests = await startLogging('0.25', [0.1, 0.24, 0.25, 0.9, 0])
  for (let index = 0; index < 6; index += 1) await it.get('/problems/draining')
  expect(requests()).toHaveLength(3)
})

test('without sampling only failures of the server leave a line', async () => {
  const requests = await startLogging('0')
  await it.get('/rides', { as: rider })
  await it.get('/rides')
  it.history.figures = { asOf: null, hours: null as never }
  await it.get('/admin/statistics', { as: admin })
  expect(requests().map(({ statusCode }) => statusCode)).toEqual([503])
})
