/**
 * What a rider does: request a ride, cancel it, rate it.
 *
 * @module
 */
import Type from 'typebox'
import type { RiderAction } from '../../avro/index.ts'
import { actorOf, requireRideOwner } from '../auth/index.ts'
import {
  closed,
  type Exchange,
  example,
  type Reply,
  rating,
  routeDefiner,
  text,
  writeProblems
} from '../http/index.ts'
import { accepted, recordRole, requireKey, riderActionAccepted } from './acceptance.ts'
import { refuseReusedKey, rememberBody } from './key-reuse.ts'
import { marketOfRide } from './places.ts'
import { hashRide, rideFields, toRideEvent } from './ride-request.ts'
import type { WriteServices } from './services.ts'

const defineRoute = routeDefiner<WriteServices>()

/** A ride of which nothing is known but that it was accepted. */
export const pendingRide = closed(
  {
    rideId: Type.String({ description: 'The ride is at /rides/{rideId}' }),
    status: Type.Literal('pending')
  },
  { title: 'PendingRide' }
)

const requestRide = defineRoute({
  method: 'POST',
  path: '/rides',
  summary: 'Request a ride',
  tag: 'rides',
  roles: ['customer'],
  limit: 'write',
  idempotency: 'required',
  body: closed(rideFields),
  responses: {
    202: {
      description: 'Accepted; the ride will appear under the location',
      schema: pendingRide,
      example: { rideId: example.rideId, status: 'pending' },
      headers: ['location']
    }
  },
  problems: ['outside_service_area', 'idempotency_key_reused', ...writeProblems],
  example: { body: { pickup: example.pickup, dropoff: example.dropoff } },
  handler: async (exchange, services) => {
    const { events, ids, markets, bodyHashById } = services
    const { pickup, dropoff, quoteToken = null } = exchange.body
    const market = marketOfRide(pickup, dropoff, markets).id
    const customerId = exchange.identity.subject
    const idempotencyKey = requireKey(exchange.idempotencyKey)
    const rideId = ids.rideId({ customerId, idempotencyKey })
    const bodyHash = hashRide({ pickup, dropoff, quoteToken })
    refuseReusedKey(bodyHashById, rideId, bodyHash)
    const ride = {
      pickup,
      dropoff,
      quoteToken,
      rideId,
      customerId,
      idempotencyKey,
      bodyHash,
      market
    }
    await events.publish(await toRideEvent(ride, exchange, services), exchange)
    rememberBody(bodyHashById, rideId, bodyHash)
    return accepted({ rideId, status: 'pending' }, `/rides/${rideId}`)
  }
})

const cancelRide = defineRoute({
  method: 'POST',
  path: '/rides/:rideId/cancel',
  summary: 'Cancel a ride',
  tag: 'rides',
  roles: ['customer', 'partner', 'admin'],
  limit: 'write',
  idempotency: 'optional',
  bodyOptional: true,
  body: closed({ reason: Type.Optional(text(200, 'Why')) }),
  responses: riderActionAccepted,
  problems: ['subject_forbidden', ...writeProblems],
  example: { params: { rideId: example.rideId }, body: { reason: 'changed my mind' } },
  handler: (exchange, services) =>
    actOnRide(
      exchange,
      { type: 'CANCEL', reason: exchange.body.reason?.trim() ?? null, rating: null },
      services
    )
})

const rateRide = defineRoute({
  method: 'POST',
  path: '/rides/:rideId/rating',
  summary: 'Rate the driver of a ride',
  tag: 'rides',
  roles: ['customer', 'admin'],
  limit: 'write',
  idempotency: 'optional',
  body: closed({ rating }),
  responses: riderActionAccepted,
  problems: ['subject_forbidden', ...writeProblems],
  example: { params: { rideId: example.rideId }, body: { rating: 5 } },
  handler: (exchange, services) =>
    actOnRide(exchange, { type: 'RATE', reason: null, rating: exchange.body.rating }, services)
})

const actOnRide = async (
  exchange: Exchange,
  what: Pick<RiderAction, 'type' | 'reason' | 'rating'>,
  { events, ids }: WriteServices
): Promise<Reply> => {
  const rideId = exchange.params['rideId'] ?? ''
  const actorId = actorOf(exchange.identity)
  requireRideOwner(exchange.identity, rideId, ids)
  const actionId = ids.actionId({
    scope: 'ride',
    entityId: rideId,
    actorId,
    // One key sent for two different actions must give two ids.
    idempotencyKey: `${what.type}:${requireKey(exchange.idempotencyKey)}`
  })
  const value: RiderAction = {
    actionId,
    rideId,
    actorId,
    actorRole: recordRole(exchange.identity),
    ...what,
    actedAt: exchange.receivedAt
  }
  await events.publish(
    { topic: 'rider_actions', key: rideId, id: actionId, value, at: exchange.receivedAt },
    exchange
  )
  return accepted({ actionId }, `/actions/${actionId}`)
}

/** Routes of riders. */
export const rideWriteRoutes = [requestRide, cancelRide, rateRide]
