/**
 * Reading rides.
 *
 * @module
 */
import Type from 'typebox'
import type { Ride } from '../../avro/index.ts'
import { actsForCustomer } from '../../domain/index.ts'
import { actorOf, requireRideOwner } from '../auth/index.ts'
import {
  closed,
  conditionalReply,
  example,
  type Identity,
  id,
  notModified,
  Problem,
  pageQuery,
  routeDefiner
} from '../http/index.ts'
import { pendingRide } from '../write/index.ts'
import { freshnessHeaders } from './freshness-headers.ts'
import { customerQuery, filterOf } from './page-filter.ts'
import { exampleRide, rideDocument, rideTag, toRideDocument } from './ride-document.ts'
import type { ReadServices } from './services.ts'

const defineRoute = routeDefiner<ReadServices>()
const pageSize = 20

const getRide = defineRoute({
  method: 'GET',
  path: '/rides/:rideId',
  summary: 'One ride; pending right after its 202',
  tag: 'rides',
  roles: ['customer', 'partner', 'driver', 'admin'],
  limit: 'read',
  idempotency: 'none',
  responses: {
    200: {
      description: 'The ride; only its id and pending until it is known',
      schema: Type.Union([rideDocument, pendingRide]),
      example: exampleRide,
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { rideId: example.rideId } },
  handler: async ({ identity, params, ifNoneMatch }, { clock, ids, guard, rides }) => {
    const rideId = params['rideId'] ?? ''
    // A stranger's id is refused unread: the answer must not tell whether it exists.
    if (identity.role !== 'driver') requireRideOwner(identity, rideId, ids)
    const found = await guard(() => rides.byId(rideId))
    const { ride, isWithoutLive } = found.value
    if (ride !== null) {
      requireParty(identity, ride)
      const headers = freshnessHeaders(clock, found, isWithoutLive)
      const tag = rideTag(ride, identity.role)
      const document = toRideDocument(ride, identity.role)
      return conditionalReply(document, { ifNoneMatch, tag, headers })
    }
    if (!ids.isOwnRideId(rideId, actorOf(identity))) throw new Problem('not_found')
    return conditionalReply({ rideId, status: 'pending' }, { ifNoneMatch })
  }
})

const listRides = defineRoute({
  method: 'GET',
  path: '/rides',
  summary: 'Rides, newest first, open ones in front',
  tag: 'rides',
  roles: ['customer', 'partner', 'driver', 'admin'],
  limit: 'read',
  idempotency: 'none',
  query: closed({
    ...pageQuery,
    customerId: Type.Optional(customerQuery),
    guestId: Type.Optional(id('Of this guest; partners only, who must name one')),
    driverId: Type.Optional(id('Of this driver; administrators only'))
  }),
  responses: {
    200: {
      description: 'A page; the first one has the open rides beside its limit',
      schema: closed({
        rides: Type.Array(rideDocument),
        nextCursor: Type.Union([Type.String(), Type.Null()], {
          description: 'The cursor of the next page; null on the last'
        })
      }),
      example: { rides: [exampleRide], nextCursor: null },
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { query: { limit: 10 } },
  handler: async ({ identity, query, ifNoneMatch }, { clock, cursors, guard, rides }) => {
    const { limit = pageSize } = query
    const filter = filterOf(identity, query)
    const scope = { list: 'rides', filter }
    const after = cursors.decode(scope, query.cursor)
    const found = await guard(() => rides.list(identity, { ...filter, after, limit }))
    const { rides: shown, last, isWithoutLive } = found.value
    const page = {
      rides: shown.map((ride) => toRideDocument(ride, identity.role)),
      nextCursor: last === null ? null : cursors.encode(scope, last)
    }
    const headers = freshnessHeaders(clock, found, isWithoutLive)
    return conditionalReply(page, { ifNoneMatch, headers })
  }
})

const requireParty = (identity: Identity, ride: Ride): void => {
  const { role, subject } = identity
  const isCustomer = role === 'customer' || role === 'partner'
  const isParty =
    role === 'admin' ||
    (isCustomer && actsForCustomer(actorOf(identity), ride.customerId)) ||
    (role === 'driver' && ride.driverId === subject)
  if (!isParty) throw new Problem('subject_forbidden')
}

/** Routes that read rides. */
export const rideReadRoutes = [getRide, listRides]
