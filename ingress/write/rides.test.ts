import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OutRecord } from '../../core/kafka/index.ts'
import { places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const
const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }

beforeAll(async () => {
  it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_BAD_TOKENS: '0' })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.records.length = 0
})

describe('POST /rides', () => {
  test('answers 202 once the record is produced, with all headers and the right partition', async () => {
    const key = it.key()
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const reply = await it.post('/rides', {
      as: rider,
      key,
      body: trip,
      headers: { traceparent, 'x-correlation-id': 'correlation-1' }
    })
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: key })
    expect(reply.status).toBe(202)
    expect(reply.body).toEqual({ rideId, status: 'pending' })
    expect(reply.headers.get('location')).toBe(`/api/v1/rides/${rideId}`)
    expect(reply.headers.get('x-correlation-id')).toBe('correlation-1')
    const [sent] = it.sent<'RideRequest'>('ride_requests')
    expect(sent).toMatchObject({
      key: 'c-1',
      value: {
        rideId,
        customerId: 'c-1',
        idempotencyKey: key,
        market: 'new_york',
        ...trip,
        quoteToken: null,
        surgePercent: 100,
        correlationId: 'correlation-1'
      }
    })
    const { headers, timestampMs } = it.producer.records[0] as OutRecord
    expect(timestampMs).toBe(sent?.value.requestedAt)
    expect(headers).toMatchObject({
      ce_id: rideId,
      ce_type: 'hailstream.RideRequest',
      'correlation-id': 'correlation-1',
      'content-type': 'application/avro'
    })
    expect(headers?.['ce_time']).toBe(new Date(timestampMs ?? 0).toISOString())
    expect(headers?.['traceparent']).toMatch(new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-01$`))
  })

  test('gives a retry the same ride and refuses the key with another body', async () => {
    const key = it.key()
    const first = await it.post('/rides', { as: rider, key, body: trip })
    const again = await it.post('/rides', { as: rider, key, body: trip })
    const other = await it.post('/rides', {
      as: rider,
      key,
      body: { pickup: places.unionSquare, dropoff: places.timesSquare }
    })
    expect(again.body).toEqual(first.body)
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused'])
  })

  test.each([
    ['pickup in the sea', { ...trip, pickup: places.atlantic }, 'outside_service_area'],
    ['drop-off in the sea', { ...trip, dropoff: places.atlantic }, 'outside_service_area'],
    [
      'drop-off in another market',
      { ...trip, dropoff: places.chicagoLoop },
      'outside_service_area'
    ],
    ['latitude 91', { ...trip, pickup: { lat: 91, lon: 0 } }, 'outside_service_area'],
    ['latitude as text', { ...trip, pickup: { lat: '40', lon: -73 } }, 'validation_failed'],
    ['no pickup', { dropoff: trip.dropoff }, 'validation_failed'],
    ['an unknown field', { ...trip, fare: 1 }, 'validation_failed'],
    ['an array', [trip], 'validation_failed'],
    ['null', 'null', 'validation_failed'],
    [
      'a prototype',
      `{"pickup":{"lat":40.758,"lon":-73.9855,"__proto__":{"x":1}},"dropoff":{"lat":40.7359,"lon":-73.9911}}`,
      'validation_failed'
    ],
    [
      'a prototype on top',
      `{"__proto__":{"admin":true},"pickup":{"lat":40.758,"lon":-73.9855},"dropoff":{"lat":40.7359,"lon":-73.9911}}`,
      'validation_failed'
    ],
    [
      'an infinite number',
      '{"pickup":{"lat":1e999,"lon":0},"dropoff":{"lat":1,"lon":1}}',
      'validation_failed'
    ]
  ])('refuses %s with 422 and produces nothing', async (_, body, code) => {
    const reply = await it.post('/rides', { as: rider, key: it.key(), body })
    expect([reply.status, reply.body['code']]).toEqual([422, code])
    expect(reply.headers.get('content-type')).toBe('application/problem+json')
    expect((reply.body['errors'] as unknown[]).length).toBeGreaterThan(0)
    expect(it.producer.records).toEqual([])
  })

  test.each([
    ['truncated JSON', '{"pickup":'],
    ['no JSON at all', 'pickup=1'],
    ['NaN', '{"pickup":NaN}'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['an empty body', '']
  ])('refuses %s with 400', async (_, body) => {
    const reply = await it.post('/rides', { as: rider, key: it.key(), body })
    expect([reply.status, reply.body['code']]).toEqual([400, 'malformed_json'])
    expect(it.producer.records).toEqual([])
  })

  test.each([
    ['none', undefined, 'idempotency_key_required'],
    ['no UUID', 'hello', 'idempotency_key_invalid'],
    ['a UUIDv4', '0b7e7cf2-6c5c-4b3a-9d8e-000000000000', 'idempotency_key_invalid'],
    ['one from 2023', '018bcfe5-6800-7000-8000-000000000000', 'idempotency_key_expired'],
    ['one from the year 3000', '1d8f4a2b-0000-7000-8000-000000000000', 'idempotency_key_invalid']
  ])('refuses as idempotency key: %s', async (_, key, code) => {
    const reply = await it.post('/rides', {
      as: rider,
      body: trip,
      ...(key === undefined ? {} : { key })
    })
    expect([reply.status, reply.body['code']]).toEqual([400, code])
    expect(it.producer.records).toEqual([])
  })

  test('answers 503 with Retry-After when the broker fails, and 202 when it is back', async () => {
    it.producer.mode = 'fail'
    const failed = await it.post('/rides', { as: rider, key: it.key(), body: trip })
    it.producer.mode = 'acknowledge'
    expect([failed.status, failed.body['code']]).toEqual([503, 'unknown_outcome'])
    expect(Number(failed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const again = await it.post('/rides', { as: rider, key: it.key(), body: trip })
    expect(again.status).toBe(202)
  })
})

describe('POST /rides/{id}/cancel and rating', () => {
  test('produces the action of the owner, and a retry is the same action', async () => {
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: it.key() })
    const key = it.key()
    const reply = await it.post(`/rides/${rideId}/cancel`, {
      as: rider,
      key,
      body: { reason: ' changed my mind ' }
    })
    const again = await it.post(`/rides/${rideId}/cancel`, { as: rider, key })
    expect(reply.status).toBe(202)
    expect(again.body).toEqual(reply.body)
    expect(reply.headers.get('location')).toBe(`/api/v1/actions/${reply.body['actionId']}`)
    expect(it.sent<'RiderAction'>('rider_actions')[0]).toMatchObject({
      key: rideId,
      value: { type: 'CANCEL', actorId: 'c-1', actorRole: 'CUSTOMER', reason: 'changed my mind' }
    })
  })

  test('gives one key used for cancel and rating two actions', async () => {
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: it.key() })
    const key = it.key()
    const cancelled = await it.post(`/rides/${rideId}/cancel`, { as: rider, key })
    const rated = await it.post(`/rides/${rideId}/rating`, { as: rider, key, body: { rating: 5 } })
    expect(rated.status).toBe(202)
    expect(rated.body['actionId']).not.toBe(cancelled.body['actionId'])
  })

  test('refuses a ride of somebody else with 403, lets an administrator', async () => {
    const rideId = it.ids.rideId({ customerId: 'c-2', idempotencyKey: it.key() })
    const foreign = await it.post(`/rides/${rideId}/cancel`, { as: rider })
    expect([foreign.status, foreign.body['code']]).toEqual([403, 'subject_forbidden'])
    expect(it.producer.records).toEqual([])
    expect((await it.post(`/rides/${rideId}/cancel`, { as: admin })).status).toBe(202)
  })

  test.each([[0], [6], [4.5], ['5'], [undefined]])('refuses the rating %s', async (rating) => {
    const rideId = it.ids.rideId({ customerId: 'c-1', idempotencyKey: it.key() })
    const reply = await it.post(`/rides/${rideId}/rating`, { as: rider, body: { rating } })
    expect(reply.status).toBe(422)
  })
})
describe('POST /quotes', () => {
  test('prices the trip, signs it and signals demand', async () => {
    const reply = await it.post('/quotes', { as: rider, body: trip })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ surgePercent: 100, fare: { currency: 'USD' } })
    const quoteToken = reply.body['quoteToken'] as string
    const ride = await it.post('/rides', {
      as: rider,
      key: it.key(),
      body: { ...trip, quoteToken }
    })
    expect(ride.status).toBe(202)
    expect(it.sent<'DemandSignal'>('demand_signals')[0]).toMatchObject({
      key: 'new_york',
      value: { kind: 'QUOTE', customerId: 'c-1', signalId: reply.body['quoteId'] }
    })
    expect(it.sent<'RideRequest'>('ride_requests')[0]?.value.quoteToken).toBe(quoteToken)
  })

  test('does not fail when demand cannot be produced or surge cannot be read', async () => {
    it.producer.mode = 'fail'
    it.stores.isAway = true
    const reply = await it.post('/quotes', {
      as: rider,
      body: { pickup: { lat: 40.7, lon: -73.99 }, dropoff: places.unionSquare }
    })
    it.producer.mode = 'acknowledge'
    it.stores.isAway = false
    expect([reply.status, reply.body['surgePercent']]).toEqual([200, 100])
    expect(await it.metrics.render()).toMatch(/hail_ingress_surge_read_failures_total [1-9]/)
  })
})
