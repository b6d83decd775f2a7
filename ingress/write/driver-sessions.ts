/**
 * Drivers going online and offline.
 *
 * @module
 */
import Type from 'typebox'
import type { DriverSession } from '../../avro/index.ts'
import { requireSubject } from '../auth/index.ts'
import {
  closed,
  type Exchange,
  example,
  point,
  type Reply,
  routeDefiner,
  text,
  writeProblems
} from '../http/index.ts'
import { accepted, requireKey, sessionActionAccepted } from './acceptance.ts'
import type { WriteServices } from './services.ts'

const defineRoute = routeDefiner<WriteServices>()

const goOnline = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/online',
  summary: 'Begin a session',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'write',
  idempotency: 'optional',
  body: closed({ place: point }),
  responses: {
    202: {
      description: 'Accepted; the outcome will appear under the location',
      schema: closed(
        {
          actionId: Type.String({ description: 'Its outcome is at /actions/{actionId}' }),
          sessionId: Type.String({ description: 'To be sent with positions' })
        },
        { title: 'AcceptedSession' }
      ),
      example: { actionId: example.sessionActionId, sessionId: example.idempotencyKey },
      headers: ['location']
    }
  },
  problems: ['subject_forbidden', ...writeProblems],
  example: { params: { driverId: example.driverId }, body: { place: example.pickup } },
  handler: (exchange, services) => {
    // The key is unique per session, and a retry must be the same session.
    const sessionId = requireKey(exchange.idempotencyKey)
    return changeSession(
      exchange,
      { type: 'ONLINE', sessionId, place: exchange.body.place },
      services
    )
  }
})

const goOffline = defineRoute({
  method: 'POST',
  path: '/drivers/:driverId/offline',
  summary: 'End the session',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'write',
  idempotency: 'optional',
  bodyOptional: true,
  body: closed({
    place: Type.Optional(point),
    sessionId: Type.Optional(text(64, 'The session that ends'))
  }),
  responses: sessionActionAccepted,
  problems: ['subject_forbidden', ...writeProblems],
  example: {
    params: { driverId: example.driverId },
    body: { sessionId: example.idempotencyKey }
  },
  handler: (exchange, services) => {
    const { place = null, sessionId = '' } = exchange.body
    return changeSession(exchange, { type: 'OFFLINE', sessionId, place }, services)
  }
})

const changeSession = async (
  exchange: Exchange,
  what: Pick<DriverSession, 'type' | 'sessionId' | 'place'>,
  { events, ids }: WriteServices
): Promise<Reply> => {
  const driverId = exchange.params['driverId'] ?? ''
  requireSubject(exchange.identity, driverId)
  const actionId = ids.actionId({
    scope: 'driver',
    entityId: driverId,
    actorId: exchange.identity.subject,
    idempotencyKey: `${what.type}:${requireKey(exchange.idempotencyKey)}`
  })
  const value: DriverSession = { actionId, driverId, ...what, actedAt: exchange.receivedAt }
  await events.publish(
    { topic: 'driver_sessions', key: driverId, id: actionId, value, at: exchange.receivedAt },
    exchange
  )
  const { sessionId } = what
  return accepted(
    what.type === 'ONLINE' ? { actionId, sessionId } : { actionId },
    `/actions/${actionId}`
  )
}

/** Routes of sessions. */
export const driverSessionRoutes = [goOnline, goOffline]
