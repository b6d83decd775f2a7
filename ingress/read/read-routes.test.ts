import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { cellOf } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aBill, aDriver, aPresence, aRide, places } from '../testing/builders.ts'
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

describe('outcomes', () => {
  test('an action is pending, then applied or refused; a stranger sees none of it', async () => {
    const rideId = ownRideId()
    const actionId = it.ids.actionId({
      scope: 'ride',
      entityId: rideId,
      actorId: 'c-1',
      idempotencyKey: 'CANCEL:x'
    })
    const pending = await it.get(`/actions/${actionId}`, { as: rider })
    expect(pending.body).toEqual({ actionId, status: 'pending' })
    const decided = { actionId, actorId: 'c-1', action: 'cancel', at: 1 }
    it.stores.put(stores.rides, rideId, {
      ride: null,
      actions: [{ ...decided, outcome: 'REFUSED', reason: 'ride_ended' }],
      parkedDriverActions: [],
      parkedRiderActions: []
    })
    const refused = await it.get(`/actions/${actionId}`, { as: rider })
    expect(refused.body).toEqual({ actionId, status: 'refused', reason: 'ride_ended' })
    const stranger = { role: 'customer', subject: 'c-2' } as const
    expect((await it.get(`/actions/${actionId}`, { as: stranger })).status).toBe(403)
    expect((await it.get('/actions/nonsense', { as: rider })).status).toBe(404)
  })

  test('an action of a session is found at the driver', async () => {
    const { body } = await it.post('/drivers/d-1/online', {
      as: driver,
      body: { place: places.timesSquare }
    })
    const actionId = body['actionId'] as string
    const action = { actionId, actorId: 'd-1', action: 'online', reason: null, at: 1 }
    it.stores.put(stores.drivers, 'd-1', aDriver({ actions: [{ ...action, outcome: 'APPLIED' }] }))
    const reply = await it.get(`/actions/${actionId}`, { as: driver })
    expect(reply.body).toEqual({ actionId, status: 'applied' })
  })

  test('a sign-up is pending, then rejected with reasons or active', async () => {
    const as = { role: 'signup', subject: 'app-1' } as const
    const emailKey = it.ids.emailKey('CUSTOMER', 'a@example.com')
    const [one = '', two = ''] = ['1', '2'].map((idempotencyKey) =>
      it.ids.signupId({ emailKey, idempotencyKey })
    )
    const pending = await it.get(`/signups/${one}`, { as })
    expect(pending.body).toEqual({ signupId: one, status: 'pending', reasons: [] })
    it.stores.put(stores.emails, emailKey, {
      status: 'ACTIVE',
      signupId: one,
      request: null,
      waiting: [],
      claimedAt: 1,
      outcomes: [
        { signupId: one, outcome: 'APPLIED', reasons: [], userId: 'c-7', decidedAt: 1 },
        { signupId: two, outcome: 'REFUSED', reasons: ['email_taken'], userId: 'c-7', decidedAt: 2 }
      ]
    })
    const active = await it.get(`/signups/${one}`, { as })
    const rejected = await it.get(`/signups/${two}`, { as })
    expect(active.body).toEqual({ signupId: one, status: 'active', reasons: [], userId: 'c-7' })
    expect(rejected.body).toEqual({ signupId: two, status: 'rejected', reasons: ['email_taken'] })
    expect((await it.get('/signups/x', { as })).status).toBe(404)
  })
})

describe('GET /drivers/{id}/assignment', () => {
  const offered = (rideId: string) => {
    const offerId = `${rideId}/1/d-1`
    it.stores.put(stores.drivers, 'd-1', aDriver({ status: 'RESERVED', offerId, rideId }))
    return { rideId, offerId, driverId: 'd-1', matchedAt: 1_700_000_010_000, pickupEtaSeconds: 90 }
  }

  test('is none, an offer once the ride waits for it, then the ride', async () => {
    expect((await it.get('/drivers/d-1/assignment', { as: driver })).body['kind']).toBe('none')
    const match = offered(ownRideId())
    storeRide(aRide({ rideId: match.rideId }))
    expect((await it.get('/drivers/d-1/assignment', { as: driver })).body['kind']).toBe('none')
    storeRide(aRide({ ...match, status: 'PENDING_ACCEPTANCE', seq: 2 }))
    const offer = await it.get('/drivers/d-1/assignment', { as: driver })
    expect(offer.body).toMatchObject({
      kind: 'offer',
      offerId: match.offerId,
      rideId: match.rideId,
      pickup: places.timesSquare,
      pickupEtaSeconds: 90,
      expiresAt: 1_700_000_025_000
    })
    storeRide(aRide({ ...match, status: 'ACCEPTED', seq: 3 }))
    const ride = await it.get('/drivers/d-1/assignment', { as: driver })
    expect(ride.body).toMatchObject({ kind: 'ride', status: 'accepted', rideId: match.rideId })
    storeRide(aRide({ ...match, status: 'COMPLETED', seq: 4 }))
    expect((await it.get('/drivers/d-1/assignment', { as: driver })).body['kind']).toBe('none')
  })

  test('waits for an offer and for a change of what is known', async () => {
    const waiting = it.get('/drivers/d-1/assignment?wait=10', { as: driver })
    const match = offered(ownRideId())
    storeRide(aRide({ ...match, status: 'PENDING_ACCEPTANCE', seq: 2 }))
    const offer = await waiting
    expect(offer.body['kind']).toBe('offer')
    const version = offer.body['version'] as string
    const changing = it.get(
      `/drivers/d-1/assignment?wait=10&version=${encodeURIComponent(version)}`,
      { as: driver }
    )
    storeRide(aRide({ ...match, status: 'ACCEPTED', seq: 3 }))
    expect((await changing).body['kind']).toBe('ride')
  })

  test('reads for all who wait together', async () => {
    const waiting = Array.from({ length: 20 }, (_, index) =>
      it.get(`/drivers/d-${index}/assignment?wait=1`, {
        as: { role: 'driver', subject: `d-${index}` }
      })
    )
    const replies = await Promise.all(waiting)
    expect(replies.every(({ body }) => body['kind'] === 'none')).toBe(true)
    // 20 first looks of two reads, and about ten shared ones: far from 20 x 10 x 2.
    expect(it.stores.batches).toBeLessThan(90)
  })

  test('answers those who wait when the process stops', async () => {
    const waiting = it.get('/drivers/d-1/assignment?wait=30', { as: driver })
    while (it.stores.batches < 2) await systemClock.sleep(1)
    await systemClock.sleep(1)
    const startedAt = systemClock.monotonic()
    await it.ingress.drain()
    expect((await waiting).status).toBe(200)
    expect(systemClock.monotonic() - startedAt).toBeLessThan(5_000)
  })

  test('refuses another driver and a wait over 30 s', async () => {
    const foreign = await it.get('/drivers/d-2/assignment', { as: driver })
    const long = await it.get('/drivers/d-1/assignment?wait=31', { as: driver })
    expect([foreign.status, long.status]).toEqual([403, 422])
  })
})

describe('drivers and customers', () => {
  test('shows available drivers near a place, without ids to riders', async () => {
    const heardAt = systemClock.now()
    it.stores.near = ['d-1', 'd-2', 'd-3'].map((member, index) => ({
      member,
      distanceMeters: 10.4 * (index + 1),
      ...places.timesSquare
    }))
    it.stores.put(stores.presence, 'd-1', aPresence({ heardAt }))
    it.stores.put(stores.presence, 'd-2', aPresence({ heardAt, status: 'ON_TRIP' }))
    it.stores.put(stores.presence, 'd-3', aPresence({ heardAt: heardAt - 3_600_000 }))
    const path = '/drivers/nearby?lat=40.758&lon=-73.9855&radius=500'
    const shown = await it.get(path, { as: rider })
    expect(shown.body['drivers']).toEqual([{ ...places.timesSquare, distanceMeters: 10 }])
    const full = await it.get(path, { as: admin })
    expect(full.body['drivers']).toMatchObject([{ driverId: 'd-1' }])
    expect((await it.get('/drivers/nearby?lat=40', { as: rider })).status).toBe(422)
    expect((await it.get(`${path}0000`, { as: rider })).status).toBe(422)
  })

  test('shows a profile to its owner and to administrators', async () => {
    const profile = {
      userId: 'd-1',
      firstName: 'Dana',
      lastName: 'Driver',
      email: 'd@example.com',
      phone: '+12125550100',
      street: '1 Main St',
      city: 'New York',
      state: 'NY',
      zip: '10001',
      ssnLast4: '6789',
      vehicle: null,
      licence: null,
      registeredAt: 1_700_000_000_000
    }
    expect((await it.get('/drivers/d-1', { as: driver })).status).toBe(404)
    it.history.userById.set('d-1', profile)
    it.history.userById.set('c-1', { ...profile, userId: 'c-1' })
    it.stores.put(stores.drivers, 'd-1', aDriver())
    const own = await it.get('/drivers/d-1', { as: driver })
    expect(own.body).toMatchObject({ driverId: 'd-1', profile, state: { status: 'available' } })
    expect((await it.get('/drivers/d-2', { as: driver })).status).toBe(403)
    expect((await it.get('/customers/c-1', { as: rider })).status).toBe(200)
    expect((await it.get('/customers/c-2', { as: rider })).status).toBe(403)
    expect((await it.get('/customers/c-2', { as: admin })).status).toBe(404)
  })
})

describe('bills', () => {
  test('shows each party its own bills and its own part of the sum', async () => {
    it.history.billList.push(aBill(), aBill({ billId: 'bill-2', customerId: 'c-2' }))
    const own = await it.get('/bills', { as: rider })
    expect(own.body['bills']).toMatchObject([{ billId: 'bill-1', kind: 'trip', totalMinor: 1_234 }])
    expect((own.body['bills'] as object[])[0]).not.toHaveProperty('driverEarningsMinor')
    const paid = await it.get('/bills/bill-1', { as: driver })
    expect(paid.body).toMatchObject({ driverEarningsMinor: 900 })
    expect(paid.body).not.toHaveProperty('platformMinor')
    expect((await it.get('/bills/bill-1', { as: admin })).body).toMatchObject({
      platformMinor: 334
    })
    expect((await it.get('/bills/bill-2', { as: rider })).status).toBe(403)
    expect((await it.get('/bills/bill-9', { as: rider })).status).toBe(404)
  })
})

describe('figures for administrators', () => {
  const hour = 1_700_000_400_000 - (1_700_000_400_000 % 3_600_000)
  const figures = {
    market: 'new_york',
    currency: null,
    hour,
    requested: 10,
    completed: 6,
    cancelled: 2,
    unserved: 1,
    rejected: 1,
    offersMade: 8,
    offersAccepted: 6,
    waits: 6,
    waitMsTotal: 60_000,
    revenueMinor: 0,
    driverEarningsMinor: 0
  }
  const bills = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? 0 : null])
  ) as unknown as typeof figures

  test('sums the hours and says as of when', async () => {
    it.history.figures = {
      asOf: 1_700_000_500_000,
      hours: [
        figures,
        { ...figures, market: 'chicago', hour: hour + 3_600_000, waitMsTotal: 180_000 },
        {
          ...bills,
          hour,
          currency: 'USD' as never,
          revenueMinor: 5_000,
          driverEarningsMinor: 4_000
        }
      ]
    }
    const read = async (path: string) => (await it.get(`/admin/${path}`, { as: admin })).body
    expect(await read('statistics')).toMatchObject({
      asOf: 1_700_000_500_000,
      rides: { requested: 20, completed: 12, cancelled: 4, noDriversAvailable: 2, rejected: 2 },
      offers: { made: 16, accepted: 12, acceptanceRate: 0.75 },
      waiting: { rides: 12, meanSeconds: 20 },
      revenue: [{ currency: 'USD', totalMinor: 5_000, driverEarningsMinor: 4_000 }]
    })
    expect((await read('charts/rides-by-status'))['points']).toContainEqual({
      status: 'completed',
      rides: 12
    })
    expect((await read('charts/rides-by-hour'))['points']).toMatchObject([
      { hour, requested: 10 },
      { hour: hour + 3_600_000, requested: 10 }
    ])
    expect((await read('charts/revenue'))['series']).toEqual([
      { currency: 'USD', points: [{ hour, totalMinor: 5_000 }] }
    ])
    expect((await read('charts/waiting-time'))['points']).toMatchObject([
      { meanSeconds: 10 },
      { meanSeconds: 30 }
    ])
    expect((await read('charts/acceptance-rate'))['points']).toMatchObject([
      { rate: 0.75 },
      { rate: 0.75 }
    ])
  })

  test('starts at a whole hour and refuses periods that make no sense', async () => {
    const to = hour + 5_400_000
    await it.get(`/admin/statistics?from=${hour + 60_000}&to=${to}&market=chicago`, { as: admin })
    expect(it.history.hoursQuery).toEqual({ from: hour, to, market: 'chicago' })
    const backwards = await it.get(`/admin/statistics?from=${to}&to=${hour}`, { as: admin })
    const long = await it.get(`/admin/statistics?from=${hour - 40 * 86_400_000}&to=${hour}`, {
      as: admin
    })
    expect([backwards.status, long.status]).toEqual([422, 422])
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
