import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { aBill, aRide, places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress, type TestReply } from '../testing/test-ingress.ts'
import type { ItemResult } from './batch-results.ts'

let it: TestIngress
const hotel = { role: 'partner', subject: 'hotel-1' } as const
const rival = { role: 'partner', subject: 'hotel-2' } as const
/** A customer whose subject is the partner's; another person all the same. */
const namesake = { role: 'customer', subject: 'hotel-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const
const trip = { pickup: places.timesSquare, dropoff: places.unionSquare }
/** Buckets fill by this clock: not at all, however slow the machine. */
const stoppedClock: Clock = { ...systemClock, monotonic: () => 0 }

const anItem = (fields: Record<string, unknown> = {}) => ({
  idempotencyKey: it.key(),
  guestId: 'room-7',
  ...trip,
  ...fields
})
const book = (rides: readonly unknown[], as: { role: 'partner'; subject: string } = hotel) =>
  it.post('/rides/batch', { as, body: { rides } })
const resultsOf = ({ body }: Pick<TestReply, 'body'>) => body['results'] as ItemResult[]
const statusesOf = (reply: TestReply) => resultsOf(reply).map(({ status }) => status)
const kept = () => it.sent<'RideRequest'>('ride_requests').map(({ value }) => value)
const rideIdOf = (guest: string, idempotencyKey = it.key(), partner = 'hotel-1') =>
  it.ids.rideId({ customerId: `${partner}.${guest}`, idempotencyKey })

beforeAll(async () => {
  it = await startTestIngress({
    LIMIT_WRITES: '0',
    LIMIT_READS: '0',
    LIMIT_BAD_TOKENS: '0',
    LIMIT_PARTNER_RIDES: '0',
    INGRESS_BATCH_RECORDS: '2',
    BREAKER_FAILURES: '100'
  })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.mode = 'acknowledge'
  it.producer.records.length = 0
})

describe('POST /rides/batch', () => {
  test('books each ride for its guest, as a customer of its own', async () => {
    const items = [anItem(), anItem({ guestId: 'room-8' })]
    const reply = await book(items)
    const ids = items.map(({ guestId, idempotencyKey }) => rideIdOf(guestId, idempotencyKey))
    expect([reply.status, reply.body]).toEqual([
      202,
      {
        results: [
          { index: 0, id: ids[0], status: 'accepted' },
          { index: 1, id: ids[1], status: 'accepted' }
        ]
      }
    ])
    expect(it.sent<'RideRequest'>('ride_requests')).toMatchObject(
      items.map(({ guestId, idempotencyKey }, index) => ({
        key: `hotel-1.${guestId}`,
        value: {
          rideId: ids[index],
          customerId: `hotel-1.${guestId}`,
          idempotencyKey,
          market: 'new_york',
          ...trip,
          quoteToken: null,
          surgePercent: 100
        }
      }))
    )
  })

  test.each([
    ['no key', { idempotencyKey: undefined }, 'validation_failed'],
    ['no UUID', { idempotencyKey: 'hello' }, 'idempotency_key_invalid'],
    [
      'a key of 2023',
      { idempotencyKey: '018bcfe5-6800-7000-8000-000000000000' },
      'idempotency_key_expired'
    ],
    ['no guest', { guestId: undefined }, 'validation_failed'],
    ['a guest with a dot', { guestId: 'x.room-7' }, 'validation_failed'],
    ['an empty guest', { guestId: '' }, 'validation_failed'],
    ['a customer of its choice', { customerId: 'c-1' }, 'validation_failed'],
    ['a pickup in the sea', { pickup: places.atlantic }, 'outside_service_area'],
    ['latitude 91', { pickup: { lat: 91, lon: 0 } }, 'outside_service_area']
  ])('calls an item with %s invalid and books the others', async (_, fields, code) => {
    const reply = await book([anItem(), anItem(fields), anItem({ guestId: 'room-8' })])
    expect(reply.status).toBe(207)
    expect(reply.headers.get('retry-after')).toBeNull()
    expect(resultsOf(reply)).toMatchObject([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'invalid', code },
      { index: 2, status: 'accepted' }
    ])
    expect(kept()).toHaveLength(2)
  })

  test('gives the same keys the same rides, once', async () => {
    const items = [anItem(), anItem(), anItem()]
    const first = await book(items.slice(0, 2))
    const again = await book(items)
    expect(again.status).toBe(202)
    expect(statusesOf(again)).toEqual(['duplicate', 'duplicate', 'accepted'])
    expect(
      resultsOf(again)
        .slice(0, 2)
        .map(({ id }) => id)
    ).toEqual(resultsOf(first).map(({ id }) => id))
    expect(kept()).toHaveLength(3)
  })

  test('refuses a key with another body, within a request too', async () => {
    const [item, other] = [anItem(), anItem()]
    const changed = { ...item, dropoff: places.timesSquare, pickup: places.unionSquare }
    await book([item])
    const reply = await book([
      changed,
      other,
      { ...other, ...changed, idempotencyKey: other.idempotencyKey },
      other
    ])
    expect(resultsOf(reply)).toMatchObject([
      { status: 'invalid', code: 'idempotency_key_reused' },
      { status: 'accepted', id: rideIdOf('room-7', other.idempotencyKey) },
      { status: 'invalid', code: 'idempotency_key_reused' },
      { status: 'duplicate', id: rideIdOf('room-7', other.idempotencyKey) }
    ])
    expect(kept()).toHaveLength(2)
  })

  test('marks what was not acknowledged for retry, alone; the rest again gives the same rides', async () => {
    const items = Array.from({ length: 6 }, (_, index) => anItem({ guestId: `g-${index}` }))
    it.producer.mode = 'fail-every-second'
    const reply = await book(items)
    it.producer.mode = 'acknowledge'
    const open = resultsOf(reply).filter(({ status }) => status === 'retry')
    expect([reply.status, open.length > 0 && open.length < 6]).toEqual([207, true])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const again = await book(open.map(({ index }) => items[index]))
    expect(again.status).toBe(202)
    expect(resultsOf(again).map(({ id }) => id)).toEqual(open.map(({ id }) => id))
    expect(new Set(kept().map(({ rideId }) => rideId)).size).toBe(6)
    expect(kept()).toHaveLength(6)
  })

  test('never calls accepted or duplicate what is not kept', async () => {
    const keys = Array.from({ length: 4 }, () => it.key())
    const item = fc.record({
      idempotencyKey: fc.constantFrom(...keys),
      guestId: fc.constantFrom('a', 'b')
    })
    const batch = fc.record({
      items: fc.array(item, { minLength: 1, maxLength: 12 }),
      mode: fc.constantFrom('acknowledge', 'fail', 'fail-every-second')
    })
    let hotels = 100
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        it.producer.records.length = 0
        hotels += 1
        for (const { items, mode } of batches) {
          it.producer.mode = mode as 'fail'
          const as = { role: 'partner', subject: `hotel-${hotels}` } as const
          const reply = await book(
            items.map((fields) => anItem(fields)),
            as
          )
          const keptIds = kept().map(({ rideId }) => rideId)
          expect(new Set(keptIds).size).toBe(keptIds.length)
          const results = resultsOf(reply)
          expect(results.map(({ index }) => index)).toEqual([...items.keys()])
          for (const [index, { guestId, idempotencyKey }] of items.entries()) {
            const rideId = rideIdOf(guestId, idempotencyKey, as.subject)
            expect(results[index]?.id).toBe(rideId)
            expect(keptIds.includes(rideId)).toBe(results[index]?.status !== 'retry')
          }
        }
      }),
      { numRuns: 40 }
    )
  })

  test.each([
    ['nothing', []],
    ['more than 100', Array(101).fill({})]
  ])('refuses %s with 422', async (_, rides) => {
    expect((await book(rides)).status).toBe(422)
  })

  test('is for partners alone', async () => {
    const replies = await Promise.all(
      (['customer', 'driver', 'admin', 'signup'] as const).map((role) =>
        it.post('/rides/batch', { as: { role, subject: 'hotel-1' }, body: { rides: [anItem()] } })
      )
    )
    expect(replies.map(({ body }) => body['code'])).toEqual(Array(4).fill('role_forbidden'))
    expect((await it.post('/rides', { as: hotel, key: it.key(), body: trip })).status).toBe(403)
    expect(kept()).toEqual([])
  })
})

describe('a partner over its rides a second', () => {
  test('gets a part, and repeats cost nothing', async () => {
    const limits = { LIMIT_PARTNER_RIDES: '1', LIMIT_WRITES: '0' }
    const other = await startTestIngress(limits, { clock: stoppedClock })
    const send = (rides: unknown[]) => other.post('/rides/batch', { as: hotel, body: { rides } })
    const items = Array.from({ length: 13 }, () => anItem())
    const reply = await send(items)
    const again = await send(items)
    await other.ingress.drain()
    expect(reply.status).toBe(207)
    const limited = { status: 'limited', code: 'rate_limited' }
    expect(resultsOf(reply).slice(9)).toMatchObject([
      { status: 'accepted' },
      limited,
      limited,
      limited
    ])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(3)
    expect(statusesOf(again)).toEqual([...Array(10).fill('duplicate'), ...Array(3).fill('limited')])
    expect(await other.metrics.render()).toMatch(/hail_ingress_limited_total\{reason="rides"\} 6/)
  })
})

describe('the rides of guests', () => {
  const store = (ride: ReturnType<typeof aRide>) =>
    it.stores.put(stores.rides, ride.rideId, {
      ride,
      actions: [],
      parkedDriverActions: [],
      parkedRiderActions: []
    })
  const strangers = [rival, namesake, { role: 'customer', subject: 'room-7' }] as const

  test('are read by their partner and administrators, and by nobody else', async () => {
    const rideId = rideIdOf('room-7')
    const pending = await it.get(`/rides/${rideId}`, { as: hotel })
    expect([pending.status, pending.body]).toEqual([200, { rideId, status: 'pending' }])
    store(aRide({ rideId, customerId: 'hotel-1.room-7' }))
    for (const as of [hotel, admin]) {
      const reply = await it.get(`/rides/${rideId}`, { as })
      expect(reply.body).toMatchObject({ rideId, customerId: 'hotel-1.room-7' })
    }
    for (const as of strangers) {
      expect((await it.get(`/rides/${rideId}`, { as })).status).toBe(403)
    }
  })

  test('are cancelled by their partner, in the place of the guest', async () => {
    const rideId = rideIdOf('room-7')
    const reply = await it.post(`/rides/${rideId}/cancel`, { as: hotel })
    expect(reply.status).toBe(202)
    expect(it.sent<'RiderAction'>('rider_actions')[0]).toMatchObject({
      key: rideId,
      value: { type: 'CANCEL', actorId: 'hotel-1.', actorRole: 'CUSTOMER' }
    })
    const action = `/actions/${reply.body['actionId']}`
    expect((await it.get(action, { as: hotel })).body['status']).toBe('pending')
    it.producer.records.length = 0
    for (const as of strangers) {
      expect((await it.post(`/rides/${rideId}/cancel`, { as })).status).toBe(403)
      expect((await it.get(action, { as })).status).toBe(403)
    }
    const own = it.ids.rideId({ customerId: 'hotel-1', idempotencyKey: it.key() })
    expect((await it.post(`/rides/${own}/cancel`, { as: hotel })).status).toBe(403)
    expect(it.producer.records).toEqual([])
  })

  test('are listed guest by guest, open ones in front', async () => {
    const open = aRide({ rideId: rideIdOf('room-9'), customerId: 'hotel-1.room-9' })
    store(open)
    it.stores.put(stores.intake, 'hotel-1.room-9', {
      rides: [{ rideId: open.rideId, bodyHash: 'x', open: true, at: open.requestedAt }]
    })
    const old = aRide({ rideId: rideIdOf('room-9'), customerId: 'hotel-1.room-9', requestedAt: 1 })
    it.history.rideList.push(old, aRide({ rideId: rideIdOf('x'), customerId: 'hotel-1.room-10' }))
    it.history.rideList.push(
      aRide({ customerId: 'room-9' }),
      aRide({ customerId: 'hotel-2.room-9' })
    )
    const idsOf = ({ body }: TestReply) =>
      (body['rides'] as { rideId: string }[]).map(({ rideId }) => rideId)
    expect(idsOf(await it.get('/rides?guestId=room-9', { as: hotel }))).toEqual([
      open.rideId,
      old.rideId
    ])
    expect(idsOf(await it.get('/rides?customerId=hotel-1.room-9', { as: admin }))).toEqual([
      old.rideId
    ])
    const refused = await Promise.all([
      it.get('/rides', { as: hotel }),
      it.get('/rides?guestId=x.room-9', { as: hotel }),
      it.get('/rides?guestId=room-9', { as: namesake }),
      it.get('/rides?customerId=hotel-1.room-9', { as: namesake }),
      it.get('/rides?guestId=room-9&customerId=hotel-2.room-9', { as: hotel }),
      it.get('/rides?guestId=room-9&driverId=d-1', { as: hotel })
    ])
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 403, 403, 403])
  })

  test('have bills for their partner, without what the driver earned', async () => {
    it.history.billList.push(
      aBill({ billId: 'bill-g', customerId: 'hotel-1.room-7' }),
      aBill({ billId: 'bill-h', customerId: 'hotel-1' })
    )
    const list = await it.get('/bills?guestId=room-7', { as: hotel })
    expect(list.body['bills']).toMatchObject([{ billId: 'bill-g' }])
    const one = await it.get('/bills/bill-g', { as: hotel })
    expect(one.status).toBe(200)
    expect(one.body).not.toHaveProperty('driverEarningsMinor')
    for (const as of strangers) expect((await it.get('/bills/bill-g', { as })).status).toBe(403)
    expect((await it.get('/bills/bill-h', { as: hotel })).status).toBe(403)
  })

  test('are quoted for the guest, whom a partner has to name', async () => {
    const quote = await it.post('/quotes', { as: hotel, body: { ...trip, guestId: 'room-7' } })
    expect(quote.status).toBe(200)
    await vi.waitFor(() =>
      expect(it.sent<'DemandSignal'>('demand_signals')).toMatchObject([
        { value: { customerId: 'hotel-1.room-7' } }
      ])
    )
    const reply = await book([anItem({ quoteToken: quote.body['quoteToken'] })])
    expect(statusesOf(reply)).toEqual(['accepted'])
    const refused = await Promise.all([
      it.post('/quotes', { as: hotel, body: trip }),
      it.post('/quotes', { as: namesake, body: { ...trip, guestId: 'room-7' } })
    ])
    expect(refused.map(({ body }) => body['code'])).toEqual(Array(2).fill('validation_failed'))
  })
})
