/**
 * Reading rides.
 *
 * @module
 */
import Type from 'typebox'
import type { Ride } from '../../avro/index.ts'
import { actsForCustomer, isEndedStatus } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import { actorOf, requireRideOwner } from '../auth/index.ts'
import {
  closed,
  example,
  type Identity,
  id,
  Problem,
  pageQuery,
  routeDefiner
} from '../http/index.ts'
import { pendingRide } from '../write/index.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { customerQuery, filterOf } from './page-filter.ts'
import type { PageFilter } from './ports.ts'
import { exampleRide, rideDocument, toRideDocument } from './ride-document.ts'
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
      example: exampleRide
    }
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { rideId: example.rideId } },
  handler: async ({ identity, params }, { ids, guard, rides }) => {
    const rideId = params['rideId'] ?? ''
    // A stranger's id is refused unread: the answer must not tell whether it exists.
    if (identity.role !== 'driver') requireRideOwner(identity, rideId, ids)
    const ride = await guard(() => rides.byId(rideId))
    if (ride !== null) {
      requireParty(identity, ride)
      return { status: 200, body: toRideDocument(ride) }
    }
    if (!ids.isOwnRideId(rideId, actorOf(identity))) throw new Problem('not_found')
    return { status: 200, body: { rideId, status: 'pending' } }
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
      description: 'A page',
      schema: closed({
        rides: Type.Array(rideDocument),
        nextCursor: Type.Union([Type.String(), Type.Null()], {
          description: 'The cursor of the next page; null on the last'
        })
      }),
      example: { rides: [exampleRide], nextCursor: null }
    }
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { query: { limit: 10 } },
  handler: async ({ identity, query }, services) => {
    const { guard, rides, history } = services
    const { limit = pageSize } = query
    const after = decodeCursor(query.cursor)
    const filter = filterOf(identity, query)
    return await guard(async () => {
      const [open, stored] = await Promise.all([
        openRides(identity, filter, services),
        history.rides.page({ ...filter, after, limit })
      ])
      const openIds = new Set(open.map(({ rideId }) => rideId))
      const older = await rides.refresh(stored.filter(({ rideId }) => !openIds.has(rideId)))
      const shown = after === null ? [...open, ...older] : older
      const last = stored.at(-1)
      const nextCursor =
        stored.length === limit && last !== undefined
          ? encodeCursor({ at: last.requestedAt, id: last.rideId })
          : null
      return { status: 200, body: { rides: shown.map(toRideDocument), nextCursor } }
    })
  }
})

/** Rides that are under way, from the live stores; newest first. */
const openRides = async (
  { subject, role }: Identity,
  { customerId = subject }: PageFilter,
  { live, rides }: ReadServices
): Promise<Ride[]> => {
  if (role === 'customer' || role === 'partner') {
    const intake = await live.get(stores.intake, customerId, customerId)
    const ids = (intake?.rides ?? []).filter(({ open }) => open).map(({ rideId }) => rideId)
    const found = await rides.live(ids)
    return found
      .filter(({ status }) => !isEndedStatus(status))
      .sort((a, b) => b.requestedAt - a.requestedAt)
  }
  if (role !== 'driver') return []
  const driver = await live.get(stores.drivers, subject, subject)
  const rideId = driver?.rideId ?? null
  const found = rideId === null ? [] : await rides.live([rideId])
  return found.filter((ride) => ride.driverId === subject && !isEndedStatus(ride.status))
}

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
