import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const

beforeAll(async () => {
  it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_BAD_TOKENS: '0' })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.records.length = 0
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
})
