import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { example, problemCodes, type RequestExample } from '../http/index.ts'
import { apiRoutes } from '../routes.ts'
import { exampleSubjects, putExampleWorld } from '../testing/example-world.ts'
import { type Provoked, provocations } from '../testing/provocations.ts'
import { startTestIngress, type TestIngress, type TestReply } from '../testing/test-ingress.ts'
import { type AnyRoute, createDocument, isObject } from './index.ts'

const document = createDocument(apiRoutes)

describe('the example of', () => {
  let it: TestIngress
  beforeAll(async () => {
    it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_READS: '0', LIMIT_SIGNUPS: '0' })
    putExampleWorld(it, systemClock.now())
  })
  afterAll(() => it.ingress.drain())

  const send = (
    route: AnyRoute,
    { params = {}, query, body }: RequestExample
  ): Promise<TestReply> => {
    const role = route.roles[0] ?? 'admin'
    const path = route.path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '')
    const search = query === undefined ? '' : `?${new URLSearchParams(query as never)}`
    const request = {
      as: { role, subject: exampleSubjects[role] },
      ...(route.idempotency === 'required' ? { key: it.key() } : {}),
      ...(body === undefined ? {} : { body: withFreshKeys(body) })
    }
    return route.method === 'GET' ? it.get(path + search, request) : it.post(path, request)
  }

  /** Keys within a body get old, as those in a header would. */
  const withFreshKeys = (body: unknown): string =>
    JSON.stringify(body).replaceAll(example.idempotencyKey, () => it.key())

  test.each(apiRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s is answered as documented',
    async (_, route) => {
      const [status, response] = Object.entries(route.responses)[0] ?? []
      const reply = await send(route, route.example ?? {})
      expect([String(reply.status), reply.body]).toEqual([status, expect.anything()])
      expect(shapeOf(reply.body, response?.example)).toEqual(shapeOf(response?.example, reply.body))
    }
  )

  test('a batch of which one position is bad is answered item by item', async () => {
    const route = apiRoutes.find(({ path }) => path.endsWith('/locations')) as AnyRoute
    const [point] = (route.example as { body: { points: { deviceTime: number }[] } }).body.points
    const fresh = { ...point, deviceTime: (point?.deviceTime ?? 0) + 1 }
    const points = [fresh, { ...fresh, lat: 91 }]
    const reply = await send(route, { ...route.example, body: { points } })
    expect([reply.status, reply.body]).toEqual([207, route.responses[207]?.example])
  })
})

describe('the problem', () => {
  test.each(problemCodes)('%s occurs as documented', async (code) => {
    const { status, type, body } = await provoke(provocations[code])
    const documented = document.components['examples']?.[code]?.['value'] as
      | Record<string, unknown>
      | undefined
    expect([code, body['code'], type]).toEqual([code, code, 'application/problem+json'])
    expect(body['status']).toBe(status)
    // Codes that no operation answers have no example.
    if (documented === undefined) return
    const { title, type: urn } = documented
    expect(body).toMatchObject({ status: documented['status'], title, type: urn })
    expect(Object.keys(body).filter((key) => key !== 'errors')).toEqual(
      Object.keys(documented).filter((key) => key !== 'errors')
    )
  })

  const provoke = async (
    provocation: (typeof provocations)[keyof typeof provocations]
  ): Promise<Provoked> => {
    const running: TestIngress[] = []
    try {
      return await provocation(async (environment, parts) => {
        const it = await startTestIngress(environment, parts)
        running.push(it)
        return it
      })
    } finally {
      await Promise.all(running.map(({ ingress }) => ingress.drain()))
    }
  }
})

/** Names of fields, deep; where one side has null, both have. */
function shapeOf(value: unknown, other: unknown): unknown {
  if (value === null || other === null) return 'null or anything'
  if (Array.isArray(value))
    return value.length === 0 ? [] : [shapeOf(value[0], Array.isArray(other) ? other[0] : other)]
  if (!isObject(value)) return typeof value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      shapeOf(inner, isObject(other) ? other[name] : undefined)
    ])
  )
}
