import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../core/index.ts'
import { places } from '../testing/builders.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'
import type { ItemResult } from './batch-results.ts'

const ordinaryTopic = 'driver_location_updates'
const overflowTopic = 'driver_location_updates.overflow'
const startMs = 1_750_000_000_000
let it: TestIngress
let drivers = 0
let driverId = ''

/** A position measured `index` seconds after the start. */
const aPoint = (index: number) => ({
  ...places.timesSquare,
  deviceTime: startMs + index * 1_000
})
const points = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => aPoint(from + index))
const send = (items: readonly unknown[]) =>
  it.post(`/drivers/${driverId}/locations`, {
    as: { role: 'driver', subject: driverId },
    body: { points: items }
  })
const resultsOf = ({ body }: { body: Record<string, unknown> }) => body['results'] as ItemResult[]
const statusesOf = (reply: { body: Record<string, unknown> }) =>
  resultsOf(reply).map(({ status }) => status)
/** Seconds after the start of what a topic holds. */
const kept = (topic: string) =>
  it.sent<'DriverLocation'>(topic).map(({ value }) => (value.deviceTime - startMs) / 1_000)

const startWith = (environment: Record<string, string>, clock?: Clock) => async () => {
  it = await startTestIngress(
    { LIMIT_BAD_TOKENS: '0', ...environment },
    clock === undefined ? {} : { clock }
  )
}
/** Buckets fill by this clock: not at all, however slow the machine. */
const stoppedClock: Clock = { ...systemClock, monotonic: () => 0 }
beforeEach(() => {
  it.producer.records.length = 0
  it.producer.mode = 'acknowledge'
  drivers += 1
  driverId = `d-${drivers}`
})

describe('POST /drivers/{id}/locations', () => {
  beforeAll(
    startWith({ LIMIT_LOCATIONS: '0', INGRESS_BATCH_RECORDS: '3', BREAKER_FAILURES: '100' })
  )
  afterAll(() => it.ingress.drain())

  test('answers 202 when all items are accepted and 207 item by item when not', async () => {
    const all = await send(points(2))
    expect([all.status, all.body]).toEqual([
      202,
      {
        results: [
          { index: 0, status: 'accepted' },
          { index: 1, status: 'accepted' }
        ]
      }
    ])
    const mixed = await send([aPoint(2), { lat: 1 }, 'x', { ...aPoint(3), lat: 91 }])
    expect(mixed.status).toBe(207)
    expect(mixed.headers.get('retry-after')).toBeNull()
    expect(resultsOf(mixed)).toMatchObject([
      { index: 0, status: 'accepted' },
      {
        index: 1,
        status: 'invalid',
        code: 'validation_failed',
        detail: expect.stringContaining('lon')
      },
      { index: 2, status: 'invalid', code: 'validation_failed' },
      {
        index: 3,
        status: 'invalid',
        code: 'outside_service_area',
        detail: expect.stringContaining('/lat')
      }
    ])
    expect(kept(ordinaryTopic)).toEqual([0, 1, 2])
  })

  test('gives the records of a batch their own ids and what they share', async () => {
    await send(points(2))
    const [first, second] = it.producer.records
    expect(first?.headers?.['ce_id']).toBe(`${driverId}:${startMs}`)
    expect(second?.headers?.['ce_id']).toBe(`${driverId}:${startMs + 1_000}`)
    expect(first).toMatchObject({ key: driverId, partition: second?.partition })
    expect(first?.headers?.['ce_time']).toBe(new Date(first?.timestampMs ?? 0).toISOString())
    expect(first?.headers?.['traceparent']).toBe(second?.headers?.['traceparent'])
  })

  test('answers duplicate for what this driver was acknowledged, and does not keep it twice', async () => {
    await send(points(3))
    const again = await send(points(5, 1))
    expect([again.status, statusesOf(again)]).toEqual([
      202,
      ['duplicate', 'duplicate', 'accepted', 'accepted', 'accepted']
    ])
    expect(kept(ordinaryTopic)).toEqual([0, 1, 2, 3, 4, 5])
    driverId = `${driverId}-other`
    expect(statusesOf(await send(points(3)))).toEqual(['accepted', 'accepted', 'accepted'])
  })

  test('keeps one of two points of the same time, wherever they stand', async () => {
    const reply = await send([4, 2, 4, 5, 2].map(aPoint))
    expect(statusesOf(reply)).toEqual([
      'accepted',
      'accepted',
      'duplicate',
      'accepted',
      'duplicate'
    ])
    expect(kept(ordinaryTopic)).toEqual([4, 2, 5])
  })

  test('marks what was not acknowledged for retry, alone, with Retry-After', async () => {
    it.producer.mode = 'fail-every-second'
    const reply = await send(points(9))
    it.producer.mode = 'acknowledge'
    const again = resultsOf(reply).filter(({ status }) => status === 'retry')
    expect(reply.status).toBe(207)
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(again.length % 3).toBe(0)
    expect(again.length).toBeGreaterThan(0)
    expect(again.length).toBeLessThan(9)
    expect(again[0]).toMatchObject({ code: 'unknown_outcome' })
    const retried = await send(again.map(({ index }) => aPoint(index)))
    expect(retried.status).toBe(202)
    expect(kept(ordinaryTopic).toSorted((a, b) => a - b)).toEqual([...Array(9).keys()])
  })

  test('refuses an empty batch and one too long', async () => {
    const replies = [await send([]), await send(points(201))]
    expect(replies.map(({ status }) => status)).toEqual([422, 422])
  })

  test('never calls accepted or duplicate what is not kept; sending the rest again ends', async () => {
    const item = fc.oneof(
      { weight: 5, arbitrary: fc.nat(30).map(aPoint) },
      { weight: 1, arbitrary: fc.constantFrom(null, {}, { ...aPoint(1), lon: 200 }, [aPoint(1)]) }
    )
    const batch = fc.record({
      items: fc.array(item, { minLength: 1, maxLength: 20 }),
      mode: fc.constantFrom('acknowledge', 'fail', 'fail-every-second')
    })
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
        drivers += 1
        driverId = `d-${drivers}`
        it.producer.records.length = 0
        for (const { items, mode } of batches) {
          let left: readonly unknown[] = items
          for (let turn = 0; left.length > 0; turn += 1) {
            expect(turn).toBeLessThan(3)
            it.producer.mode = turn === 0 ? (mode as 'fail') : 'acknowledge'
            const results = resultsOf(await send(left))
            expect(results.map(({ index }) => index)).toEqual([...left.keys()])
            const keptTimes = new Set(kept(ordinaryTopic))
            left = left.filter((point, index) => {
              const status = results[index]?.status
              const { deviceTime } = (point ?? {}) as { deviceTime?: number }
              const isKept = keptTimes.has(((deviceTime ?? 0) - startMs) / 1_000)
              if (status === 'accepted' || status === 'duplicate') expect(isKept).toBe(true)
              return status === 'retry'
            })
          }
        }
      }),
      { numRuns: 40 }
    )
  })
})

describe('a driver over its ordinary rate', () => {
  beforeAll(startWith({ LIMIT_LOCATIONS: '1', LIMIT_LOCATION_OVERFLOW: '1' }, stoppedClock))
  afterAll(() => it.ingress.drain())

  test('overflows, then is limited; the newest positions go the ordinary way', async () => {
    const reply = await send(points(45))
    expect(reply.status).toBe(207)
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    const results = resultsOf(reply)
    expect(results.slice(0, 5)).toEqual(
      [0, 1, 2, 3, 4].map((index) => ({ index, status: 'limited', code: 'rate_limited' }))
    )
    expect(results[5]).toEqual({ index: 5, status: 'accepted', lane: 'overflow' })
    expect(results[15]).toEqual({ index: 15, status: 'accepted' })
    expect(kept(overflowTopic)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    expect(kept(ordinaryTopic)).toEqual([...Array(30).keys()].map((index) => index + 15))
    expect(await it.metrics.render()).toContain(
      'hail_ingress_overflow_total{topic="driver_location_updates"} 10'
    )
  })

  test('is told so for a single position, and gets 429 beyond the second bound', async () => {
    await send(points(30))
    const post = (index: number) =>
      it.post(`/drivers/${driverId}/location`, {
        as: { role: 'driver', subject: driverId },
        body: aPoint(index)
      })
    const overflowed = await post(30)
    expect([overflowed.status, overflowed.body]).toEqual([
      202,
      { status: 'accepted', lane: 'overflow' }
    ])
    expect(kept(overflowTopic)).toEqual([30])
    await send(points(15, 40))
    const refused = await post(31)
    expect([refused.status, refused.body['code']]).toEqual([429, 'rate_limited'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })

  test('gets no 202 for an overflowing position the broker did not acknowledge', async () => {
    await send(points(30))
    it.producer.mode = 'fail'
    const single = await it.post(`/drivers/${driverId}/location`, {
      as: { role: 'driver', subject: driverId },
      body: aPoint(31)
    })
    expect([single.status, single.body['code']]).toEqual([503, 'unknown_outcome'])
    expect(resultsOf(await send(points(2, 40)))).toMatchObject([
      { index: 0, status: 'retry' },
      { index: 1, status: 'retry' }
    ])
    expect(kept(overflowTopic)).toEqual([])
  })
})
