/**
 * Positions of drivers, one by one and in batches. A batch is answered item by item: what a phone
 * collected in a tunnel must not be lost because one point of it is bad.
 *
 * @module
 */
import Type from 'typebox'
import { requireSubject } from '../auth/index.ts'
import {
  closed,
  createItemCheck,
  type Exchange,
  epochMs,
  example,
  latitude,
  longitude,
  Problem,
  routeDefiner,
  text,
  writeProblems
} from '../http/index.ts'
import type { PositionShares } from '../limits/index.ts'
import {
  batchReply,
  type ItemResult,
  itemOfProblem,
  itemResults,
  limitedItem
} from './batch-results.ts'
import type { AnyEvent, OutEvent } from './events.ts'
import type { WriteServices } from './services.ts'

const defineRoute = routeDefiner<WriteServices>()

/** Points in one request; at 150 bytes a point 200 are 30 KB. */
const pointsMax = 200

const location = closed(
  {
    lat: latitude,
    lon: longitude,
    accuracyMeters: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100_000, description: 'Radius of error, metres' })
    ),
    headingDegrees: Type.Optional(
      Type.Number({ minimum: 0, maximum: 360, description: 'Clockwise from north' })
    ),
    speedMps: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1_000, description: 'Metres a second' })
    ),
    deviceTime: epochMs('When the device measured it, epoch ms'),
    sessionId: Type.Optional(text(64, 'The session of the driver, from going online'))
  },
  { title: 'Position', description: 'Where a driver was' }
)

const examplePosition = {
  ...example.pickup,
  accuracyMeters: 5,
  headingDegrees: 180,
  speedMps: 8.5,
  deviceTime: example.requestedAt
}

type Location = Type.Static<typeof location>

const lane = Type.Optional(
  Type.Literal('overflow', {
    description: 'Kept aside, as the driver is over its ordinary rate: not used for matching'
  })
)
const results = itemResults({ lane })

const reportLocation = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/location',
  summary: 'Report a position',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'location',
  idempotency: 'none',
  body: location,
  responses: {
    202: {
      description: 'Accepted',
      schema: closed({ status: Type.Literal('accepted'), lane }),
      example: { status: 'accepted' }
    }
  },
  problems: ['subject_forbidden', ...writeProblems],
  example: { params: { driverId: example.driverId }, body: examplePosition },
  handler: async (exchange, { events, positionLanes, overflowed }) => {
    const driverId = ownDriver(exchange)
    const { ordinary, refused } = positionLanes.share(driverId, 1)
    if (refused > 0) throw tooMany(positionLanes.secondsUntil(driverId, 1))
    const event = toEvent(driverId, exchange.body, exchange.receivedAt)
    if (ordinary > 0) {
      await events.publish(event, exchange)
      return { status: 202, body: { status: 'accepted' } }
    }
    await events.publish({ ...event, topic: overflowTopic }, exchange)
    overflowed.inc()
    return { status: 202, body: { status: 'accepted', lane: 'overflow' } }
  }
})

const reportLocations = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/locations',
  summary: 'Report positions collected while offline',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'location',
  idempotency: 'none',
  body: closed({
    points: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: pointsMax,
      description: 'Oldest first, each as in POST /drivers/{driverId}/location; judged one by one'
    })
  }),
  responses: {
    202: {
      description: 'All accepted, now or before',
      schema: results,
      example: { results: [{ index: 0, status: 'accepted' }] }
    },
    207: {
      description: 'Some not accepted; send those marked retry or limited again',
      schema: results,
      example: {
        results: [
          { index: 0, status: 'accepted' },
          {
            index: 1,
            status: 'invalid',
            code: 'outside_service_area',
            detail: '/lat must be <= 90'
          }
        ]
      },
      headers: ['retry-after']
    }
  },
  problems: ['subject_forbidden'],
  example: { params: { driverId: example.driverId }, body: { points: [examplePosition] } },
  handler: async (exchange, services) => {
    const driverId = ownDriver(exchange)
    const { points } = exchange.body
    const batch = sortOut(points, services.seenPositions.of(driverId))
    const shares = services.positionLanes.share(driverId, batch.fresh.length)
    await takeFresh({ ...batch, points, driverId, shares }, exchange, services)
    return batchReply(batch.results, {
      route: '/drivers/:driverId/locations',
      items: services.batchItems,
      random: services.clock.random,
      waitSeconds: () => services.positionLanes.secondsUntil(driverId, shares.refused)
    })
  }
})

type Sorted = {
  /** Holes are left for those of `fresh`. */
  results: ItemResult[]
  /** Indexes of the points that are to be produced, in their order. */
  fresh: number[]
  /** Points of the same time as one of `fresh` before them; holes are left for them too. */
  twins: Twin[]
}

type Twin = { index: number; first: number }

const check = createItemCheck(location)

const sortOut = (points: readonly unknown[], isSeen: (deviceTime: number) => boolean): Sorted => {
  const areValid = check.areValid(points)
  const results: ItemResult[] = new Array(points.length)
  const fresh: number[] = []
  const twins: Twin[] = []
  let newest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < points.length; index += 1) {
    const problem = areValid ? null : check.problemOf(points[index])
    if (problem !== null) {
      results[index] = itemOfProblem(index, problem)
      continue
    }
    const deviceTime = timeOf(points[index])
    if (isSeen(deviceTime)) {
      results[index] = { index, status: 'duplicate' }
      continue
    }
    // Ascending times, the ordinary case, are told apart by one comparison.
    const isLater = deviceTime > newest
    const first = isLater ? undefined : fresh.find((each) => timeOf(points[each]) === deviceTime)
    if (first === undefined) fresh.push(index)
    else twins.push({ index, first })
    if (isLater) newest = deviceTime
  }
  return { results, fresh, twins }
}

const timeOf = (point: unknown): number => (point as Location).deviceTime

/** Produces what may be produced. The newest positions matter most, so the oldest give way. */
const takeFresh = async (
  batch: Sorted & { points: readonly unknown[]; driverId: string; shares: PositionShares },
  exchange: Exchange,
  { events, overflowed, seenPositions }: WriteServices
): Promise<void> => {
  const { points, driverId, shares, results, fresh, twins } = batch
  const { refused, overflow } = shares
  for (const index of fresh.slice(0, refused)) results[index] = limitedItem(index)
  const taken = refused === 0 ? fresh : fresh.slice(refused)
  const sent: AnyEvent[] = taken.map((index, place) => {
    const event = toEvent(driverId, points[index] as Location, exchange.receivedAt)
    return place < overflow ? { ...event, topic: overflowTopic } : event
  })
  const outcomes = await events.publishAll(sent, exchange)
  const keptTimes: number[] = []
  let overflowCount = 0
  for (const [place, index] of taken.entries()) {
    const problem = outcomes[place] ?? null
    if (problem !== null) {
      results[index] = itemOfProblem(index, problem)
      continue
    }
    keptTimes.push(timeOf(points[index]))
    if (place < overflow) {
      overflowCount += 1
      results[index] = { index, status: 'accepted', lane: 'overflow' }
    } else results[index] = { index, status: 'accepted' }
  }
  for (const { index, first } of twins) {
    const result = results[first] as ItemResult
    results[index] =
      result.status === 'accepted' ? { index, status: 'duplicate' } : { ...result, index }
  }
  seenPositions.add(driverId, keptTimes)
  if (overflowCount > 0) overflowed.inc(overflowCount)
}

const ownDriver = ({ identity, params }: Exchange): string => {
  const driverId = params['driverId'] ?? ''
  requireSubject(identity, driverId)
  return driverId
}

const tooMany = (seconds: number): Problem =>
  new Problem('rate_limited', {
    detail: 'Expected fewer positions a second of one driver',
    headers: {
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(seconds),
      'retry-after': String(seconds)
    }
  })

const overflowTopic = 'driver_location_updates.overflow'

const toEvent = (
  driverId: string,
  place: Location,
  receivedAt: number
): OutEvent<'driver_location_updates'> => ({
  topic: 'driver_location_updates',
  key: driverId,
  id: `${driverId}:${place.deviceTime}`,
  value: {
    driverId,
    sessionId: place.sessionId ?? null,
    lat: place.lat,
    lon: place.lon,
    accuracyMeters: place.accuracyMeters ?? null,
    headingDegrees: place.headingDegrees ?? null,
    speedMps: place.speedMps ?? null,
    deviceTime: place.deviceTime,
    receivedAt
  },
  at: receivedAt
})

/** Routes of positions. */
export const locationRoutes = [reportLocation, reportLocations]
