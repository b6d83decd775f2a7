import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Ride, RideEventType } from '../../avro/index.ts'
import { systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { PushBook } from '../../test/support/push-book.ts'
import { TestPush, type TestPushOptions } from '../../test/support/push-client.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { mintToken } from '../auth/index.ts'
import type { TokenRole } from '../http/index.ts'
import { aDriver, aRide, aRideEvent } from '../testing/builders.ts'
import { answersTo, openSocket, rawRequest } from '../testing/raw-request.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const opened: TestPush[] = []
const rider = { role: 'customer', subject: 'c-1' } as const
const driver = { role: 'driver', subject: 'd-1' } as const
const admin = { role: 'admin', subject: 'a-1' } as const

beforeEach(async () => {
  it = await startTestIngress({
    LIMIT_READS: '0',
    PUSH_HELLO_TIMEOUT: '300ms',
    CORS_ORIGINS: 'https://app.example.com'
  })
})
afterEach(async () => {
  for (const client of opened) client.close()
  await it.ingress.drain()
})

const connect = async (
  as: { role: TokenRole; subject: string } | null,
  options: Partial<TestPushOptions> = {}
): Promise<TestPush> => {
  const token = as === null ? {} : { token: await it.token(as.role, as.subject) }
  const client = new TestPush({ url: it.url, ...token, ...options })
  opened.push(client)
  return client
}

const ownRideId = (customerId = 'c-1') => it.ids.rideId({ customerId, idempotencyKey: it.key() })

/** A ride that lives through these events, told one after the other. */
const lifeOf = (start: Partial<Ride>) => {
  let ride = aRide({ rideId: ownRideId(), seq: 0, ...start })
  return {
    get ride() {
      return ride
    },
    tell(type: RideEventType, change: Partial<Ride> = {}) {
      ride = { ...ride, ...change, seq: ride.seq + 1 }
      it.log.write('ride_events', ride.rideId, aRideEvent(type, ride))
    },
    store() {
      it.stores.put(stores.rides, ride.rideId, {
        ride,
        actions: [],
        parkedDriverActions: [],
        parkedRiderActions: []
      })
      it.stores.put(stores.intake, ride.customerId, {
        rides: [{ rideId: ride.rideId, bodyHash: 'x', open: true, at: ride.requestedAt }]
      })
    }
  }
}
const offered = (rideId: string, driverId = 'd-1'): Partial<Ride> => ({
  status: 'PENDING_ACCEPTANCE',
  driverId,
  offerId: `${rideId}/1/${driverId}`,
  matchedAt: 1_700_000_010_000,
  pickupEtaSeconds: 60
})
const unmatched: Partial<Ride> = { status: 'REQUESTED', driverId: null, offerId: null, attempt: 2 }

/** All of a handshake but its version. */
const handshake = async (...headers: string[]): Promise<string> =>
  rawRequest('GET /api/v1/stream', [
    `authorization: Bearer ${await it.token('customer', 'c-1')}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers
  ])

describe('before the upgrade', () => {
  test.each([
    ['no token', undefined, 401, 'token_missing'],
    ['a bad token', 'Bearer bad', 401, 'token_invalid']
  ])('refuses %s with a problem document', async (_, authorization, status, code) => {
    const headers = authorization === undefined ? {} : { authorization }
    const refused = await (await connect(null, { headers })).refusal()
    expect([refused.status, refused.body['code']]).toEqual([status, code])
    expect(refused.body['instance']).toBe('/api/v1/stream')
  })

  test('refuses an app that signs people up', async () => {
    const client = await connect({ role: 'signup', subject: 'app-1' })
    expect((await client.refusal()).body['code']).toBe('role_forbidden')
  })

  test('takes no token from the query string', async () => {
    const token = await it.token('customer', 'c-1')
    const reply = await it.get(`/stream?access_token=${token}`)
    expect([reply.status, reply.body['code']]).toEqual([426, 'upgrade_required'])
    expect(reply.headers.get('upgrade')).toBe('websocket')
  })

  test.each([
    ['an older version', 'sec-websocket-version: 8', 426, 'upgrade_required'],
    ['no version', 'x-none: 1', 426, 'upgrade_required'],
    ['a body', 'sec-websocket-version: 13\r\ncontent-length: 2', 400, 'malformed_request']
  ])('refuses a handshake with %s', async (_, header, status, code) => {
    const [reply] = await answersTo(it.port, `${await handshake(header)}{}`)
    expect([reply?.status, JSON.parse(reply?.body ?? '').code]).toEqual([status, code])
    if (status === 426) expect(reply?.head).toMatch(/^sec-websocket-version: 13$/im)
  })

  test('takes a handshake that says its body is empty, as the client of Java 17 does', async () => {
    const { socket, until } = await openSocket(it.port)
    socket.write(await handshake('sec-websocket-version: 13', 'content-length: 0'))
    expect(await until((text) => text.includes('\r\n'))).toMatch(/^HTTP\/1.1 101 /)
    socket.destroy()
  })

  test('takes the token of a browser beside the protocol, and answers the protocol alone', async () => {
    const token = await it.token('customer', 'c-1')
    const client = await connect(null, { protocols: ['hailstream.v1', `bearer.${token}`] })
    await client.frame('snapshot')
    expect(client.socket.protocol).toBe('hailstream.v1')
  })

  test('lets pages of listed origins in and no others', async () => {
    const bad = await connect(rider, { headers: { origin: 'https://evil.example.com' } })
    const good = await connect(rider, { headers: { origin: 'https://app.example.com' } })
    expect((await bad.refusal()).body['code']).toBe('origin_forbidden')
    await good.frame('snapshot')
  })

  test('refuses more connections of a subject, and in all, than allowed', async () => {
    const small = await startTestIngress({
      PUSH_CONNECTIONS_MAX: '3',
      PUSH_SUBJECT_CONNECTIONS_MAX: '2'
    })
    const open = async (subject: string) => {
      const client = new TestPush({ url: small.url, token: await small.token('customer', subject) })
      opened.push(client)
      return client
    }
    await (await open('c-1')).frame('snapshot')
    const second = await open('c-1')
    await second.frame('snapshot')
    expect((await (await open('c-1')).refusal()).body['code']).toBe('rate_limited')
    await (await open('c-2')).frame('snapshot')
    const full = await (await open('c-3')).refusal()
    expect([full.status, full.body['code']]).toEqual([503, 'overloaded'])
    second.close()
    await waitFor('the place to be free', () => small.ingress.push?.size === 2, { everyMs: 2 })
    await (await open('c-3')).frame('snapshot')
    await small.ingress.drain()
  })

  test('counts upgrades against the limits of the subject', async () => {
    const limited = await startTestIngress({ LIMIT_READS: '1', PUSH_SUBJECT_CONNECTIONS_MAX: '50' })
    const token = await limited.token('customer', 'c-1')
    const clients = Array.from({ length: 8 }, () => new TestPush({ url: limited.url, token }))
    opened.push(...clients)
    await waitFor('an answer to all', () =>
      clients.every((client) => client.refused !== null || client.of('snapshot').length > 0)
    )
    const refused = clients.filter((client) => client.refused !== null)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.refused?.body['code']).toBe('rate_limited')
    await limited.ingress.drain()
  })
})

describe('a customer', () => {
  test('gets the open rides, then every event of them and of new ones', async () => {
    const known = lifeOf({})
    known.tell('RIDE_REQUESTED')
    known.store()
    const client = await connect(rider)
    const snapshot = await client.frame('snapshot')
    expect(snapshot).toMatchObject({
      resync: false,
      rides: [{ rideId: known.ride.rideId, seq: 1 }]
    })
    known.tell('RIDE_MATCHED', offered(known.ride.rideId))
    expect(await client.frame('ride')).toMatchObject({
      rideId: known.ride.rideId,
      seq: 2,
      event: 'ride_matched',
      ride: { status: 'pending_acceptance', driverId: 'd-1' }
    })
    expect(client.of('ride')[0]?.['ride']).not.toHaveProperty('excluded')
    const fresh = lifeOf({})
    fresh.tell('RIDE_REQUESTED')
    expect(await client.frame('ride', 2)).toMatchObject({ rideId: fresh.ride.rideId, seq: 1 })
    expect(client.book.anomalies).toEqual([])
  })

  test('misses no event that the store does not have yet', async () => {
    const life = lifeOf({})
    life.tell('RIDE_REQUESTED')
    life.store()
    life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    await waitFor('the event to be remembered', () => it.ingress.push?.remembered.events === 2)
    const client = await connect(rider)
    const snapshot = await client.frame('snapshot')
    expect(snapshot['rides']).toMatchObject([{ seq: 2, status: 'pending_acceptance' }])
    life.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    expect(await client.frame('ride')).toMatchObject({ seq: 3 })
    expect(client.book.anomalies).toEqual([])
  })

  test('sees nothing of rides of others, and cannot open them by their numbers', async () => {
    const foreign = lifeOf({ rideId: ownRideId('c-2'), customerId: 'c-2' })
    foreign.tell('RIDE_REQUESTED')
    foreign.store()
    const client = await connect(rider, { isSilent: true })
    await waitFor('the upgrade', () => client.socket.readyState === 1, { everyMs: 2 })
    client.say({ type: 'hello', rides: { [foreign.ride.rideId]: 0 } })
    const snapshot = await client.frame('snapshot')
    expect(snapshot).toMatchObject({ rides: [], resumed: {}, dropped: [foreign.ride.rideId] })
    foreign.tell('RIDE_MATCHED', offered(foreign.ride.rideId))
    it.log.write('ride_positions', foreign.ride.rideId, aPosition(foreign.ride.rideId))
    it.log.write('action_results', 'c-2', anAction('c-2'))
    const own = lifeOf({})
    own.tell('RIDE_REQUESTED')
    await client.frame('ride')
    expect(client.frames.map(({ type }) => type)).toEqual(['snapshot', 'ride'])
    expect(JSON.stringify(client.frames)).not.toContain('c-2')
  })

  test('sees where the driver of the ride is, and no other driver', async () => {
    const life = lifeOf({})
    life.tell('RIDE_REQUESTED')
    life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    life.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    life.store()
    const client = await connect(rider)
    await client.frame('snapshot')
    it.log.write('ride_positions', life.ride.rideId, aPosition(life.ride.rideId, 'd-9'))
    it.log.write('ride_positions', life.ride.rideId, aPosition(life.ride.rideId, 'd-1'))
    const position = await client.frame('position')
    expect(position).toMatchObject({ rideId: life.ride.rideId, lat: 40.75, lon: -73.98 })
    expect(client.of('position')).toHaveLength(1)
  })

  test('hears what became of own actions', async () => {
    const client = await connect(rider)
    await client.frame('snapshot')
    it.log.write('action_results', 'c-1', anAction('c-1'))
    expect(await client.frame('action')).toEqual({
      type: 'action',
      actionId: 'x-1',
      action: 'cancel',
      status: 'refused',
      reason: 'ride_ended',
      at: 5
    })
  })
})

describe('a driver', () => {
  test('learns of an offer by the match alone, then of the ride', async () => {
    const client = await connect(driver)
    expect(await client.frame('snapshot')).toMatchObject({ assignment: { kind: 'none' } })
    const life = lifeOf({})
    it.stores.put(stores.drivers, 'd-1', aDriver({ status: 'RESERVED', rideId: life.ride.rideId }))
    life.tell('RIDE_REQUESTED')
    life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    const offer = await client.frame('offer')
    expect(offer).toMatchObject({
      rideId: life.ride.rideId,
      seq: 2,
      assignment: { kind: 'offer', offerId: life.ride.offerId, expiresAt: 1_700_000_025_000 }
    })
    life.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    expect(await client.frame('ride')).toMatchObject({ seq: 3, ride: { status: 'accepted' } })
    expect(client.frames.map(({ type }) => type)).toEqual(['snapshot', 'offer', 'ride'])
    expect(client.book.anomalies).toEqual([])
  })

  test('is told to be off a ride, and then nothing more of it', async () => {
    const client = await connect(driver)
    await client.frame('snapshot')
    const life = lifeOf({})
    life.tell('RIDE_REQUESTED')
    life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    life.tell('OFFER_EXPIRED', unmatched)
    life.tell('RIDE_MATCHED', offered(life.ride.rideId, 'd-2'))
    life.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    const off = await client.frame('assignment')
    expect(off).toEqual({
      type: 'assignment',
      rideId: life.ride.rideId,
      seq: 3,
      event: 'offer_expired',
      at: expect.any(Number),
      assignment: { kind: 'none', version: 'none' }
    })
    const next = lifeOf({})
    next.tell('RIDE_MATCHED', { ...offered(next.ride.rideId), seq: 1 })
    await client.frame('offer', 2)
    expect(client.frames.map(({ type }) => type)).toEqual([
      'snapshot',
      'offer',
      'assignment',
      'offer'
    ])
  })

  test('cannot open a ride of another driver by its numbers, nor one that was taken away', async () => {
    const foreign = lifeOf({})
    foreign.tell('RIDE_REQUESTED')
    foreign.tell('RIDE_MATCHED', offered(foreign.ride.rideId, 'd-2'))
    foreign.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    foreign.store()
    const lost = lifeOf({})
    lost.tell('RIDE_REQUESTED')
    lost.tell('RIDE_MATCHED', offered(lost.ride.rideId))
    lost.tell('OFFER_DECLINED', unmatched)
    lost.store()
    await waitFor('the events', () => it.ingress.push?.remembered.events === 6, { everyMs: 2 })
    const client = await connect(driver, { isSilent: true })
    await waitFor('the upgrade', () => client.socket.readyState === 1, { everyMs: 2 })
    const rides = { [foreign.ride.rideId]: 2, [lost.ride.rideId]: 3, ['f'.repeat(32)]: 1 }
    client.say({ type: 'hello', rides })
    const snapshot = await client.frame('snapshot')
    expect(snapshot).toMatchObject({ rides: [], resumed: {}, assignment: { kind: 'none' } })
    expect(new Set(snapshot['dropped'] as string[])).toEqual(new Set(Object.keys(rides)))
    foreign.tell('DRIVER_ARRIVED', { status: 'ARRIVED' })
    const own = lifeOf({})
    own.tell('RIDE_MATCHED', offered(own.ride.rideId))
    await client.frame('offer')
    expect(client.frames.filter(({ rideId }) => rideId === foreign.ride.rideId)).toEqual([])
  })
})

describe('an administrator', () => {
  test('sees the rides and users that were named, and no others', async () => {
    const byRide = lifeOf({ customerId: 'c-7' })
    const byUser = lifeOf({ customerId: 'c-8' })
    const other = lifeOf({ customerId: 'c-9' })
    for (const life of [byRide, byUser, other]) life.tell('RIDE_REQUESTED')
    byRide.store()
    const follow = { rides: [byRide.ride.rideId], customers: ['c-8'] }
    const client = await connect(admin, { follow })
    const snapshot = await client.frame('snapshot')
    const shown = (snapshot['rides'] as Ride[]).map(({ rideId }) => rideId)
    expect(new Set(shown)).toEqual(new Set([byRide.ride.rideId, byUser.ride.rideId]))
    for (const life of [other, byRide, byUser]) {
      life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    }
    await client.frame('ride', 2)
    expect(client.of('ride').map(({ rideId }) => rideId)).not.toContain(other.ride.rideId)
    client.say({ type: 'follow', follow: { customers: ['c-9'] } })
    const second = await client.frame('snapshot', 2)
    expect(second['rides']).toMatchObject([{ rideId: other.ride.rideId, seq: 2 }])
  })

  test('is the only one who may follow', async () => {
    const client = await connect(rider, { follow: { customers: ['c-2'] } })
    expect((await client.end()).code).toBe(1008)
    const late = await connect(rider)
    await late.frame('snapshot')
    late.say({ type: 'follow', follow: { customers: ['c-2'] } })
    expect((await late.end()).code).toBe(1008)
  })
})

describe('coming back', () => {
  test('replays what was missed, without anything twice', async () => {
    const life = lifeOf({})
    life.tell('RIDE_REQUESTED')
    life.store()
    const first = await connect(rider)
    await first.frame('snapshot')
    first.close()
    life.tell('RIDE_MATCHED', offered(life.ride.rideId))
    life.tell('RIDE_ACCEPTED', { status: 'ACCEPTED' })
    life.store()
    const second = await connect(rider, { book: first.book })
    const snapshot = await second.frame('snapshot')
    expect(snapshot).toMatchObject({ resync: false, rides: [], resumed: { [life.ride.rideId]: 1 } })
    await second.frame('ride', 2)
    expect(second.of('ride').map(({ seq }) => seq)).toEqual([2, 3])
    expect(second.book.anomalies).toEqual([])
  })

  test('gets the ride itself, and is told so, when the events are gone', async () => {
    const small = await startTestIngress({ PUSH_RING_EVENTS: '1' })
    const rideId = small.ids.rideId({ customerId: 'c-1', idempotencyKey: small.key() })
    const token = await small.token('customer', 'c-1')
    const tell = (type: RideEventType, ride: Partial<Ride>) =>
      small.log.write('ride_events', rideId, aRideEvent(type, aRide({ rideId, ...ride })))
    const first = new TestPush({ url: small.url, token })
    await first.frame('snapshot')
    tell('RIDE_REQUESTED', { seq: 1 })
    await first.frame('ride')
    first.close()
    tell('RIDE_MATCHED', { ...offered(rideId), seq: 2 })
    tell('RIDE_ACCEPTED', { ...offered(rideId), status: 'ACCEPTED', seq: 3 })
    await waitFor('the events', async () =>
      (await small.metrics.render()).includes('hail_push_ring{of="rides"} 1')
    )
    const second = new TestPush({ url: small.url, token, book: first.book })
    opened.push(first, second)
    const snapshot = await second.frame('snapshot')
    await small.ingress.drain()
    expect(snapshot).toMatchObject({ resync: true, rides: [{ rideId, seq: 3 }], resumed: {} })
    expect(second.book.anomalies).toEqual([])
  })

  test('hears the end of a ride that was asked for just before the connection broke', async () => {
    const life = lifeOf({})
    life.tell('RIDE_REQUESTED')
    life.tell('MATCHING_FAILED', { status: 'NO_DRIVERS_AVAILABLE' })
    await waitFor('the events', () => it.ingress.push?.remembered.events === 2, { everyMs: 2 })
    const book = new PushBook()
    book.expect(life.ride.rideId)
    const unheard = ownRideId()
    book.expect(unheard)
    const client = await connect(rider, { book })
    const snapshot = await client.frame('snapshot')
    expect(snapshot['resumed']).toEqual({ [life.ride.rideId]: 0, [unheard]: 0 })
    await client.frame('ride', 2)
    expect(client.of('ride').map(({ seq }) => seq)).toEqual([1, 2])
    expect(client.book.anomalies).toEqual([])
  })

  test('waits for a store that is being rebuilt', async () => {
    const rideId = ownRideId()
    const client = await connect(rider, { isSilent: true })
    await waitFor('the upgrade', () => client.socket.readyState === 1, { everyMs: 2 })
    client.say({ type: 'hello', rides: { [rideId]: 3 } })
    await systemClock.sleep(50)
    expect(client.frames).toEqual([])
    const ride = aRide({ rideId, seq: 4, status: 'ACCEPTED', ...{ driverId: 'd-1' } })
    it.stores.put(stores.rides, rideId, {
      ride,
      actions: [],
      parkedDriverActions: [],
      parkedRiderActions: []
    })
    expect(await client.frame('snapshot')).toMatchObject({ resync: true, rides: [{ seq: 4 }] })
  })
})

describe('what a client says', () => {
  const greeted = async () => {
    const client = await connect(rider)
    await client.frame('snapshot')
    return client
  }

  test.each([
    ['rubbish', 'rubbish'],
    ['an unknown message', { type: 'subscribe', topic: 'ride_events' }],
    ['an unknown field', { type: 'ping', more: 1 }],
    ['a second hello', { type: 'hello' }],
    ['a list', []]
  ])('is closed with 1008 for %s', async (_, message) => {
    const client = await greeted()
    client.say(message)
    expect((await client.end()).code).toBe(1008)
  })

  test('is closed with 1003 for bytes and with 1009 for too many', async () => {
    const binary = await greeted()
    binary.socket.send(Buffer.from('{}'))
    const long = await greeted()
    long.say({ type: 'ping', padding: 'x'.repeat(9_000) })
    expect([(await binary.end()).code, (await long.end()).code]).toEqual([1003, 1009])
  })

  test('is cut off for a message nobody would send', async () => {
    const client = await greeted()
    client.say('x'.repeat(200_000))
    expect([1006, 1009]).toContain((await client.end()).code)
  })

  test('is closed with 1008 when it talks without end, or does not say hello', async () => {
    const chatty = await greeted()
    for (let index = 0; index < 30; index += 1) chatty.say({ type: 'ping' })
    const silent = await connect(rider, { isSilent: true })
    expect([(await chatty.end()).code, (await silent.end()).code]).toEqual([1008, 1008])
    expect(silent.frames).toEqual([])
  })

  test('is answered a ping', async () => {
    const client = await greeted()
    client.say({ type: 'ping' })
    expect(await client.frame('heartbeat')).toMatchObject({ behindMs: expect.any(Number) })
  })
})

describe('the end', () => {
  test('comes with the token, and nothing is told after it', async () => {
    const token = await mintToken({
      secret: it.secrets.jwtSecret ?? '',
      subject: 'c-1',
      role: 'customer',
      nowMs: systemClock.now(),
      lifeMs: 2_000
    })
    const client = await connect(null, { headers: { authorization: `Bearer ${token}` } })
    const { expiresAt } = (await client.frame('snapshot')) as unknown as { expiresAt: number }
    const { code, reason } = await client.end()
    expect([code, reason]).toEqual([4001, 'the token has expired'])
    expect(systemClock.now()).toBeGreaterThanOrEqual(expiresAt)
  })

  test('comes with 1001 for all, in a spread, when the server stops, and nobody gets in', async () => {
    const stopping = await startTestIngress({ PUSH_DRAIN_SPREAD: '300ms', DRAIN_GRACE: '100ms' })
    const clients = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const token = await stopping.token('customer', `c-${index}`)
        return new TestPush({ url: stopping.url, token })
      })
    )
    opened.push(...clients)
    await Promise.all(clients.map((client) => client.frame('snapshot')))
    const closedAt: number[] = []
    for (const { socket } of clients) {
      socket.on('close', () => closedAt.push(systemClock.monotonic()))
    }
    const draining = stopping.ingress.drain()
    const token = await stopping.token('customer', 'c-99')
    const late = new TestPush({ url: stopping.url, token })
    opened.push(late)
    expect((await late.refusal()).body['code']).toBe('draining')
    const ends = await Promise.all(clients.map((client) => client.end()))
    await draining
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([1001]))
    expect(Math.max(...closedAt) - Math.min(...closedAt)).toBeGreaterThan(150)
  })
})

test('shows connections, frames, lateness and ends', async () => {
  const client = await connect(rider)
  await client.frame('snapshot')
  lifeOf({}).tell('RIDE_REQUESTED')
  await client.frame('ride')
  const before = await it.metrics.render()
  client.socket.close(1000)
  await waitFor('the end', () => it.ingress.push?.size === 0, { everyMs: 2 })
  const after = await it.metrics.render()
  expect(before).toContain('hail_push_connections{role="customer"} 1')
  expect(before).toContain('hail_push_frames_total{kind="ride"} 1')
  expect(before).toContain('hail_push_lateness_seconds_count{kind="ride"} 1')
  expect(before).toMatch(/hail_push_lag_records\{topic="ride_events"\} 0/)
  expect(after).toContain('hail_push_closes_total{reason="client"} 1')
})

const aPosition = (rideId: string, driverId = 'd-1') => ({
  rideId,
  driverId,
  lat: 40.75,
  lon: -73.98,
  headingDegrees: null,
  speedMps: null,
  deviceTime: 1_700_000_000_000
})

const anAction = (actorId: string) => ({
  actionId: 'x-1',
  actorId,
  actorRole: 'CUSTOMER',
  entityId: 'r',
  action: 'cancel',
  outcome: 'REFUSED',
  reason: 'ride_ended',
  decidedAt: 5
})
