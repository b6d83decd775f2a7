/**
 * @module Clients that take their time, and many of them at once.
 */
import { SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { places } from '../testing/builders.ts'
import {
  answersTo,
  openSocket,
  parseReplies,
  rawRequest,
  sendParts,
  wholeReplies
} from '../testing/raw-request.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'
import { isNewerBuild } from '../testing/web-server-build.ts'

let it: TestIngress
afterEach(() => it.ingress.drain())

const rider = { role: 'customer', subject: 'c-1' } as const
const trip = JSON.stringify({ pickup: places.timesSquare, dropoff: places.unionSquare })
const gauge = async (name: string): Promise<number> =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await it.metrics.render())?.[1])

const head = async (bytes: number, subject = 'c-1'): Promise<string> =>
  rawRequest('POST /api/v1/rides', [
    `authorization: Bearer ${await it.token('customer', subject)}`,
    'content-type: application/json',
    `idempotency-key: ${it.key()}`,
    `content-length: ${bytes}`
  ])

describe('a body', () => {
  test.each([
    ['does not come', 0],
    ['comes byte by byte', 20]
  ])('that %s is answered with 408 and the end of the connection', async (_, everyMs) => {
    it = await startTestIngress({ HTTP_BODY_TIMEOUT: '600ms' })
    const { socket, closed } = await openSocket(it.port)
    socket.write(`${await head(1_000)}{`)
    const drip = everyMs === 0 ? null : setInterval(() => socket.write(' '), everyMs)
    const [reply, ...more] = parseReplies(await closed)
    if (drip !== null) clearInterval(drip)
    expect(more).toEqual([])
    expect(reply?.status).toBe(408)
    expect(reply?.head).toMatch(/^connection: close$/im)
    expect(reply?.body).toContain('"code":"request_timeout"')
    expect(await gauge('hail_http_bodies_in_flight_bytes')).toBe(0)
    expect(it.producer.records).toEqual([])
  })

  test('that comes in single bytes within its time is taken', async () => {
    it = await startTestIngress()
    const { socket, until } = await openSocket(it.port)
    await sendParts(socket, [await head(trip.length), ...trip])
    const received = await until((text) => wholeReplies(text) === 1)
    socket.destroy()
    expect(parseReplies(received)).toMatchObject([{ status: 202 }])
  })

  test('too many for the budget is refused, until those before are through or gone', async () => {
    it = await startTestIngress({ HTTP_BODIES_BYTES: '1MiB' })
    const sockets = []
    for (let index = 0; index < 16; index += 1) {
      const { socket } = await openSocket(it.port)
      await sendParts(socket, [`${await head(65_536, `c-${index}`)}{`])
      sockets.push(socket)
    }
    while ((await gauge('hail_http_bodies_in_flight_bytes')) < 1_048_576) await systemClock.sleep(5)
    const answerTo = async (subject: string): Promise<string> => {
      const { socket, until } = await openSocket(it.port)
      await sendParts(socket, [await head(trip.length, subject), ...trip])
      const [reply] = parseReplies(await until((text) => wholeReplies(text) === 1))
      socket.destroy()
      return `${reply?.head}${reply?.body}`
    }
    expect(await answerTo('c-99')).toMatch(/^HTTP\/1.1 503 .*^retry-after: [1-9].*"overloaded"/ims)
    // Who holds a share of it is told so.
    expect(await answerTo('c-1')).toMatch(/^HTTP\/1.1 429 .*"rate_limited"/ims)
    // A body that comes with its headers waits for nothing.
    const request = { as: { ...rider, subject: 'c-99' }, body: trip }
    expect((await it.post('/rides', { ...request, key: it.key() })).status).toBe(202)
    for (const socket of sockets) socket.destroy()
    while ((await gauge('hail_http_bodies_in_flight_bytes')) > 0) await systemClock.sleep(5)
    expect(await answerTo('c-99')).toMatch(/^HTTP\/1.1 202 /)
  })
})

describe('a refusal whose body is still under way', () => {
  const refused = [
    ['401', 'POST /api/v1/rides', 'token_missing'],
    ['404', 'POST /api/v1/nothing', 'route_not_found'],
    ['405', 'PUT /api/v1/rides', 'method_not_allowed'],
    ['200', 'OPTIONS /api/v1/rides', ''],
    ['200', 'GET /api/v1/problems/draining', '']
  ] as const
  const begin = (line: string): string => rawRequest(line, ['content-length: 60000'])

  test.each(refused)('%s is told whole when the body never comes', async (status, line, code) => {
    it = await startTestIngress({ HTTP_BODY_TIMEOUT: '600ms', HTTP_IN_FLIGHT_PER_ADDRESS: '1' })
    const { socket, closed } = await openSocket(it.port)
    await sendParts(socket, [begin(line), 'x'.repeat(5_000)])
    expect((await it.get('/rides', { as: rider })).status).toBe(429)
    // It holds the one place of its address as long.
    while ((await it.get('/rides', { as: rider })).status !== 200) await systemClock.sleep(5)
    const [reply, ...more] = parseReplies(await closed)
    expect(more).toEqual([])
    expect(reply?.status).toBe(Number(status))
    expect(reply?.head).toMatch(/^connection: close$/im)
    expect(reply?.body).toContain(code)
  })

  test.each(refused)('%s leaves a connection to go on with once it has come', async (_, line) => {
    it = await startTestIngress()
    const { socket, until } = await openSocket(it.port)
    await sendParts(socket, [begin(line), ...Array(12).fill('x'.repeat(5_000)), begin(line)])
    await sendParts(socket, ['x'.repeat(60_000)])
    const text = await until((received) => wholeReplies(received) === 2)
    socket.destroy()
    expect(text).not.toMatch(/^connection: close$/im)
  })
})

test('a read whose body does not come is no request in progress once it is decided', async () => {
  it = await startTestIngress({ HTTP_BODY_TIMEOUT: '2s', HTTP_IN_FLIGHT_MAX: '1' })
  const { socket, closed, received } = await openSocket(it.port)
  const token = await it.token('customer', 'c-1')
  const headers = [`authorization: Bearer ${token}`, 'content-length: 9']
  await sendParts(socket, [rawRequest('GET /api/v1/rides', headers)])
  const other = { as: { ...rider, subject: 'c-2' } }
  while ((await it.get('/rides', other)).status !== 200) await systemClock.sleep(5)
  expect(received()).toBe('')
  expect(parseReplies(await closed)).toMatchObject([{ status: 200 }])
})

describe('one address', () => {
  test('holds no more requests open than it may; another is served', async () => {
    it = await startTestIngress({ HTTP_IN_FLIGHT_PER_ADDRESS: '3', TRUSTED_PROXIES: '1' })
    const sockets = []
    for (let index = 0; index < 3; index += 1) {
      const { socket } = await openSocket(it.port)
      const from = (await head(100)).replace('host: x', 'host: x\r\nx-forwarded-for: 203.0.113.7')
      await sendParts(socket, [from])
      sockets.push(socket)
    }
    const from = (address: string) =>
      it.get('/rides', { as: rider, headers: { 'x-forwarded-for': address } })
    const refused = await from('203.0.113.7')
    expect([refused.status, refused.body['code']]).toEqual([429, 'rate_limited'])
    expect((await from('203.0.113.8')).status).toBe(200)
    for (const socket of sockets) socket.destroy()
    while ((await from('203.0.113.7')).status !== 200) await systemClock.sleep(20)
  })

  test('cannot pass as another where no proxy is trusted', async () => {
    it = await startTestIngress({ LIMIT_BAD_TOKENS: '3' })
    const statuses = []
    for (let index = 0; index < 6; index += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${index}` }
      statuses.push((await it.get('/rides', { token: 'bad', headers })).status)
    }
    expect(statuses.at(-1)).toBe(429)
  })

  test('is the one the trusted proxy saw, whatever the client put in front', async () => {
    it = await startTestIngress({ LIMIT_BAD_TOKENS: '3', TRUSTED_PROXIES: '1' })
    const ask = async (claimed: string, seen: string): Promise<number> => {
      const headers = { 'x-forwarded-for': `${claimed}, ${seen}` }
      return (await it.get('/rides', { token: 'bad', headers })).status
    }
    const spoofed = []
    for (let index = 0; index < 6; index += 1) {
      spoofed.push(await ask(`203.0.113.${index}`, '198.51.100.1'))
    }
    expect(spoofed.at(-1)).toBe(429)
    expect(await ask('198.51.100.1', '198.51.100.2')).toBe(401)
  })
})

describe('headers', () => {
  test('with a token of 6 KB in two packets are taken where the build has room for them', async () => {
    it = await startTestIngress()
    const token = await new SignJWT({ role: 'customer', groups: 'g'.repeat(4_300) })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('c-1')
      .setIssuer('hailstream')
      .setAudience('hailstream')
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(it.secrets.jwtSecret ?? ''))
    expect(token.length).toBeGreaterThan(5_800)
    const request = rawRequest('GET /api/v1/rides', [`authorization: Bearer ${token}`])
    const whole = await answersTo(it.port, request)
    const { socket, until } = await openSocket(it.port)
    await sendParts(socket, [request.slice(0, 3_000), request.slice(3_000)])
    const split = parseReplies(await until((text) => wholeReplies(text) === 1))
    socket.destroy()
    expect(whole).toMatchObject([{ status: 200 }])
    // The older build has 4 KiB for headers that need a second packet, whatever it is told.
    expect(split).toMatchObject(isNewerBuild ? [{ status: 200 }] : [])
  })

  test('that trickle in end with their connection, and 200 of them keep nobody out', async () => {
    it = await startTestIngress()
    const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(it.port)))
    for (const { socket } of sockets) socket.write('GET /api/v1/rides HTTP/1.1\r\nhost: x\r\nx-a: ')
    const drip = setInterval(() => {
      for (const { socket } of sockets) socket.write('a')
    }, 500)
    expect((await it.get('/rides', { as: rider })).status).toBe(200)
    const received = await Promise.all(sockets.map(({ closed }) => closed))
    clearInterval(drip)
    expect(new Set(received)).toEqual(new Set(['']))
    expect((await it.get('/rides', { as: rider })).status).toBe(200)
  })
})
