import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { cellOf } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aRide, places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const

beforeEach(async () => {
  it = await startTestIngress({ LIMIT_READS: '0', READ_DEADLINE: '500ms' })
})
afterEach(() => it.ingress.drain())

const ownRideId = (customerId = 'c-1') => it.ids.rideId({ customerId, idempotencyKey: it.key() })
const storeRide = (ride: ReturnType<typeof aRide>) =>
  it.stores.put(stores.rides, ride.rideId, {
    ride,
    actions: [],
    parkedDriverActions: [],
    parkedRiderActions: []
  })

describe('GET /rides/{id}', () => {
  test('is pending right after the 202, then the store, then history', async () => {
    const rideId = ownRideId()
    const pending = await it.get(`/rides/${rideId}`, { as: rider })
    expect(pending.body).toEqual({ rideId, status: 'pending' })
    storeRide(aRide({ rideId, status: 'PENDING_ACCEPTANCE', excluded: ['d-9'] }))
    const live = await it.get(`/rides/${rideId}`, { as: rider })
    expect(live.body).toMatchObject({ rideId, status: 'pending_acceptance', customerId: 'c-1' })
    expect(live.body).not.toHaveProperty('excluded')
    const old = aRide({ rideId: ownRideId(), status: 'COMPLETED', endedAt: 1_700_000_900_000 })
    it.history.rideList.push(old)
    const stored = await it.get(`/rides/${old.rideId}`, { as: rider })
    expect(stored.body).toMatchObject({ status: 'completed', endedAt: 1_700_000_900_000 })
  })

  test('refuses a ride of another customer whether it exists or not', async () => {
    const foreign = ownRideId('c-2')
    const before = await it.get(`/rides/${foreign}`, { as: rider })
    storeRide(aRide({ rideId: foreign, customerId: 'c-2' }))
    const after = await it.get(`/rides/${foreign}`, { as: rider })
    expect([before.status, after.status]).toEqual([403, 403])
  })

  test('shows a ride to its driver and to administrators, not to another driver', async () => {
    const rideId = ownRideId()
    storeRide(aRide({ rideId, driverId: 'd-1', status: 'ACCEPTED' }))
    const other = { role: 'driver', subject: 'd-2' } as const
    const replies = await Promise.all(
      [driver, admin, other].map((as) => it.get(`/rides/${rideId}`, { as }))
    )
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 403])
  })

  test('answers 404 to an administrator for an unknown ride', async () => {
    expect((await it.get(`/rides/${ownRideId()}`, { as: admin })).status).toBe(404)
  })

  test('answers 503 while Redis is away, and writing goes on', async () => {
    it.stores.isAway = true
    const read = await it.get(`/rides/${ownRideId()}`, { as: rider })
    expect([read.status, read.body['code']]).toEqual([503, 'reads_unavailable'])
    expect(read.headers.get('retry-after')).not.toBeNull()
    const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }
    const write = await it.post('/rides', { as: rider, key: it.key(), body: trip })
    expect(write.status).toBe(202)
  })
})

describe('GET /rides', () => {
  test('puts open rides in front, takes the newer version and pages without gaps', async () => {
    const open = aRide({ rideId: ownRideId(), requestedAt: 1_700_000_500_000 })
    storeRide(open)
    it.stores.put(stores.intake, 'c-1', {
      rides: [{ rideId: open.rideId, bodyHash: 'x', open: true, at: open.requestedAt }]
    })
    const rides = [1, 2, 3, 4].map((n) =>
      aRide({ rideId: ownRideId(), requestedAt: 1_700_000_000_000 + (n === 3 ? 2 : n) })
    )
    it.history.rideList.push(...rides, aRide({ rideId: ownRideId('c-2'), customerId: 'c-2' }))
    const stale = rides[3] as (typeof rides)[number]
    storeRide({ ...stale, status: 'ACCEPTED', seq: 5 })
    const first = await it.get('/rides?limit=2', { as: rider })
    const second = await it.get(`/rides?limit=2&cursor=${first.body['nextCursor']}`, { as: rider })
    const third = await it.get(`/rides?limit=2&cursor=${second.body['nextCursor']}`, { as: rider })
    const shown = [first, second, third].map(({ body }) => body['rides'] as { rideId: string }[])
    expect(shown[0]?.[0]?.rideId).toBe(open.rideId)
    expect(shown[0]?.[1]).toMatchObject({ rideId: stale.rideId, status: 'accepted', seq: 5 })
    expect(shown.map((page) => page.length)).toEqual([3, 2, 0])
    expect(new Set(shown.flat().map(({ rideId }) => rideId)).size).toBe(5)
    expect(third.body['nextCursor']).toBeNull()
  })

  test('shows only the own rides, and any to an administrator', async () => {
    it.history.rideList.push(aRide({ rideId: ownRideId('c-2'), customerId: 'c-2' }))
    const own = await it.get('/rides', { as: rider })
    const foreign = await it.get('/rides?customerId=c-2', { as: rider })
    const all = await it.get('/rides?customerId=c-2', { as: admin })
    expect(own.body['rides']).toEqual([])
    expect(foreign.status).toBe(403)
    expect(all.body['rides']).toHaveLength(1)
  })

  test('answers 503 while MongoDB is away', async () => {
    it.history.isAway = true
    expect((await it.get('/rides', { as: rider })).status).toBe(503)
  })
})

describe('surge in prices', () => {
  test('multiplies a quote, and is stamped on a ride without quote', async () => {
    const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }
    const cell = cellOf(trip.pickup, 8)
    it.stores.put(stores.surge, cell, {
      cell,
      market: 'new_york',
      surgePercent: 150,
      smoothedPercent: 151,
      publishedAt: systemClock.now()
    } as never)
    const quote = await it.post('/quotes', { as: rider, body: trip })
    await it.post('/rides', { as: rider, key: it.key(), body: trip })
    expect(quote.body).toMatchObject({ surgePercent: 150, fare: { surgePercent: 150 } })
    expect(it.sent<'RideRequest'>('ride_requests')[0]?.value.surgePercent).toBe(150)
  })
})
