import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aBill, aProfile, aRide, aRideState } from '../testing/builders.ts'
import { startTestIngress, type TestIngress, type TestReply } from '../testing/test-ingress.ts'

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
const hold = () => {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  return { gate, release: () => release() }
}
const metric = async (line: string): Promise<number> => {
  const found = (await it.metrics.render()).split('\n').find((each) => each.startsWith(`${line} `))
  return Number(found?.split(' ').at(-1) ?? 0)
}

describe('a stampede', () => {
  // Time stands still, so that a slow machine sees what a quick one sees.
  beforeEach(async () => {
    await it.ingress.drain()
    const clock = createFakeClock(systemClock.now())
    it = await startTestIngress({ LIMIT_READS: '0', LIMIT_ADDRESS: '0' }, { clock })
  })

  test('of a thousand readers of one ride is one read, and each sees what is theirs', async () => {
    const rideId = ownRideId()
    storeRide(
      aRide({ rideId, driverId: 'd-1', status: 'COMPLETED', riderRating: 1, driverRating: 2 })
    )
    const held = hold()
    it.stores.gate = held.gate
    const token = {
      customer: await it.token('customer', 'c-1'),
      driver: await it.token('driver', 'd-1'),
      admin: await it.token('admin', 'a-1'),
      stranger: await it.token('driver', 'd-2')
    }
    const readers = (['customer', 'driver', 'admin', 'stranger'] as const).flatMap((role) =>
      Array.from({ length: 250 }, async () => ({
        role,
        reply: await it.get(`/rides/${rideId}`, { token: token[role] })
      }))
    )
    const isWaiting = async () =>
      (await metric('hail_ingress_read_cache_total{kind="ride",result="joined"}')) === 999
    await expect.poll(isWaiting, { timeout: 30_000 }).toBe(true)
    held.release()
    const replies = await Promise.all(readers)
    expect(it.stores.batches).toBe(1)
    expect(it.history.reads).toBe(0)
    const ratings = { riderRating: expect.anything(), driverRating: expect.anything() }
    for (const { role, reply } of replies) {
      expect(reply.status, role).toBe(role === 'stranger' ? 403 : 200)
      if (role === 'customer')
        expect(reply.body).toMatchObject({ riderRating: 1, customerId: 'c-1' })
      if (role === 'customer') expect(reply.body).not.toHaveProperty('driverRating')
      if (role === 'driver') expect(reply.body).toMatchObject({ driverRating: 2 })
      if (role === 'driver') expect(reply.body).not.toHaveProperty('riderRating')
      if (role === 'driver') expect(reply.body).not.toHaveProperty('customerId')
      if (role === 'admin') expect(reply.body).toMatchObject(ratings)
      if (role === 'stranger') expect(reply.body).not.toHaveProperty('rideId')
    }
  })

  test('on a page of history is one read', async () => {
    it.history.rideList.push(aRide({ rideId: ownRideId(), status: 'COMPLETED' }))
    const held = hold()
    it.history.gate = held.gate
    const token = await it.token('customer', 'c-1')
    const readers = Array.from({ length: 200 }, () => it.get('/rides', { token }))
    const isWaiting = async () =>
      (await metric('hail_ingress_read_cache_total{kind="ride_list",result="joined"}')) === 199
    await expect.poll(isWaiting, { timeout: 30_000 }).toBe(true)
    held.release()
    const replies = await Promise.all(readers)
    expect(replies.every(({ status }) => status === 200)).toBe(true)
    expect(it.history.reads).toBe(1)
  })
})

describe('an answer', () => {
  test('is a second old at most, of a ride that has settled an hour', async () => {
    const clock = createFakeClock(systemClock.now())
    const timed = await startTestIngress({ LIMIT_READS: '0', TOKEN_CACHE_AGE: '2h' }, { clock })
    try {
      const token = await timed.token('admin', 'a-1')
      const put = (ride: ReturnType<typeof aRide>) =>
        timed.stores.put(stores.rides, ride.rideId, aRideState(ride))
      const seqOf = async (rideId: string) =>
        (await timed.get(`/rides/${rideId}`, { token })).body['seq']
      const open = aRide({ rideId: ownRideId(), status: 'STARTED', seq: 1 })
      const endedAt = clock.now() - 600_000
      const settled = aRide({ rideId: ownRideId(), status: 'COMPLETED', seq: 1, endedAt })
      put(open)
      put(settled)
      expect([await seqOf(open.rideId), await seqOf(settled.rideId)]).toEqual([1, 1])
      put({ ...open, seq: 2 })
      put({ ...settled, seq: 2 })
      await clock.advance(999)
      expect([await seqOf(open.rideId), await seqOf(settled.rideId)]).toEqual([1, 1])
      await clock.advance(1)
      expect([await seqOf(open.rideId), await seqOf(settled.rideId)]).toEqual([2, 1])
      await clock.advance(3_598_999)
      const later = { token: await timed.token('admin', 'a-1') }
      expect((await timed.get(`/rides/${settled.rideId}`, later)).body['seq']).toBe(1)
      await clock.advance(1)
      expect((await timed.get(`/rides/${settled.rideId}`, later)).body['seq']).toBe(2)
    } finally {
      await timed.ingress.drain()
    }
  })
})

describe('what one person read', () => {
  test('is never shown to another, whatever both ask for', async () => {
    it.history.rideList.push(
      aRide({ rideId: ownRideId('c-1'), customerId: 'c-1', status: 'COMPLETED' }),
      aRide({ rideId: ownRideId('c-2'), customerId: 'c-2', status: 'COMPLETED' })
    )
    it.history.billList.push(
      aBill(),
      aBill({ billId: 'bill-2', customerId: 'c-2', driverId: 'd-2' })
    )
    const people = [
      rider,
      { role: 'customer', subject: 'c-2' } as const,
      driver,
      { role: 'driver', subject: 'c-1' } as const,
      { role: 'customer', subject: 'd-1' } as const
    ]
    for (let round = 0; round < 2; round += 1) {
      for (const as of people) {
        const rides = (await it.get('/rides', { as })).body['rides'] as { customerId: string }[]
        const bills = (await it.get('/bills', { as })).body['bills'] as Record<string, string>[]
        const field = as.role === 'driver' ? 'driverId' : 'customerId'
        expect(rides.every((ride) => ride.customerId === as.subject)).toBe(true)
        expect(bills.every((bill) => bill[field] === as.subject)).toBe(true)
        for (const bill of bills) expect(Object.hasOwn(bill, 'platformMinor')).toBe(false)
      }
    }
    const keys = [...it.shared.textByKey.keys()]
    expect(keys.every((key) => key.startsWith('hail:reads:'))).toBe(true)
    const all = await it.get('/bills', { as: admin })
    expect(all.body['bills']).toHaveLength(2)
    expect((all.body['bills'] as object[])[0]).toHaveProperty('platformMinor')
  })

  test('spares another process the read of MongoDB', async () => {
    it.history.billList.push(aBill())
    await it.get('/bills/bill-1', { as: rider })
    const other = await startTestIngress({}, { memory: it.shared })
    try {
      const reply = await other.get('/bills/bill-1', { as: driver })
      expect(reply.body).toMatchObject({ billId: 'bill-1', driverEarningsMinor: 900 })
      expect(other.history.reads).toBe(0)
      const stranger = { role: 'driver', subject: 'd-2' } as const
      expect((await other.get('/bills/bill-1', { as: stranger })).status).toBe(403)
    } finally {
      await other.ingress.drain()
    }
  })
})

describe('without Redis', () => {
  test('a ride comes from MongoDB, and says that it may trail', async () => {
    const open = aRide({ rideId: ownRideId(), status: 'STARTED' })
    const ended = aRide({ rideId: ownRideId(), status: 'COMPLETED', endedAt: 1_700_000_900_000 })
    it.history.rideList.push(open, ended)
    it.stores.isAway = true
    it.shared.isAway = true
    const trailing = await it.get(`/rides/${open.rideId}`, { as: rider })
    expect(trailing.body).toMatchObject({ rideId: open.rideId, status: 'started' })
    expect(trailing.headers.get('x-degraded')).toBe('live')
    const final = await it.get(`/rides/${ended.rideId}`, { as: rider })
    expect([final.status, final.headers.get('x-degraded')]).toEqual([200, null])
    const list = await it.get('/rides', { as: rider })
    expect(list.body['rides']).toHaveLength(2)
    expect(list.headers.get('x-degraded')).toBe('live')
  })

  test('a ride that MongoDB does not know is 503, not pending', async () => {
    it.stores.isAway = true
    const reply = await it.get(`/rides/${ownRideId()}`, { as: rider })
    expect([reply.status, reply.body['code']]).toEqual([503, 'reads_unavailable'])
  })

  test('a profile has no state, and says so', async () => {
    it.history.userById.set('d-1', aProfile())
    it.stores.isAway = true
    const reply = await it.get('/drivers/d-1', { as: driver })
    expect(reply.body).toMatchObject({ profile: { firstName: 'Dana' }, state: null })
    expect(reply.headers.get('x-degraded')).toBe('live')
    const nobody = { role: 'driver', subject: 'd-9' } as const
    expect((await it.get('/drivers/d-9', { as: nobody })).status).toBe(503)
  })
})

describe('without MongoDB', () => {
  test('what is live answers, what was read lately too, and the rest is 503', async () => {
    const short = await startTestIngress({ READ_CACHE_FRESH: '1ms', LIMIT_READS: '0' })
    try {
      const rideId = ownRideId()
      const ride = aRide({ rideId, status: 'STARTED' })
      short.stores.put(stores.rides, rideId, aRideState(ride))
      short.history.billList.push(aBill())
      const before = await short.get('/bills', { as: rider })
      short.history.isAway = true
      expect((await short.get(`/rides/${rideId}`, { as: rider })).status).toBe(200)
      const old = await short.get('/bills', { as: rider })
      expect([old.status, old.body]).toEqual([200, before.body])
      expect(old.headers.get('x-degraded')).toBe('stale')
      expect(old.headers.get('age')).toMatch(/^\d+$/)
      expect((await short.get('/bills?limit=3', { as: rider })).status).toBe(503)
      expect((await short.get('/rides', { as: rider })).status).toBe(503)
    } finally {
      await short.ingress.drain()
    }
  })
})

describe('too many reads at a time', () => {
  test('are refused beyond the bound of their source, and the others are answered', async () => {
    const narrow = await startTestIngress({
      READS_HISTORY_MAX: '3',
      LIMIT_READS: '0',
      READS_HISTORY_DEADLINE: '10s',
      READ_DEADLINE: '10s'
    })
    try {
      const held = hold()
      narrow.history.gate = held.gate
      const token = await narrow.token('admin', 'a-1')
      const replies: TestReply[] = []
      const readers = Array.from({ length: 10 }, async (_, n) => {
        replies.push(await narrow.get(`/bills?limit=${n + 1}`, { token }))
      })
      await expect.poll(() => replies.length, { timeout: 20_000 }).toBe(7)
      expect(replies.map(({ body }) => body['code'])).toEqual(Array(7).fill('overloaded'))
      expect(replies.every(({ headers }) => headers.has('retry-after'))).toBe(true)
      held.release()
      await Promise.all(readers)
      expect(replies.slice(7).map(({ status }) => status)).toEqual([200, 200, 200])
      expect(narrow.history.reads).toBe(3)
    } finally {
      await narrow.ingress.drain()
    }
  })
})
