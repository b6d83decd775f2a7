/**
 * @module OWASP API top ten 2023, the risks of what is exposed and consumed (4, 6, 7, 8, 9, 10), over
 * every route there is.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics, silentLogger, systemClock } from '../../core/index.ts'
import { readStreamsConfig } from '../../streams/config.ts'
import { ingressConfig, readIngressConfig } from '../config.ts'
import { HttpServer, type Route, type TokenRole } from '../http/index.ts'
import { readConfig } from '../read/config.ts'
import { places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'
import { pathOf, type RuledRoute, ruledRoutes, schemaNodes } from './route-rules.ts'

let it: TestIngress
beforeAll(async () => {
  it = await startTestIngress({
    LIMIT_READS: '0',
    LIMIT_BAD_TOKENS: '0',
    CORS_ORIGINS: 'https://app.example.com'
  })
})
afterAll(() => it.ingress.drain())

const subjectOf: Record<TokenRole, string> = {
  customer: 'c-1',
  driver: 'd-1',
  admin: 'a-1',
  signup: 'app-1',
  partner: 'p-1'
}
const cases = (routes: readonly RuledRoute[]) => routes.map((route) => [route.name, route] as const)
const rider = { role: 'customer', subject: 'c-1' } as const

describe('API4 unrestricted resource consumption', () => {
  test.each(cases(ruledRoutes))('%s bounds every text, number and list it takes', (_, route) => {
    const nodes = [...schemaNodes(route.body, 'body'), ...schemaNodes(route.query, 'query')]
    const isBounded = ({ node }: (typeof nodes)[number]): boolean => {
      switch (node['type']) {
        case 'string':
          return (
            typeof node['maxLength'] === 'number' ||
            /\{\d+,\d+\}\$$/.test(String(node['pattern'])) ||
            'const' in node
          )
        case 'number':
        case 'integer':
          return typeof node['minimum'] === 'number' && typeof node['maximum'] === 'number'
        case 'array':
          return typeof node['maxItems'] === 'number'
        default:
          return true
      }
    }
    expect(nodes.filter((each) => !isBounded(each)).map(({ place }) => place)).toEqual([])
  })

  test('every list ends its page at 100 entries', async () => {
    const lists = ruledRoutes.filter(({ query }) => JSON.stringify(query ?? {}).includes('cursor'))
    expect(lists.length).toBeGreaterThan(0)
    for (const route of lists) {
      const reply = await it.get(`${pathOf(route, '')}?limit=101`, { as: rider })
      expect([reply.status, reply.body['code']], route.name).toEqual([422, 'validation_failed'])
    }
  })

  test.each(cases(ruledRoutes))('%s takes from a limit that is on by default', (_, { limit }) => {
    const variable = {
      write: 'LIMIT_WRITES',
      location: 'LIMIT_LOCATIONS',
      read: 'LIMIT_READS',
      signup: 'LIMIT_SIGNUPS'
    } as const
    expect(ingressConfig.load({})[variable[limit]]).toBeGreaterThan(0)
  })

  test('bodies, bytes, requests and waits have bounds of their own', () => {
    const settings = { ...ingressConfig.load({}), ...readConfig.load({}) }
    for (const name of [
      'HTTP_BODY_MAX',
      'HTTP_BODIES_BYTES',
      'HTTP_BODY_TIMEOUT',
      'HTTP_IN_FLIGHT_MAX',
      'HTTP_IN_FLIGHT_PER_ADDRESS',
      'INGRESS_BUDGET_BYTES',
      'INGRESS_DEADLINE',
      'READ_DEADLINE',
      'READS_LIVE_MAX',
      'READS_HISTORY_MAX',
      'READ_CACHE_BYTES',
      'READ_CACHE_SHARED_BYTES',
      'LIMIT_ADDRESS',
      'LIMIT_BAD_TOKENS',
      'ASSIGNMENT_WAITERS_MAX',
      'TOKEN_CACHE_MAX'
    ] as const) {
      expect(settings[name], name).toBeGreaterThan(0)
    }
  })
})

describe('API6 unrestricted access to sensitive business flows', () => {
  test('one customer cannot order cars without end, nor one app sign up the world', async () => {
    const limited = await startTestIngress({ LIMIT_WRITES: '2', LIMIT_SIGNUPS: '2' })
    const statuses = async (role: TokenRole, path: string, body: object) => {
      const replies = []
      for (let index = 0; index < 20; index += 1) {
        const as = { role, subject: subjectOf[role] }
        replies.push((await limited.post(path, { as, key: limited.key(), body })).status)
      }
      return replies
    }
    const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }
    const rides = await statuses('customer', '/rides', trip)
    const signup = ruledRoutes.find(({ path }) => path === '/users/signup')?.rule.body ?? {}
    const signups = await statuses('signup', '/users/signup', signup)
    await limited.ingress.drain()
    for (const seen of [rides, signups]) {
      expect(new Set(seen)).toEqual(new Set([202, 429]))
      expect(seen.filter((status) => status === 202).length).toBeLessThan(12)
    }
  })

  test('a ride far from every market is not taken, so fake demand has to look real', async () => {
    const body = { pickup: places.atlantic, dropoff: places.unionSquare }
    const reply = await it.post('/rides', { as: rider, key: it.key(), body })
    expect([reply.status, reply.body['code']]).toEqual([422, 'outside_service_area'])
  })
})

describe('API7 server side request forgery', () => {
  test.each(cases(ruledRoutes))('%s takes no address to call', (_, route) => {
    const names = [...schemaNodes(route.body, 'body'), ...schemaNodes(route.query, 'query')]
    expect(
      names.filter(
        ({ place, node }) =>
          /ur[il]|host|callback|webhook|redirect/i.test(place) || node['format'] === 'uri'
      )
    ).toEqual([])
  })

  const production = {
    NODE_ENV: 'production',
    KAFKA_BROKERS: 'k:9092',
    SCHEMA_REGISTRY_URL: 'http://r',
    REDIS_URL: 'redis://r',
    MONGO_URL: 'mongodb://m/x',
    ID_SECRET: 'x'.repeat(32),
    QUOTE_SECRET: 'y'.repeat(32),
    PII_KEYS: `a:${Buffer.alloc(32, 1).toString('base64')}`,
    PII_HMAC_KEYS: `a:${Buffer.alloc(32, 2).toString('base64')}`
  }

  test.each([
    'http://id.example.com/jwks',
    'https://169.254.169.254/jwks',
    'https://localhost/jwks'
  ])('the operator cannot point the key set at %s in production, nor a gateway', (url) => {
    expect(() => readIngressConfig({ ...production, JWKS_URL: url })).toThrow('JWKS_URL')
    const urls = { NOTIFICATION_PUSH_URL: 'https://push.example.com', NOTIFICATION_SMS_URL: url }
    expect(() => readStreamsConfig({ ...production, ...urls })).toThrow('NOTIFICATION_SMS_URL')
    const good = { ...production, JWKS_URL: 'https://id.example.com/jwks' }
    expect(() => readIngressConfig(good)).not.toThrow()
  })
})

describe('API8 security misconfiguration', () => {
  const always = {
    'x-content-type-options': 'nosniff',
    'cache-control': expect.stringContaining('no-store'),
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'"
  }
  const banners = ['server', 'x-powered-by', 'uwebsockets']

  test.each<[string, string, string, RequestInit]>([
    ['success', '/rides', '200', {}],
    ['no such route', '/nothing', '404', {}],
    ['no such method', '/rides', '405', { method: 'DELETE' }],
    ['a preflight', '/rides', '200', { method: 'OPTIONS' }],
    [
      'a refused preflight',
      '/rides',
      '403',
      { method: 'OPTIONS', headers: { origin: 'https://evil' } }
    ],
    ['a refused body', '/quotes', '415', { method: 'POST', body: 'x' }]
  ])('every answer has the headers and no banner: %s', async (_, path, status, init) => {
    const headers = {
      authorization: `Bearer ${await it.token('customer', 'c-1')}`,
      ...init.headers
    }
    const response = await fetch(it.url + path, { ...init, headers })
    expect(String(response.status)).toBe(status)
    // What a person may read is kept by their own device at most, and asked for again.
    const isRead = status === '200' && !('method' in init)
    const kept = isRead ? { 'cache-control': 'private, no-cache' } : {}
    expect(Object.fromEntries(response.headers)).toMatchObject({ ...always, ...kept })
    expect(banners.filter((name) => response.headers.has(name))).toEqual([])
  })

  test('production tells browsers to come by TLS only, and a failure tells nothing else', async () => {
    const broken: Route<null> = {
      method: 'GET',
      path: '/broken',
      summary: '',
      tag: '',
      roles: ['customer'],
      limit: 'read',
      idempotency: 'none',
      responses: {},
      handler: () => {
        throw new Error('mongodb://user:secret@db/ssn 536-90-4399 at /srv/app/x.ts:1:2')
      }
    }
    const server = new HttpServer({
      ...serverOptions(),
      isHttpsOnly: true
    })
    server.register([broken], null)
    const port = await server.listen(0, '127.0.0.1')
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/broken`)
    const text = await response.text()
    await server.drain(100)
    expect(response.status).toBe(500)
    expect(response.headers.get('strict-transport-security')).toContain('max-age=31536000')
    expect(text).toContain('"code":"internal_error"')
    expect(text).not.toMatch(/secret|536-90|srv|Error|\bat\b/)
  })

  test('only a listed origin may read answers, none may send credentials, no wildcard', async () => {
    const headersFor = async (origin: string) => {
      const reply = await it.get('/rides', { as: rider, headers: { origin } })
      return reply.headers
    }
    const good = await headersFor('https://app.example.com')
    expect(good.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(good.get('access-control-allow-credentials')).toBeNull()
    expect(good.get('vary')).toContain('origin')
    for (const origin of [
      'null',
      'https://app.example.com.evil.com',
      'https://evil.com',
      'http://app.example.com',
      'https://APP.example.com'
    ]) {
      expect((await headersFor(origin)).get('access-control-allow-origin'), origin).toBeNull()
    }
  })
})

describe('API9 improper inventory management', () => {
  test('every route says what it is and what it answers', () => {
    for (const { name, summary, tag, responses } of ruledRoutes) {
      expect([summary, tag, Object.keys(responses)[0]], name).toEqual([
        expect.stringMatching(/\w/),
        expect.stringMatching(/\w/),
        expect.stringMatching(/^20\d$/)
      ])
    }
  })

  test.each([
    '/',
    '/metrics',
    '/health',
    '/ready',
    '/status',
    '/stores',
    '/api',
    '/api/v0/rides',
    '/api/v2/rides',
    '/debug',
    '/.env',
    '/.git/config'
  ])('the public port does not serve %s', async (path) => {
    const response = await fetch(it.url.replace('/api/v1', path))
    expect(response.status).toBe(404)
  })
})

describe('API10 unsafe consumption of APIs', () => {
  const reading = ruledRoutes.filter(({ method }) => method === 'GET')
  const read = (route: RuledRoute) => {
    const role = route.roles[0] ?? 'customer'
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: 'k' })
    const emailKey = it.ids.emailKey('CUSTOMER', 'a@b.org')
    const ids: Record<string, string> = {
      rideId,
      billId: 'b-1',
      driverId: 'd-1',
      customerId: 'c-1',
      actionId: it.ids.actionId({
        scope: 'ride',
        entityId: rideId,
        actorId: 'c-1',
        idempotencyKey: 'k'
      }),
      signupId: it.ids.signupId({ emailKey, idempotencyKey: 'k' })
    }
    const id = ids[/:(\w+)/.exec(route.path)?.[1] ?? ''] ?? ''
    return it.get(pathOf(route, id), { as: { role, subject: subjectOf[role] } })
  }

  test.each(cases(reading))('%s says 503 when what it reads from is away', async (_, route) => {
    // What other tests read is remembered for some seconds, and answered.
    await it.ingress.drain()
    it = await startTestIngress({ LIMIT_READS: '0', LIMIT_BAD_TOKENS: '0' })
    it.stores.isAway = true
    it.history.isAway = true
    const reply = await read(route)
    it.stores.isAway = false
    it.history.isAway = false
    expect([reply.status, reply.body['code']]).toEqual([503, 'reads_unavailable'])
    expect(JSON.stringify(reply.body)).not.toMatch(/redis|mongo/i)
  })
})

const serverOptions = (): ConstructorParameters<typeof HttpServer>[0] => ({
  clock: systemClock,
  logger: silentLogger,
  metrics: createMetrics(),
  authenticate: () => ({ subject: 'c-1', role: 'customer', expiresAtMs: 4e12 }),
  admission: {
    admitAddress: () => undefined,
    recordBadToken: () => undefined,
    admitSubject: () => undefined
  },
  idempotencyAgeMsMax: 1,
  bodyBytesMax: 1_024,
  inFlightMax: 10,
  inFlightPerAddressMax: 0,
  bodyTimeoutMs: 1_000,
  bodiesBytesMax: 1_048_576,
  corsOrigins: [],
  trustedProxies: 0,
  accessLogRatio: 0,
  failureLinesMax: 1,
  isHttpsOnly: false
})
