/**
 * For tests: how to make the server answer each problem it knows.
 *
 * @module
 */
import { RetryError, systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { mintToken } from '../auth/index.ts'
import { example, type ProblemCode } from '../http/index.ts'
import { exchangeRaw } from './raw-request.ts'
import type { TestIngress, TestParts, TestReply } from './test-ingress.ts'

/** A problem as it came. */
export type Provoked = { status: number; type: string | null; body: Record<string, unknown> }

/** Starts an ingress that is stopped after the test. */
export type Start = (
  environment?: Record<string, string>,
  parts?: TestParts
) => Promise<TestIngress>

const rider = { role: 'customer', subject: example.customerId } as const
const trip = { pickup: example.pickup, dropoff: example.dropoff }

const seen = ({ status, headers, body }: TestReply): Provoked => ({
  status,
  type: headers.get('content-type'),
  body
})

/** Asks for a ride, with something about the request changed. */
const ride =
  (change: (it: TestIngress) => Parameters<TestIngress['post']>[1], environment = {}) =>
  async (start: Start): Promise<Provoked> => {
    const it = await start(environment)
    const request = { as: rider, key: it.key(), body: trip, ...change(it) }
    return seen(await it.post('/rides', request))
  }

const get =
  (path: string, request: Parameters<TestIngress['get']>[1] = { as: rider }) =>
  async (start: Start): Promise<Provoked> =>
    seen(await (await start()).get(path, request))

/** A method or an origin that the test client does not send. */
const fetchAs =
  (path: string, init: RequestInit) =>
  async (start: Start): Promise<Provoked> => {
    const response = await fetch((await start()).url + path, init)
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as Record<string, unknown>
    }
  }

const uuidAt = (ms: number): string => {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** A ride over a bare socket, whose length and body are `rest`. */
const rawRide =
  (rest: string, environment: Record<string, string> = {}) =>
  async (start: Start): Promise<Provoked> => {
    const it = await start(environment)
    const token = await it.token('customer', example.customerId)
    const answer = await exchangeRaw(
      it.port,
      `POST /api/v1/rides HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\n${rest}`
    )
    return {
      status: Number(answer.split(' ')[1]),
      type: /content-type: (.+?)\r\n/i.exec(answer)?.[1] ?? null,
      body: JSON.parse(answer.slice(answer.indexOf('{'))) as Record<string, unknown>
    }
  }

const tokenExpired = async (start: Start): Promise<Provoked> => {
  const it = await start()
  const token = await mintToken({
    secret: it.secrets.jwtSecret ?? '',
    ...rider,
    nowMs: systemClock.now() - 120_000,
    lifeMs: 60_000
  })
  return seen(await it.get('/rides', { token }))
}

const keyReused = async (start: Start): Promise<Provoked> => {
  const it = await start()
  const request = { as: rider, key: it.key() }
  await it.post('/rides', { ...request, body: trip })
  const other = { pickup: trip.dropoff, dropoff: trip.pickup }
  return seen(await it.post('/rides', { ...request, body: other }))
}

const rateLimited = async (start: Start): Promise<Provoked> => {
  const it = await start({ LIMIT_READS: '1' })
  let reply = await it.get('/rides', { as: rider })
  while (reply.status === 200) reply = await it.get('/rides', { as: rider })
  return seen(reply)
}

/** A ride that hangs while `meanwhile` asks. */
const whileHanging =
  (meanwhile: (it: TestIngress) => Promise<TestReply>, environment: Record<string, string> = {}) =>
  async (start: Start): Promise<Provoked> => {
    const it = await start(environment)
    it.producer.mode = 'hang'
    const hanging = it.post('/rides', { as: rider, key: it.key(), body: trip })
    while (it.producer.hanging === 0) await systemClock.sleep(1)
    const reply = await meanwhile(it)
    it.producer.mode = 'acknowledge'
    it.producer.release()
    await hanging
    return seen(reply)
  }

const brokerUnavailable = async (start: Start): Promise<Provoked> => {
  const it = await start({ BREAKER_FAILURES: '1' })
  it.producer.mode = 'fail'
  const ask = () => it.post('/rides', { as: rider, key: it.key(), body: trip })
  await ask()
  return seen(await ask())
}

const authUnavailable = async (start: Start): Promise<Provoked> => {
  const keys = {
    algorithms: ['HS256'],
    getKey: () => Promise.reject(new RetryError('HAIL_TIMEOUT', 'no answer')),
    start: () => Promise.resolve(),
    stop: () => undefined
  }
  const it = await start({}, { keys })
  return seen(await it.get('/rides', { as: rider }))
}

const internalError = async (start: Start): Promise<Provoked> => {
  const it = await start()
  const rideId = it.ids.rideId({ customerId: example.customerId, idempotencyKey: it.key() })
  const actorId = example.customerId
  const of = { scope: 'ride', entityId: rideId, actorId, idempotencyKey: 'k' } as const
  it.stores.put(stores.rides, rideId, { actions: null } as never)
  return seen(await it.get(`/actions/${it.ids.actionId(of)}`, { as: rider }))
}

const readsUnavailable = async (start: Start): Promise<Provoked> => {
  const it = await start()
  it.history.isAway = true
  return seen(await it.get('/bills', { as: rider }))
}

const hour = 3_600_000

/** One for each code. */
export const provocations: Readonly<Record<ProblemCode, (start: Start) => Promise<Provoked>>> = {
  malformed_request: rawRide('content-length: 2\r\ncontent-length: 3\r\n\r\n{}'),
  malformed_json: ride(() => ({ body: '{"pickup":' })),
  malformed_query: get('/rides?limit=5&limit=6'),
  idempotency_key_required: ride(() => ({ key: '' })),
  idempotency_key_invalid: ride(() => ({ key: '6ba7b810-9dad-41d1-80b4-00c04fd430c8' })),
  idempotency_key_expired: ride(() => ({ key: uuidAt(systemClock.now() - 24 * hour) })),
  token_missing: get('/rides', {}),
  token_invalid: get('/rides', { token: 'nonsense' }),
  token_expired: tokenExpired,
  role_forbidden: get('/admin/statistics'),
  subject_forbidden: get('/customers/c-somebody-else'),
  origin_forbidden: fetchAs('/rides', {
    method: 'OPTIONS',
    headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' }
  }),
  route_not_found: get('/nothing'),
  not_found: get('/bills/none'),
  method_not_allowed: fetchAs('/quotes', { method: 'DELETE' }),
  request_timeout: rawRide('content-length: 100\r\n\r\n{', { HTTP_BODY_TIMEOUT: '200ms' }),
  length_required: rawRide('transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'),
  body_too_large: ride(() => ({ body: JSON.stringify({ pad: 'x'.repeat(100_000) }) })),
  unsupported_media_type: ride(() => ({ headers: { 'content-type': 'text/plain' } })),
  validation_failed: ride(() => ({ body: { ...trip, pickup: 'here' } })),
  outside_service_area: ride(() => ({ body: { ...trip, pickup: { lat: 0, lon: 0 } } })),
  idempotency_key_reused: keyReused,
  upgrade_required: get('/stream'),
  rate_limited: rateLimited,
  internal_error: internalError,
  overloaded: whileHanging((it) => it.get('/rides', { as: rider }), { HTTP_IN_FLIGHT_MAX: '1' }),
  broker_unavailable: brokerUnavailable,
  unknown_outcome: async (start) => {
    const it = await start()
    it.producer.mode = 'fail'
    return seen(await it.post('/rides', { as: rider, key: it.key(), body: trip }))
  },
  auth_unavailable: authUnavailable,
  reads_unavailable: readsUnavailable,
  draining: whileHanging(
    async (it) => {
      void it.ingress.drain()
      return await it.get('/rides', { as: rider })
    },
    { DRAIN_GRACE: '0ms' }
  )
}
