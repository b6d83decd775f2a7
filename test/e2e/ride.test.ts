/**
 * @module From sign-up to a bill over HTTP, with the reads and the database checked, and what must be
 * refused on the way.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { topicNames } from '../../avro/index.ts'
import { silentLogger, systemClock } from '../../core/index.ts'
import { BillModel, connectDatabase, DriverModel, RideModel } from '../../sinks/models/index.ts'
import type { ApiClient, Reply } from '../support/api-client.ts'
import { type Application, startApplication } from '../support/application.ts'
import { type Ends, endsOf, readFrom } from '../support/committed-records.ts'
import { waitFor } from '../support/wait-for.ts'
import { StandardReader } from './standard-reader.ts'

const pickup = { lat: 40.7549, lon: -73.984 }
const dropoff = { lat: 40.7794, lon: -73.9632 }

let application: Application
const before = new Map<string, Ends>()
let database: Awaited<ReturnType<typeof connectDatabase>>
const run = systemClock.randomBytes(4).toString('hex')

beforeAll(async () => {
  application = await startApplication({ timeScale: 10 })
  const admin = await application.kafka.admin()
  for (const topic of topicNames) before.set(topic, await endsOf(admin, topic))
  database = await connectDatabase({
    url: application.addresses.mongo,
    logger: silentLogger,
    clock: systemClock
  })
}, 180_000)

afterAll(async () => {
  await database?.close()
  await application?.stop()
}, 60_000)

let people = 0

/** Fields of a person who passes every rule, different each time. */
function aPerson(role: 'customer' | 'driver'): Record<string, unknown> {
  people += 1
  const serial = String(1_000 + people)
  const area = 100 + (Number.parseInt(run.slice(0, 4), 16) % 500)
  const groupNumber = 10 + (Number.parseInt(run.slice(4), 16) % 80)
  return {
    role,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: `ada.${run}.${people}@example.com`,
    phone: `+1212555${serial}`,
    street: '1 Main Street',
    city: 'New York',
    state: 'NY',
    zip: '10001',
    ssn: `${area}-${groupNumber}-${serial}`,
    ...(role === 'driver'
      ? {
          vehicle: {
            make: 'Toyota',
            model: 'Camry',
            year: 2022,
            color: 'black',
            plate: `T${serial}C`
          },
          licence: { number: `N${serial}${serial}`, state: 'NY', expiresOn: '2030-01-01' }
        }
      : {})
  }
}

async function signUp(role: 'customer' | 'driver'): Promise<string> {
  const client = await application.as('signup', `visitor-${run}`)
  const accepted = await client.command('/users/signup', aPerson(role))
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(202)
  const outcome = await until(
    client,
    accepted.headers.get('location') ?? '',
    ({ body }) => body.status !== 'pending'
  )
  expect(outcome.body).toMatchObject({ status: 'active' })
  return outcome.body.userId
}

/** Asks until the answer is the one wanted. */
async function until(
  client: ApiClient,
  location: string,
  isIt: (reply: Reply) => boolean
): Promise<Reply> {
  const path = location.replace('/api/v1', '')
  let last: Reply | undefined
  await waitFor(
    `an answer from ${path}`,
    async () => {
      last = await client.get(path)
      return isIt(last)
    },
    { timeoutMs: 20_000, everyMs: 100 }
  ).catch((error: unknown) => {
    throw new Error(
      `${(error as Error).message}; last: ${last?.status} ${JSON.stringify(last?.body)}`
    )
  })
  return last as Reply
}

async function act(
  driver: ApiClient,
  action: string,
  body: Record<string, unknown>
): Promise<Reply> {
  const accepted = await driver.command(`/driver_actions/${action}`, body)
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(202)
  return until(
    driver,
    accepted.headers.get('location') ?? '',
    (reply) => reply.body.status !== 'pending'
  )
}

describe('a ride', () => {
  test('goes from sign-up over HTTP to a bill in the database', async () => {
    const customerId = await signUp('customer')
    const driverId = await signUp('driver')
    const rider = await application.as('customer', customerId)
    const driver = await application.as('driver', driverId)

    const online = await driver.command(`/drivers/${driverId}/online`, { place: pickup })
    expect(online.status, JSON.stringify(online.body)).toBe(202)
    await until(
      driver,
      online.headers.get('location') ?? '',
      ({ body }) => body.status === 'applied'
    )
    const pinged = await driver.post(`/drivers/${driverId}/location`, {
      ...pickup,
      accuracyMeters: 5,
      deviceTime: systemClock.now()
    })
    expect(pinged.status, JSON.stringify(pinged.body)).toBe(202)

    const quote = await rider.post('/quotes', { pickup, dropoff })
    expect(quote.status, JSON.stringify(quote.body)).toBe(200)
    const asked = await rider.command('/rides', {
      pickup,
      dropoff,
      quoteToken: quote.body.quoteToken
    })
    expect(asked.status, JSON.stringify(asked.body)).toBe(202)
    const { rideId } = asked.body

    const offer = await until(
      driver,
      `/drivers/${driverId}/assignment?wait=5`,
      ({ body }) => body.kind === 'offer'
    )
    expect(offer.body).toMatchObject({ rideId })
    expect(await act(driver, 'start', { rideId })).toMatchObject({ body: { status: 'refused' } })
    expect(await act(driver, 'accept', { rideId, offerId: offer.body.offerId })).toMatchObject({
      body: { status: 'applied' }
    })
    for (const action of ['arrive', 'start', 'end']) {
      expect(await act(driver, action, { rideId, place: dropoff }), action).toMatchObject({
        body: { status: 'applied' }
      })
    }
    const ended = await until(rider, `/rides/${rideId}`, ({ body }) => body.status === 'completed')
    expect(ended.body).toMatchObject({ rideId, customerId, driverId })
    expect(ended.body.fare.totalMinor).toBe(quote.body.fare.totalMinor)

    await waitFor('the ride and its bill in the database', async () => {
      const [ride, bill] = await Promise.all([
        RideModel.findById(rideId).lean(),
        BillModel.findOne({ rideId }).lean()
      ])
      return ride?.status === 'COMPLETED' && bill?.totalMinor === quote.body.fare.totalMinor
    })
    expect(await DriverModel.findById(driverId).lean()).toMatchObject({ firstName: 'Ada' })
    const bills = await until(
      rider,
      '/bills',
      ({ status, body }) => status === 200 && JSON.stringify(body).includes(rideId)
    )
    expect(bills.status).toBe(200)
    const rides = await rider.get('/rides?limit=10')
    expect(JSON.stringify(rides.body)).toContain(rideId)

    // Who stays online is asked first by the rides of other tests.
    await until(driver, `/drivers/${driverId}`, ({ body }) => body.state?.status === 'available')
    const offline = await driver.command(`/drivers/${driverId}/offline`, {})
    expect(offline.status, JSON.stringify(offline.body)).toBe(202)
    await until(
      driver,
      offline.headers.get('location') ?? '',
      ({ body }) => body.status === 'applied'
    )
  })

  test('asked for twice with one idempotency key is one ride', async () => {
    const customerId = await signUp('customer')
    const rider = await application.as('customer', customerId)
    const key = { 'idempotency-key': (await import('../support/api-client.ts')).uuidv7() }
    const [first, second] = await Promise.all([
      rider.post('/rides', { pickup, dropoff }, key),
      rider.post('/rides', { pickup, dropoff }, key)
    ])
    expect(first.body.rideId).toBe(second.body.rideId)
    await until(rider, `/rides/${first.body.rideId}`, ({ body }) => body.status !== 'pending')
    const cancelled = await rider.command(`/rides/${first.body.rideId}/cancel`, {
      reason: 'changed my mind'
    })
    expect(cancelled.status).toBe(202)
    const ended = await until(
      rider,
      `/rides/${first.body.rideId}`,
      ({ body }) => body.status === 'cancelled'
    )
    expect(ended.body.seq).toBe(2)
  })

  test('is refused with a problem document and no record where the request is bad', async () => {
    const customerId = await signUp('customer')
    const rider = await application.as('customer', customerId)
    const driver = await application.as('driver', 'd-somebody')
    const admin = await application.kafka.admin()
    const before = await endsOf(admin, 'ride_requests')
    const outside = { lat: 0, lon: 0 }
    const cases: [string, Promise<Reply>, number][] = [
      ['malformed JSON', rider.postText('/rides', '{"pickup":'), 400],
      ['wrong types', rider.command('/rides', { pickup: 'here', dropoff }), 422],
      ['out of range', rider.command('/rides', { pickup: { lat: 91, lon: 0 }, dropoff }), 422],
      ['outside of every market', rider.command('/rides', { pickup: outside, dropoff }), 422],
      ['no token', application.stranger().command('/rides', { pickup, dropoff }), 401],
      ['a driver asking for a ride', driver.command('/rides', { pickup, dropoff }), 403],
      ["somebody else's ride", rider.command(`/rides/${'0'.repeat(32)}/cancel`, {}), 403],
      [
        "somebody else's driver id",
        driver.command('/drivers/d-other/online', { place: pickup }),
        403
      ],
      [
        'an oversized body',
        rider.postText('/rides', JSON.stringify({ pad: 'x'.repeat(2 << 20) })),
        413
      ]
    ]
    for (const [name, replying, status] of cases) {
      const reply = await replying
      expect(reply.status, `${name}: ${JSON.stringify(reply.body)}`).toBe(status)
      expect(reply.headers.get('content-type'), name).toContain('application/problem+json')
    }
    expect(await endsOf(admin, 'ride_requests')).toEqual(before)
  })

  test('leaves records that any Confluent Avro reader decodes with the registry alone', async () => {
    const reader = new StandardReader(application.addresses.registry)
    const source = {
      admin: await application.kafka.admin(),
      fetcher: await application.kafka.fetcher()
    }
    const silent: string[] = []
    for (const topic of topicNames) {
      const records = await readFrom(source, topic, before.get(topic) ?? new Map())
      if (records.length === 0) silent.push(topic)
      for (const { value } of records) if (value !== null) await reader.read(value)
    }
    // One ride moves no surge, and rates nobody; positions of a trip come with pings while on it; one
    // driver reports too seldom to overflow.
    const expected = ['surge_multipliers', 'ride_positions', 'driver_location_updates.overflow']
    expect(silent.filter((topic) => !expected.includes(topic))).toEqual([])
  })
})
