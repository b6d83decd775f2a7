/**
 * What a driver does with a ride. Whether the ride is theirs and the step is due is decided by the
 * service that owns the ride; the outcome appears under the action.
 *
 * @module
 */
import Type from 'typebox'
import type { DriverAction, DriverActionType } from '../../avro/index.ts'
import { parseOfferId } from '../../domain/index.ts'
import { requireSubject } from '../auth/index.ts'
import {
  closed,
  type Exchange,
  example,
  type Identity,
  id,
  Problem,
  point,
  type Reply,
  type Route,
  rating,
  routeDefiner,
  text,
  writeProblems
} from '../http/index.ts'
import { accepted, driverActionAccepted, requireKey } from './acceptance.ts'
import type { WriteServices } from './services.ts'

const typeByName = {
  accept: 'ACCEPT',
  decline: 'DECLINE',
  arrive: 'ARRIVE',
  start: 'START',
  end: 'END',
  cancel: 'CANCEL',
  'no-show': 'NO_SHOW',
  rating: 'RATE'
} as const satisfies Record<string, DriverActionType>

const summaryByName: Readonly<Record<keyof typeof typeByName, string>> = {
  accept: 'Accept the open offer',
  decline: 'Decline the open offer',
  arrive: 'Say that the driver is at the pickup',
  start: 'Begin the trip',
  end: 'End the trip',
  cancel: 'Give the ride back before the trip',
  'no-show': 'Say that nobody came to the pickup',
  rating: 'Rate the rider of an ended ride'
}

const common = {
  rideId: id('The ride'),
  driverId: Type.Optional(id('The driver; only an administrator needs to say')),
  offerId: Type.Optional(
    Type.String({ pattern: '^[^/]{1,64}/\\d{1,9}/[^/]{1,64}$', description: 'The offer answered' })
  ),
  place: Type.Optional(point),
  reason: Type.Optional(text(200, 'Why'))
}

type Body = {
  rideId: string
  driverId?: string
  offerId?: string
  place?: { lat: number; lon: number }
  reason?: string
  rating?: number
}

const schemaOf = (type: DriverActionType) =>
  closed({ ...common, rating: type === 'RATE' ? rating : Type.Optional(rating) })

const exampleOf = (type: DriverActionType): Record<string, unknown> => {
  const { rideId, offerId, dropoff } = example
  if (type === 'ACCEPT' || type === 'DECLINE') return { rideId, offerId }
  if (type === 'RATE') return { rideId, rating: 5 }
  if (type === 'CANCEL') return { rideId, reason: 'flat tyre' }
  return { rideId, place: dropoff }
}

const createRoute = (name: keyof typeof typeByName, type: DriverActionType): Route<WriteServices> =>
  routeDefiner<WriteServices>()({
    method: 'POST',
    path: `/driver_actions/${name}`,
    summary: summaryByName[name],
    tag: 'drivers',
    roles: ['driver', 'admin'],
    limit: 'write',
    idempotency: 'optional',
    body: schemaOf(type),
    responses: driverActionAccepted,
    problems: ['subject_forbidden', ...writeProblems],
    example: { body: exampleOf(type) },
    handler: (exchange, services) => act(exchange as Exchange<Body>, type, services)
  })

const act = async (
  exchange: Exchange<Body>,
  type: DriverActionType,
  { events, ids }: WriteServices
): Promise<Reply> => {
  const { body, identity, receivedAt } = exchange
  const driverId = driverOf(identity, body)
  refuseForeignOffer(body, driverId)
  const actionId = ids.actionId({
    scope: 'ride',
    entityId: body.rideId,
    actorId: identity.subject,
    idempotencyKey: `${type}:${requireKey(exchange.idempotencyKey)}`
  })
  const value: DriverAction = {
    actionId,
    rideId: body.rideId,
    driverId,
    type,
    offerId: body.offerId ?? null,
    place: body.place ?? null,
    reason: body.reason?.trim() ?? null,
    rating: type === 'RATE' ? (body.rating ?? null) : null,
    actedAt: receivedAt
  }
  await events.publish(
    { topic: 'driver_actions', key: body.rideId, id: actionId, value, at: receivedAt },
    exchange
  )
  return accepted({ actionId }, `/actions/${actionId}`)
}

/** A driver acts as the subject of the token, whatever the body says; an administrator names one. */
const driverOf = (identity: Identity, body: Body): string => {
  if (identity.role !== 'admin') {
    requireSubject(identity, body.driverId ?? identity.subject)
    return identity.subject
  }
  if (body.driverId !== undefined) return body.driverId
  throw violation('/driverId', 'is required of an administrator')
}

const refuseForeignOffer = (body: Body, driverId: string): void => {
  if (body.offerId === undefined) return
  const offer = parseOfferId(body.offerId)
  if (offer === null) throw violation('/offerId', 'is not an offer id')
  if (offer.driverId !== driverId) throw new Problem('subject_forbidden')
  if (offer.rideId !== body.rideId) throw violation('/offerId', 'is of another ride')
}

const violation = (path: string, message: string): Problem =>
  new Problem('validation_failed', { detail: `${path} ${message}`, errors: [{ path, message }] })

/** Routes of a driver's actions, one a type. */
export const driverActionRoutes = (Object.keys(typeByName) as (keyof typeof typeByName)[]).map(
  (name) => createRoute(name, typeByName[name])
)
