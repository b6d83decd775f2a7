import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stores } from '../../streams/query/index.ts'
import { aBill, aDriver, aProfile, aRide, aRideState } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const

beforeEach(async () => {
  it = await startTestIngress({ LIMIT_READS: '0', LIMIT_ADDRESS: '0' })
})
afterEach(() => it.ingress.drain())

const ownRideId = (customerId = 'c-1') => it.ids.rideId({ customerId, idempotencyKey: it.key() })
const storeRide = (ride: ReturnType<typeof aRide>) =>
  it.stores.put(stores.rides, ride.rideId, aRideState(ride))
describe('a client that asks again', () => {
  const again = async (path: string, as: typeof rider | typeof driver | typeof admin) => {
    const first = await it.get(path, { as })
    const etag = first.headers.get('etag') ?? 'none'
    const second = await it.get(path, { as, headers: { 'if-none-match': etag } })
    return { first, etag, second }
  }

  test.each([
    ['a ride', (rideId: string) => `/rides/${rideId}`, rider],
    ['rides', () => '/rides', rider],
    ['a bill', () => '/bills/bill-1', driver],
    ['bills', () => '/bills', rider],
    ['a driver', () => '/drivers/d-1', driver],
    ['a customer', () => '/customers/d-1', admin],
    ['statistics', () => '/admin/statistics?from=1700000000000&to=1700007200000', admin]
  ] as const)('is answered 304 for %s that has not changed', async (_, pathOf, as) => {
    const rideId = ownRideId()
    storeRide(aRide({ rideId, driverId: 'd-1' }))
    it.history.billList.push(aBill())
    it.history.userById.set('d-1', aProfile())
    it.stores.put(stores.drivers, 'd-1', aDriver())
    const { first, etag, second } = await again(pathOf(rideId), as)
    expect(first.status).toBe(200)
    expect(etag).toMatch(/^"[\x21\x23-\x7e]+"$/)
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    expect(first.headers.get('vary')).toContain('authorization')
    expect(second.status).toBe(304)
    expect(second.body).toEqual({})
    expect(second.headers.get('etag')).toBe(etag)
    expect(second.headers.get('content-length')).toBe(first.headers.get('content-length'))
    const weak = await it.get(pathOf(rideId), { as, headers: { 'if-none-match': `W/${etag}` } })
    expect(weak.status).toBe(304)
  })

  test('is given the new version of a ride, and another tag than another role', async () => {
    const short = await startTestIngress({ READ_CACHE_FRESH: '0', LIMIT_READS: '0' })
    try {
      const rideId = ownRideId()
      const ride = aRide({ rideId, driverId: 'd-1', status: 'ACCEPTED', seq: 4 })
      short.stores.put(stores.rides, rideId, aRideState(ride))
      const first = await short.get(`/rides/${rideId}`, { as: rider })
      const etag = first.headers.get('etag') ?? ''
      short.stores.put(stores.rides, rideId, aRideState({ ...ride, seq: 5 }))
      const headers = { 'if-none-match': etag }
      const second = await short.get(`/rides/${rideId}`, { as: rider, headers })
      expect([second.status, second.body['seq']]).toEqual([200, 5])
      const theirs = await short.get(`/rides/${rideId}`, { as: driver })
      expect(theirs.headers.get('etag')).not.toBe(second.headers.get('etag'))
    } finally {
      await short.ingress.drain()
    }
  })

  test('is refused before the tag is looked at', async () => {
    const rideId = ownRideId()
    storeRide(aRide({ rideId, driverId: 'd-1' }))
    const { etag } = await again(`/rides/${rideId}`, rider)
    const headers = { 'if-none-match': etag }
    const as = { role: 'driver', subject: 'd-2' } as const
    const reply = await it.get(`/rides/${rideId}`, { as, headers })
    expect(reply.status).toBe(403)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    const any = await it.get(`/rides/${rideId}`, { as, headers: { 'if-none-match': '*' } })
    expect(any.status).toBe(403)
  })
})

describe('cursors', () => {
  test('page without gap or repetition while new rides come in', async () => {
    const add = (n: number) => {
      const ride = aRide({
        rideId: ownRideId(),
        status: 'COMPLETED',
        requestedAt: 1_700_000_000_000 + Math.floor(n / 3)
      })
      it.history.rideList.push(ride)
      return ride.rideId
    }
    const before = new Set(Array.from({ length: 25 }, (_, n) => add(n)))
    const seen: string[] = []
    let cursor: unknown
    let added = 25
    do {
      const query: string = cursor === undefined ? '' : `&cursor=${String(cursor)}`
      const { body } = await it.get(`/rides?limit=4${query}`, { as: rider })
      const rides = body['rides'] as { rideId: string }[]
      expect(rides.length).toBeLessThanOrEqual(4)
      seen.push(...rides.map(({ rideId }) => rideId))
      cursor = body['nextCursor']
      add(added++)
    } while (cursor !== null)
    expect(seen).toHaveLength(25)
    expect(new Set(seen)).toEqual(before)
  })

  test('are taken by the list and the person they were made for alone, and the limit is bounded', async () => {
    for (let n = 0; n < 3; n += 1) {
      it.history.rideList.push(aRide({ rideId: ownRideId(), status: 'COMPLETED' }))
      it.history.billList.push(aBill({ billId: `bill-${n}` }))
    }
    const { body } = await it.get('/rides?limit=2', { as: rider })
    const cursor = String(body['nextCursor'])
    const other = { role: 'customer', subject: 'c-2' } as const
    const refused = await Promise.all([
      it.get(`/bills?cursor=${cursor}`, { as: rider }),
      it.get(`/rides?cursor=${cursor}`, { as: other }),
      it.get(`/rides?cursor=${cursor}`, { as: driver }),
      it.get(`/rides?cursor=${cursor}`, { as: admin }),
      it.get(`/rides?cursor=${Buffer.from('[1,"a"]').toString('base64url')}`, { as: rider })
    ])
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
    expect((await it.get(`/rides?cursor=${cursor}`, { as: rider })).status).toBe(200)
    const asked = await it.get(`/rides?customerId=c-1&cursor=${cursor}`, { as: admin })
    expect(asked.status).toBe(200)
    for (const limit of ['0', '101', '1e2', '-1', '1.5']) {
      expect((await it.get(`/rides?limit=${limit}`, { as: rider })).status, limit).toBe(422)
    }
  })
})

describe('a customer', () => {
  test('sees the first name and the car of the driver who comes, and of nobody else', async () => {
    it.history.userById.set('d-1', aProfile())
    const rideId = ownRideId()
    it.stores.put(stores.intake, 'c-1', {
      rides: [{ rideId, bodyHash: 'x', open: true, at: 1_700_000_000_000 }]
    })
    expect((await it.get('/drivers/d-1', { as: rider })).status).toBe(403)
    const ride = aRide({ rideId, driverId: 'd-1', status: 'PENDING_ACCEPTANCE' })
    storeRide(ride)
    expect((await it.get('/drivers/d-1', { as: rider })).status).toBe(403)
    storeRide({ ...ride, status: 'ACCEPTED', acceptedAt: 1_700_000_010_000 })
    const shown = await it.get('/drivers/d-1', { as: rider })
    expect(shown.body).toEqual({
      driverId: 'd-1',
      profile: { firstName: 'Dana', vehicle: aProfile().vehicle }
    })
    expect((await it.get('/drivers/d-2', { as: rider })).status).toBe(403)
    storeRide({ ...ride, status: 'COMPLETED', acceptedAt: 1_700_000_010_000 })
    expect((await it.get('/drivers/d-1', { as: rider })).status).toBe(403)
  })
})
