import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Route } from '../http/index.ts'
import { exampleSubjects } from '../testing/example-world.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'
import { writeRoutes } from './index.ts'

let it: TestIngress
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const trace = {
  traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  tracestate: 'congo=t61rcWkgMzE',
  'x-correlation-id': 'order-12345'
}

beforeAll(async () => {
  it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_SIGNUPS: '0' })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.records.length = 0
})

const send = (route: Route<never>, headers: Record<string, string>) => {
  const role = route.roles[0] ?? 'admin'
  const { params = {}, body } = withFreshKeys(route.example ?? {})
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '')
  const as = { role, subject: exampleSubjects[role] }
  return it.post(path, { as, key: it.key(), body, headers })
}

/** The keys of an example are too old for a batch of rides. */
const withFreshKeys = <E>(example: E): E =>
  JSON.parse(
    JSON.stringify(example, (name, value) => (name === 'idempotencyKey' ? it.key() : value))
  )

/** A quote's record is not waited for. */
const records = async () => {
  while (it.producer.records.length === 0) await new Promise(setImmediate)
  return it.producer.records
}

test.each(
  (writeRoutes as unknown as Route<never>[]).map((route) => [`POST ${route.path}`, route] as const)
)('%s hands the trace of the request to every record', async (_, route) => {
  const reply = await send(route, trace)
  for (const { headers } of await records()) {
    expect(headers?.['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    expect(headers?.['traceparent']).not.toContain('00f067aa0ba902b7')
    expect(headers).toMatchObject({
      tracestate: trace.tracestate,
      'correlation-id': trace['x-correlation-id']
    })
  }
  expect(reply.headers.get('x-correlation-id')).toBe(trace['x-correlation-id'])
})

test('a record of a request with a malformed trace has a fresh one', async () => {
  const [route] = writeRoutes as unknown as Route<never>[]
  if (route === undefined) throw new Error('expected a route')
  await send(route, { traceparent: `00-${traceId}-bad-01`, tracestate: trace.tracestate })
  const [record] = await records()
  expect(record?.headers?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  expect(record?.headers?.['traceparent']).not.toContain(traceId)
  expect(record?.headers).not.toHaveProperty('tracestate')
})
