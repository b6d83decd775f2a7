import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { mintToken } from '../auth/index.ts'
import { places } from '../testing/builders.ts'
import { exchangeRaw, openSocket } from '../testing/raw-request.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }

beforeAll(async () => {
  it = await startTestIngress({
    LIMIT_WRITES: '0',
    LIMIT_BAD_TOKENS: '0',
    CORS_ORIGINS: 'https://app.example.com'
  })
})
afterAll(() => it.ingress.drain())

describe('tokens', () => {
  const mint = (over: Partial<Parameters<typeof mintToken>[0]>) =>
    mintToken({
      secret: it.secrets.jwtSecret ?? '',
      subject: 'c-1',
      role: 'customer',
      nowMs: systemClock.now(),
      lifeMs: 60_000,
      ...over
    })

  test.each([
    ['no token', undefined, 'token_missing'],
    ['a basic password', 'Basic YTpi', 'token_invalid'],
    ['rubbish', 'Bearer rubbish', 'token_invalid'],
    ['two tokens', 'Bearer a b', 'token_invalid']
  ])('refuses %s with 401 and a challenge', async (_, authorization, code) => {
    const reply = await it.post('/rides', {
      key: it.key(),
      body: trip,
      ...(authorization === undefined ? {} : { headers: { authorization } })
    })
    expect([reply.status, reply.body['code']]).toEqual([401, code])
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(it.producer.records).toEqual([])
  })

  test('refuses a foreign signature, an old token and a token without signature', async () => {
    const foreign = await mint({ secret: 'another secret of thirty-two bytes' })
    const old = await mint({ nowMs: systemClock.now() - 120_000 })
    const [head, payload] = (await mint({})).split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const tokens = [foreign, old, `${none}.${payload}.`, `${head}.${payload}.`]
    const replies = await Promise.all(tokens.map((token) => it.get('/rides', { token })))
    expect(replies.map(({ status, body }) => [status, body['code']])).toEqual([
      [401, 'token_invalid'],
      [401, 'token_expired'],
      [401, 'token_invalid'],
      [401, 'token_invalid']
    ])
  })

  test('refuses a role that may not use the route', async () => {
    const reply = await it.get('/admin/statistics', { as: rider })
    expect([reply.status, reply.body['code']]).toEqual([403, 'role_forbidden'])
  })
})

describe('bodies', () => {
  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=latin1'],
    ['application/jsonx']
  ])('refuses the media type %s', async (type) => {
    const headers = { 'content-type': type }
    const reply = await it.post('/rides', { as: rider, key: it.key(), body: trip, headers })
    expect([reply.status, reply.body['code']]).toEqual([415, 'unsupported_media_type'])
  })

  test('takes JSON with a charset', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' }
    const reply = await it.post('/rides', { as: rider, key: it.key(), body: trip, headers })
    expect(reply.status).toBe(202)
  })

  test.each([[70_000], [900_000], [5_000_000]])('refuses a body of %i bytes', async (bytes) => {
    const token = await it.token('customer', 'c-1')
    const answer = await exchangeRaw(
      it.port,
      `POST /api/v1/rides HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n` +
        `content-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`
    )
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
    expect(answer).toContain('"code":"body_too_large"')
  })

  test('refuses by the declared length before the body comes', async () => {
    const { socket, closed } = await openSocket(it.port)
    socket.write('POST /api/v1/rides HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n{')
    expect(await closed).toMatch(/^HTTP\/1.1 413 /)
  })

  test('refuses a chunked body and ends the connection', async () => {
    const answer = await exchangeRaw(
      it.port,
      `POST /api/v1/rides HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${await it.token('customer', 'c-1')}\r\n` +
        'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
    )
    expect(answer).toMatch(/^HTTP\/1.1 411 /)
    expect(answer).toContain('"code":"length_required"')
    expect(answer.match(/HTTP\/1.1/g)).toHaveLength(1)
  })

  test('survives clients that go away at any point', async () => {
    const request = Buffer.from(
      `POST /api/v1/rides HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${await it.token('customer', 'c-1')}\r\n` +
        `idempotency-key: ${it.key()}\r\ncontent-type: application/json\r\n` +
        `content-length: ${JSON.stringify(trip).length}\r\n\r\n${JSON.stringify(trip)}`
    )
    for (let cut = 1; cut <= request.length; cut += 7) {
      const { socket, closed } = await openSocket(it.port)
      socket.write(request.subarray(0, cut))
      socket.destroy()
      await closed
    }
    expect((await it.get('/rides', { as: rider })).status).toBe(200)
  })
})

describe('routing', () => {
  test('answers an unknown path and an unusable id with 404', async () => {
    const path = await it.get('/nothing/here', { as: rider })
    const id = await it.get('/rides/%2e%2e%2f', { as: rider })
    expect([path.status, path.body['code']]).toEqual([404, 'route_not_found'])
    expect([id.status, id.body['code']]).toEqual([404, 'not_found'])
    expect(path.headers.get('content-type')).toBe('application/problem+json')
  })

  test('answers a wrong method with 405 and the right ones', async () => {
    const response = await fetch(`${it.url}/quotes`, { method: 'DELETE' })
    const body = (await response.json()) as Record<string, unknown>
    expect([response.status, body['code']]).toEqual([405, 'method_not_allowed'])
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })

  test('gives every answer a correlation id and refuses an odd one of the client', async () => {
    const reply = await it.get('/nothing', { headers: { 'x-correlation-id': 'a b<script>' } })
    expect(reply.headers.get('x-correlation-id')).toMatch(/^[0-9a-f]{32}$/)
    expect(reply.body['correlationId']).toBe(reply.headers.get('x-correlation-id'))
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    expect(reply.headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    ['limit=0', 422],
    ['limit=1e2', 422],
    ['limit=5&limit=6', 400],
    ['what=ever', 422],
    ['cursor=@@', 400],
    ['cursor=W10', 400]
  ])('refuses the query %s with %i', async (query, status) => {
    expect((await it.get(`/rides?${query}`, { as: rider })).status).toBe(status)
  })
})

describe('cross-origin requests', () => {
  const preflight = (origin: string) =>
    fetch(`${it.url}/rides`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' }
    })

  test('lets the listed origin in and no other', async () => {
    const good = await preflight('https://app.example.com')
    expect(good.status).toBe(200)
    expect(good.headers.get('content-length')).toBe('0')
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(good.headers.get('access-control-allow-headers')).toContain('idempotency-key')
    const bad = await preflight('https://evil.example.com')
    expect(bad.status).toBe(403)
    expect(bad.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('marks answers to the listed origin only', async () => {
    const answer = async (origin: string) =>
      (await it.get('/rides', { as: rider, headers: { origin } })).headers.get(
        'access-control-allow-origin'
      )
    expect(await answer('https://app.example.com')).toBe('https://app.example.com')
    expect(await answer('https://evil.example.com')).toBeNull()
  })
})

describe('limits', () => {
  test('answers 429 with the state of the limit once a subject is over it, and nobody else', async () => {
    const limited = await startTestIngress({ LIMIT_READS: '2' })
    const replies = []
    for (let index = 0; index < 12; index += 1) {
      replies.push(await limited.get('/rides', { as: rider }))
    }
    const refused = replies.filter(({ status }) => status === 429)
    const other = await limited.get('/rides', { as: { role: 'customer', subject: 'c-2' } })
    await limited.ingress.drain()
    expect(replies[0]?.headers.get('ratelimit-limit')).toBe('6')
    expect(replies[0]?.headers.get('ratelimit-policy')).toBe('6;w=3')
    expect(replies[0]?.headers.get('ratelimit-remaining')).toBe('5')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.body['code']).toBe('rate_limited')
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(other.status).toBe(200)
  })

  test('stops an address that tries bad tokens', async () => {
    const limited = await startTestIngress({ LIMIT_BAD_TOKENS: '3' })
    const statuses = []
    for (let index = 0; index < 6; index += 1) {
      statuses.push((await limited.get('/rides', { token: 'bad' })).status)
    }
    await limited.ingress.drain()
    expect(statuses.slice(0, 3)).toEqual([401, 401, 401])
    expect(statuses.at(-1)).toBe(429)
  })

  test('refuses more requests in progress than allowed', async () => {
    const small = await startTestIngress({ HTTP_IN_FLIGHT_MAX: '1' })
    small.producer.mode = 'hang'
    const request = { as: rider, body: trip }
    const first = small.post('/rides', { ...request, key: small.key() })
    while (small.producer.hanging === 0) await systemClock.sleep(1)
    const second = await small.post('/rides', { ...request, key: small.key() })
    small.producer.mode = 'acknowledge'
    small.producer.release()
    expect([second.status, second.body['code']]).toEqual([503, 'overloaded'])
    expect((await first).status).toBe(202)
    await small.ingress.drain()
  })
})

describe('stopping', () => {
  test('answers what is in progress, refuses what is new, loses nothing', async () => {
    const stopping = await startTestIngress()
    stopping.producer.mode = 'hang'
    expect(stopping.ingress.readiness().ok).toBe(true)
    const token = await stopping.token('customer', 'c-1')
    const body = JSON.stringify(trip)
    const idle = await openSocket(stopping.port)
    const request = { as: rider, key: stopping.key(), body: trip }
    const inProgress = stopping.post('/rides', request)
    while (stopping.producer.hanging === 0) await systemClock.sleep(1)
    const drained = stopping.ingress.drain()
    expect(stopping.ingress.readiness()).toEqual({ ok: false, detail: 'draining' })
    idle.socket.write(
      `POST /api/v1/rides HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
        `idempotency-key: ${stopping.key()}\r\ncontent-type: application/json\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`
    )
    const refused = await idle.closed
    stopping.producer.mode = 'acknowledge'
    stopping.producer.release()
    const answered = await inProgress
    await drained
    expect(refused).toMatch(/^HTTP\/1.1 503 /)
    expect(refused).toContain('"code":"draining"')
    expect(answered.status).toBe(202)
    expect(answered.headers.get('connection')).toBe('close')
    expect(stopping.producer.records).toHaveLength(1)
  })
})

test('counts requests by route and status', async () => {
  await it.get('/rides', { as: rider })
  const text = await it.metrics.render()
  expect(text).toMatch(
    /hail_http_request_duration_seconds_count\{route="\/rides",method="GET",code="200"\} \d+/
  )
  expect(text).toMatch(/hail_ingress_accepted_total\{topic="ride_requests"\} \d+/)
})
