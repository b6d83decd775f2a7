import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aDriver, aRide, places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const

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
      claimsGranted: 0,
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
