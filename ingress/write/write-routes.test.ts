import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decryptField } from '../../core/index.ts'
import type { OutRecord } from '../../core/kafka/index.ts'
import { places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const
const app = { role: 'signup', subject: 'app-1' } as const
const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }

beforeAll(async () => {
  it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_BAD_TOKENS: '0' })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.records.length = 0
})

const person = {
  firstName: '  Ada ',
  lastName: 'Love  lace',
  email: ' Ada@Example.COM ',
  phone: '+1 (212) 555-0100',
  street: '1 Main St',
  city: 'New York',
  state: 'ny',
  zip: '10001',
  ssn: '123-45-6789'
}
const vehicle = { make: 'Toyota', model: 'Prius', year: 2020, color: 'blue', plate: ' abc 123 ' }
const licence = { number: 'a1234567', state: 'ny', expiresOn: '2099-01-01' }

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
    ],
    ['deep nesting', `{"pickup":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'validation_failed']
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

describe('driver actions', () => {
  const rideId = 'a'.repeat(32)

  test.each([
    ['accept', 'ACCEPT'],
    ['decline', 'DECLINE'],
    ['arrive', 'ARRIVE'],
    ['start', 'START'],
    ['end', 'END'],
    ['cancel', 'CANCEL'],
    ['no-show', 'NO_SHOW'],
    ['rating', 'RATE']
  ])('%s produces %s for the subject of the token', async (name, type) => {
    const reply = await it.post(`/driver_actions/${name}`, {
      as: driver,
      key: it.key(),
      body: {
        rideId,
        offerId: `${rideId}/1/d-1`,
        place: places.timesSquare,
        reason: 'because',
        ...(type === 'RATE' ? { rating: 4 } : {})
      }
    })
    expect(reply.status).toBe(202)
    expect(it.sent<'DriverAction'>('driver_actions')[0]).toMatchObject({
      key: rideId,
      value: {
        actionId: reply.body['actionId'],
        rideId,
        driverId: 'd-1',
        type,
        offerId: `${rideId}/1/d-1`,
        place: places.timesSquare,
        rating: type === 'RATE' ? 4 : null
      }
    })
  })

  test('refuses another driver, an offer to another driver and a rider', async () => {
    const other = await it.post('/driver_actions/accept', {
      as: driver,
      body: { rideId, driverId: 'd-2' }
    })
    const offer = await it.post('/driver_actions/accept', {
      as: driver,
      body: { rideId, offerId: `${rideId}/1/d-2` }
    })
    const riding = await it.post('/driver_actions/accept', { as: rider, body: { rideId } })
    expect([other.status, offer.status, riding.status]).toEqual([403, 403, 403])
    expect(riding.body['code']).toBe('role_forbidden')
    expect(it.producer.records).toEqual([])
  })

  test('lets an administrator act for a driver it names', async () => {
    const unnamed = await it.post('/driver_actions/end', { as: admin, body: { rideId } })
    const named = await it.post('/driver_actions/end', {
      as: admin,
      body: { rideId, driverId: 'd-9' }
    })
    expect([unnamed.status, named.status]).toEqual([422, 202])
    expect(it.sent<'DriverAction'>('driver_actions')[0]?.value.driverId).toBe('d-9')
  })

  test('refuses an action without a ride, a rating without stars and an offer of another ride', async () => {
    const replies = await Promise.all([
      it.post('/driver_actions/arrive', { as: driver, body: {} }),
      it.post('/driver_actions/rating', { as: driver, body: { rideId } }),
      it.post('/driver_actions/accept', {
        as: driver,
        body: { rideId, offerId: `${'b'.repeat(32)}/1/d-1` }
      })
    ])
    expect(replies.map(({ status }) => status)).toEqual([422, 422, 422])
  })
})

describe('sessions and positions', () => {
  test('online begins a session, the same for a retry; offline needs no body', async () => {
    const key = it.key()
    const request = { as: driver, key, body: { place: places.timesSquare } }
    const online = await it.post('/drivers/d-1/online', request)
    const again = await it.post('/drivers/d-1/online', request)
    const offline = await it.post('/drivers/d-1/offline', { as: driver })
    expect([online.status, offline.status]).toEqual([202, 202])
    expect(again.body).toEqual(online.body)
    expect(it.sent<'DriverSession'>('driver_sessions').map(({ value }) => value)).toMatchObject([
      { type: 'ONLINE', driverId: 'd-1', sessionId: online.body['sessionId'] },
      { type: 'ONLINE', driverId: 'd-1', sessionId: online.body['sessionId'] },
      { type: 'OFFLINE', driverId: 'd-1', place: null }
    ])
  })

  const ping = { ...places.timesSquare, deviceTime: 1_750_000_000_000, accuracyMeters: 5 }

  test('takes a position', async () => {
    const reply = await it.post('/drivers/d-1/location', { as: driver, body: ping })
    expect([reply.status, reply.body]).toEqual([202, { status: 'accepted' }])
    expect(it.sent<'DriverLocation'>('driver_location_updates')[0]).toMatchObject({
      key: 'd-1',
      value: { ...ping, driverId: 'd-1', headingDegrees: null, sessionId: null }
    })
  })

  test.each([['online'], ['offline'], ['location'], ['locations']])(
    'refuses %s of another driver',
    async (what) => {
      const bodies: Record<string, unknown> = {
        online: { place: places.timesSquare },
        offline: {},
        location: ping,
        locations: { points: [ping] }
      }
      const reply = await it.post(`/drivers/d-2/${what}`, { as: driver, body: bodies[what] })
      expect([reply.status, reply.body['code']]).toEqual([403, 'subject_forbidden'])
      expect(it.producer.records).toEqual([])
    }
  )

  test.each([
    ['no time', { lat: 40, lon: -73 }],
    ['seconds for milliseconds', { ...ping, deviceTime: 1_750_000_000 }],
    ['a longitude out of range', { ...ping, lon: -181 }],
    ['a heading of 400', { ...ping, headingDegrees: 400 }],
    ['an unknown field', { ...ping, status: 'AVAILABLE' }]
  ])('refuses a position with %s', async (_, body) => {
    expect((await it.post('/drivers/d-1/location', { as: driver, body })).status).toBe(422)
  })

  test('answers a batch item by item', async () => {
    const all = await it.post('/drivers/d-1/locations', {
      as: driver,
      body: { points: [ping, { ...ping, deviceTime: ping.deviceTime + 1 }] }
    })
    expect([all.status, all.body['results']]).toEqual([
      202,
      [
        { index: 0, status: 'accepted' },
        { index: 1, status: 'accepted' }
      ]
    ])
    const mixed = await it.post('/drivers/d-1/locations', {
      as: driver,
      body: { points: [ping, { lat: 1 }, 'x'] }
    })
    expect(mixed.status).toBe(207)
    expect(mixed.body['results']).toMatchObject([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'invalid' },
      { index: 2, status: 'invalid' }
    ])
    expect(it.producer.records).toHaveLength(3)
  })

  test('marks items of a batch for retry when the broker fails', async () => {
    it.producer.mode = 'fail'
    const reply = await it.post('/drivers/d-1/locations', { as: driver, body: { points: [ping] } })
    it.producer.mode = 'acknowledge'
    expect(reply.body['results']).toMatchObject([{ index: 0, status: 'retry' }])
  })

  test('refuses an empty batch and one too long', async () => {
    const empty = await it.post('/drivers/d-1/locations', { as: driver, body: { points: [] } })
    const long = await it.post('/drivers/d-1/locations', {
      as: driver,
      body: { points: Array(201).fill(ping) }
    })
    expect([empty.status, long.status]).toEqual([422, 422])
  })
})

describe('sign-ups', () => {
  test('normalises the text, seals the number and derives the ids', async () => {
    const key = it.key()
    const reply = await it.post('/users/signup', {
      as: app,
      key,
      body: { role: 'driver', ...person, vehicle, licence }
    })
    expect(reply.status).toBe(202)
    expect(reply.body['status']).toBe('pending')
    expect(reply.headers.get('location')).toBe(`/api/v1/signups/${reply.body['signupId']}`)
    const [sent] = it.sent<'SignupRequest'>('signup_requests')
    expect(sent?.value).toMatchObject({
      signupId: reply.body['signupId'],
      userId: reply.body['userId'],
      emailKey: it.ids.emailKey('DRIVER', 'ada@example.com'),
      role: 'DRIVER',
      firstName: 'Ada',
      lastName: 'Love lace',
      email: 'ada@example.com',
      phone: '+12125550100',
      state: 'NY',
      ssnLast4: '6789',
      ssnProblem: null,
      vehicle: { plate: 'ABC 123' },
      licence: { number: 'A1234567', state: 'NY' },
      source: 'APP'
    })
    const cipher = sent?.value.ssnCipher ?? ''
    const plain = decryptField({
      value: cipher,
      field: 'ssn',
      entityId: reply.body['userId'] as string,
      keys: it.secrets.piiKeys
    })
    expect(plain).toBe('123456789')
  })

  test('lets no social security number into what is produced', async () => {
    await it.post('/users/signup', {
      as: app,
      key: it.key(),
      body: { role: 'customer', ...person, ssn: '219-45-1234' }
    })
    const [record] = it.producer.records
    const bytes = `${record?.value?.toString('latin1')}${JSON.stringify(record?.headers)}`
    expect(bytes).not.toMatch(/219-?45-?1234/)
  })

  test('finds the same number under any spelling and role', async () => {
    for (const [role, ssn] of [
      ['customer', '123-45-6789'],
      ['driver', '123456789']
    ]) {
      await it.post('/users/signup', {
        as: app,
        key: it.key(),
        body: { role, ...person, ssn, vehicle, licence }
      })
    }
    const keys = it.sent<'SignupRequest'>('signup_requests').map(({ value }) => value.ssnKey)
    expect(keys[0]).toBe(keys[1])
  })

  test('passes the finding on a bad number along instead of refusing', async () => {
    const reply = await it.post('/users/signup', {
      as: app,
      key: it.key(),
      body: { role: 'customer', ...person, ssn: '000-00-0000' }
    })
    expect(reply.status).toBe(202)
    const [sent] = it.sent<'SignupRequest'>('signup_requests')
    expect(sent?.value).toMatchObject({ ssnProblem: 'ssn_never_issued', vehicle: null })
  })

  test.each([
    ['no role', person],
    ['an unknown role', { role: 'admin', ...person }],
    ['a control character', { role: 'customer', ...person, city: 'New\u0000York' }],
    ['a number that is no text', { role: 'customer', ...person, ssn: 123456789 }],
    ['an unknown field', { role: 'customer', ...person, admin: true }]
  ])('refuses %s', async (_, body) => {
    const reply = await it.post('/users/signup', { as: app, key: it.key(), body })
    expect(reply.status).toBe(422)
    expect(JSON.stringify(reply.body)).not.toContain('123456789')
  })

  test('takes sign-ups of administrators and refuses them of others', async () => {
    const key = it.key()
    const customer = await it.post('/admin/customers', { as: admin, key, body: person })
    const asDriver = await it.post('/admin/drivers', {
      as: admin,
      key: it.key(),
      body: { ...person, vehicle, licence }
    })
    const refused = await it.post('/admin/customers', { as: app, key: it.key(), body: person })
    expect([customer.status, asDriver.status, refused.status]).toEqual([202, 202, 403])
    expect(it.sent<'SignupRequest'>('signup_requests').map(({ value }) => value)).toMatchObject([
      { role: 'CUSTOMER', source: 'ADMIN' },
      { role: 'DRIVER', source: 'ADMIN' }
    ])
  })
})
