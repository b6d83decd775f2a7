/**
 * Rides that a partner (a hotel, a company) books for its guests, many in one request. Every item
 * stands for itself and is told apart by its own key and guest, so a partner that got no answer, or
 * some `retry`, sends the same items again and gets the same rides.
 *
 * Limits: a guest has the customer's limit of open rides; a partner is limited by rides, not by
 * requests, and repeats cost nothing.
 *
 * @module
 */
import Type from 'typebox'
import { guestCustomerId } from '../../domain/index.ts'
import {
  closed,
  createItemCheck,
  type Exchange,
  example,
  id,
  Problem,
  parseIdempotencyKey,
  routeDefiner
} from '../http/index.ts'
import {
  batchReply,
  type ItemResult,
  itemOfProblem,
  itemResults,
  limitedItem
} from './batch-results.ts'
import { rememberBody } from './key-reuse.ts'
import { marketOfRide } from './places.ts'
import { hashRide, type PlannedRide, rideFields, toRideEvent } from './ride-request.ts'
import type { WriteServices } from './services.ts'

const ridesMax = 100
/** A quote's token takes most of an item: 100 of 1 KiB with all else are below this. */
const bodyBytesMax = 262_144

const rideItem = closed({
  idempotencyKey: Type.String({
    maxLength: 64,
    description: 'A UUIDv7, made once for this ride and sent again with every retry'
  }),
  guestId: id('Who rides, by a name the partner gives; its own customer for all limits'),
  ...rideFields
})
type RideItem = Type.Static<typeof rideItem>
const check = createItemCheck(rideItem)

const results = itemResults({
  id: Type.Optional(Type.String({ description: 'Ride id; appears under /rides/{id}' }))
})

const bookRides = routeDefiner<WriteServices>()({
  method: 'POST',
  path: '/rides/batch',
  summary: 'Book rides for guests',
  tag: 'partners',
  roles: ['partner'],
  limit: 'write',
  idempotency: 'none',
  bodyBytesMax,
  body: closed({
    rides: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: ridesMax,
      description: 'Each {idempotencyKey, guestId, pickup, dropoff, quoteToken?}; judged one by one'
    })
  }),
  responses: {
    202: {
      description: 'All accepted, now or before',
      schema: results,
      example: { results: [{ index: 0, id: example.rideId, status: 'accepted' }] }
    },
    207: {
      description: 'Some not accepted; send those marked retry or limited again, with their keys',
      schema: results,
      example: {
        results: [
          { index: 0, id: example.rideId, status: 'duplicate' },
          { index: 1, status: 'limited', code: 'rate_limited' }
        ]
      },
      headers: ['retry-after']
    }
  },
  example: {
    body: {
      rides: [
        {
          idempotencyKey: example.idempotencyKey,
          guestId: 'room-7',
          pickup: example.pickup,
          dropoff: example.dropoff
        }
      ]
    }
  },
  handler: async (exchange, services) => {
    const partnerId = exchange.identity.subject
    const plan = sortOut(exchange.body.rides, exchange, services)
    const granted = services.partnerRides.take(partnerId, plan.fresh.length)
    const limited = plan.fresh.slice(granted)
    services.ridesLimited.inc(limited.length)
    await book({ ...plan, fresh: plan.fresh.slice(0, granted) }, exchange, services)
    for (const { index } of limited) plan.results[index] = limitedItem(index)
    answerTwins(plan)
    return batchReply(plan.results, {
      route: '/rides/batch',
      items: services.batchItems,
      random: services.clock.random,
      waitSeconds: () => services.partnerRides.secondsUntil(partnerId, limited.length)
    })
  }
})

type Planned = { index: number; ride: PlannedRide }
/** An item that names the same ride as one before it in the request. */
type Twin = { index: number; first: number }

type Plan = {
  /** Holes are left for those of `fresh` and `twins`. */
  results: ItemResult[]
  fresh: Planned[]
  twins: Twin[]
}

const sortOut = (items: readonly unknown[], exchange: Exchange, services: WriteServices): Plan => {
  const plan: Plan = { results: new Array(items.length), fresh: [], twins: [] }
  const firstById = new Map<string, Planned>()
  for (const [index, item] of items.entries()) {
    try {
      const problem = check.problemOf(item)
      if (problem !== null) throw problem
      const ride = planRide(item as RideItem, exchange, services)
      const first = firstById.get(ride.rideId)
      const hashBefore = services.bodyHashById.get(ride.rideId) ?? first?.ride.bodyHash
      if (hashBefore !== undefined && hashBefore !== ride.bodyHash) {
        throw new Problem('idempotency_key_reused')
      }
      if (first !== undefined) plan.twins.push({ index, first: first.index })
      else if (hashBefore !== undefined) {
        plan.results[index] = { index, id: ride.rideId, status: 'duplicate' }
      } else {
        firstById.set(ride.rideId, { index, ride })
        plan.fresh.push({ index, ride })
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      plan.results[index] = itemOfProblem(index, error)
    }
  }
  return plan
}

/** Throws the problem of an item that cannot be a ride. */
const planRide = (
  item: RideItem,
  { identity, receivedAt }: Exchange,
  { ids, markets, policy }: WriteServices
): PlannedRide => {
  const { pickup, dropoff } = item
  const idempotencyKey = parseIdempotencyKey(item.idempotencyKey, {
    nowMs: receivedAt,
    ageMsMax: policy.idempotencyMaxAgeMs
  })
  const wish = { pickup, dropoff, quoteToken: item.quoteToken ?? null }
  const customerId = guestCustomerId({ partnerId: identity.subject, guestId: item.guestId })
  return {
    ...wish,
    rideId: ids.rideId({ customerId, idempotencyKey }),
    customerId,
    idempotencyKey,
    bodyHash: hashRide(wish),
    market: marketOfRide(pickup, dropoff, markets).id
  }
}

const book = async (
  { fresh, results }: Plan,
  exchange: Exchange,
  services: WriteServices
): Promise<void> => {
  const events = await Promise.all(fresh.map(({ ride }) => toRideEvent(ride, exchange, services)))
  const outcomes = await services.events.publishAll(events, exchange)
  for (const [place, { index, ride }] of fresh.entries()) {
    const { rideId, bodyHash } = ride
    const problem = outcomes[place] ?? null
    if (problem === null) rememberBody(services.bodyHashById, rideId, bodyHash)
    results[index] =
      problem === null
        ? { index, id: rideId, status: 'accepted' }
        : { ...itemOfProblem(index, problem), id: rideId }
  }
}

/** A twin fares as its first did. */
const answerTwins = ({ results, twins }: Plan): void => {
  for (const { index, first } of twins) {
    const result = results[first]
    if (result === undefined) continue
    const status = result.status === 'accepted' ? 'duplicate' : result.status
    results[index] = { ...result, index, status }
  }
}

/** Routes of partners. */
export const rideBatchRoutes = [bookRides]
