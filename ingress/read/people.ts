/**
 * Reading drivers (assignment, those near a place, profile) and customers.
 *
 * @module
 */
import Type from 'typebox'
import type { DriverRecord } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { requireSubject } from '../auth/index.ts'
import { nullOnOutage } from '../cache/index.ts'
import {
  closed,
  conditionalReply,
  example,
  type Identity,
  latitude,
  longitude,
  notModified,
  Problem,
  retryAfterSeconds,
  routeDefiner,
  type TokenRole
} from '../http/index.ts'
import { assignmentDocument, exampleOffer } from './assignment-document.ts'
import { freshnessHeaders } from './freshness-headers.ts'
import {
  customerDocument,
  driverDocument,
  exampleCustomer,
  exampleDriver
} from './people-documents.ts'
import {
  createProjection,
  customerVisibility,
  driverStateVisibility,
  driverVisibility
} from './projections.ts'
import type { ReadServices } from './services.ts'

const defineRoute = routeDefiner<ReadServices>()

const projectCustomer = createProjection(customerVisibility)
const projectDriver = createProjection(driverVisibility)
const projectState = createProjection(driverStateVisibility)

const nearbyMax = 50
const radiusMetersDefault = 2_000
const waitSecondsMax = 30

const getAssignment = defineRoute({
  method: 'GET',
  path: '/drivers/:driverId/assignment',
  summary: 'The open offer or ride of a driver; waits for one',
  tag: 'drivers',
  roles: ['driver', 'admin'],
  limit: 'read',
  idempotency: 'none',
  query: closed({
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: waitSecondsMax, description: 'Seconds to wait' })
    ),
    version: Type.Optional(
      Type.String({ maxLength: 256, description: 'Waits for anything else than this version' })
    )
  }),
  responses: {
    200: {
      description: 'kind is none, offer or ride',
      schema: assignmentDocument,
      example: exampleOffer
    }
  },
  problems: ['subject_forbidden', 'overloaded', 'reads_unavailable'],
  example: { params: { driverId: example.driverId }, query: { wait: 5 } },
  handler: async ({ identity, params, query, isAborted }, { assignments }) => {
    const driverId = params['driverId'] ?? ''
    requireSubject(identity, driverId)
    const waitMs = (query.wait ?? 0) * 1_000
    const { version } = query
    const assignment = await assignments.wait({ driverId, version, waitMs, isAborted })
    return { status: 200, body: assignment }
  }
})

const listNearby = defineRoute({
  method: 'GET',
  path: '/drivers/nearby',
  summary: 'Available drivers near a place',
  tag: 'drivers',
  roles: ['customer', 'admin'],
  limit: 'read',
  idempotency: 'none',
  query: closed({
    lat: latitude,
    lon: longitude,
    radius: Type.Optional(Type.Number({ minimum: 1, maximum: 10_000, description: 'Metres' }))
  }),
  responses: {
    200: {
      description: 'Nearest first; driver ids for administrators only',
      schema: closed({
        drivers: Type.Array(
          closed({
            lat: latitude,
            lon: longitude,
            distanceMeters: Type.Integer({ description: 'As the crow flies' }),
            driverId: Type.Optional(Type.String({ description: 'For administrators' }))
          })
        )
      }),
      example: { drivers: [{ ...example.pickup, distanceMeters: 10 }] }
    }
  },
  problems: ['reads_unavailable'],
  example: { query: { ...example.pickup, radius: 2_000 } },
  handler: async ({ identity, query }, { clock, guard, live, policy }) => {
    const { lat, lon, radius = radiusMetersDefault } = query
    const heardAfter = clock.now() - policy.driverUnheardMs
    return await guard(async () => {
      // The index also has drivers on a trip; some more are asked for than are shown.
      const found = await live.nearby({ lat, lon, radiusMeters: radius, count: nearbyMax * 3 })
      const states = await live.getMany(
        stores.presence,
        found.map(({ member }) => ({ partitionKey: member, key: member }))
      )
      const drivers = found
        .filter((_, index) => {
          const state = states[index]
          return state?.status === 'AVAILABLE' && (state.heardAt ?? 0) >= heardAfter
        })
        .slice(0, nearbyMax)
        .map((driver) => ({
          lat: driver.lat,
          lon: driver.lon,
          distanceMeters: Math.round(driver.distanceMeters),
          ...(identity.role === 'admin' ? { driverId: driver.member } : {})
        }))
      return { status: 200, body: { drivers } }
    })
  }
})

const getDriver = defineRoute({
  method: 'GET',
  path: '/drivers/:driverId',
  summary: 'A driver: profile and live state',
  tag: 'drivers',
  roles: ['driver', 'customer', 'admin'],
  limit: 'read',
  idempotency: 'none',
  responses: {
    200: {
      description:
        'Profile and state, each null until it is stored; first name and vehicle for the customer they drive',
      schema: driverDocument,
      example: exampleDriver,
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { driverId: example.driverId } },
  handler: async ({ identity, params, ifNoneMatch }, services) => {
    const { clock, guard, history, drivers } = services
    const { role } = identity
    const driverId = params['driverId'] ?? ''
    if (role === 'customer') await requireOwnDriver(identity, driverId, services)
    else requireSubject(identity, driverId)
    const [profile, record] = await guard(() =>
      Promise.all([history.driver(driverId), drivers.byId(driverId).catch(nullOnOutage)])
    )
    const isKnown = profile.value !== null || record?.value?.registered === true
    if (!isKnown && record === null) throw readsUnavailable(clock)
    if (!isKnown) throw new Problem('not_found')
    const shown = profile.value === null ? null : projectDriver(profile.value, role)
    const document =
      role === 'customer'
        ? { driverId, profile: shown }
        : { driverId, profile: shown, state: stateOf(record?.value ?? null, role) }
    const headers = freshnessHeaders(clock, profile, record === null)
    return conditionalReply(document, { ifNoneMatch, headers })
  }
})

/** Customers see the driver who has accepted their ride, for as long as it goes on. */
const requireOwnDriver = async (
  identity: Identity,
  driverId: string,
  { guard, rides }: ReadServices
): Promise<void> => {
  const open = await guard(() => rides.underWay(identity))
  const isOwn = open.some((ride) => ride.driverId === driverId && ride.acceptedAt !== null)
  if (!isOwn) throw new Problem('subject_forbidden')
}

const stateOf = (record: DriverRecord | null, role: TokenRole): Record<string, unknown> | null => {
  if (record === null) return null
  const { status, driverVersion, place, ...rest } = projectState(record, role)
  return {
    status: status?.toLowerCase(),
    version: driverVersion,
    ...rest,
    place: place === null || place === undefined ? null : { lat: place.lat, lon: place.lon }
  }
}

const readsUnavailable = (clock: Clock): Problem =>
  new Problem('reads_unavailable', {
    headers: { 'retry-after': retryAfterSeconds(clock.random) }
  })

const getCustomer = defineRoute({
  method: 'GET',
  path: '/customers/:customerId',
  summary: 'A customer',
  tag: 'customers',
  roles: ['customer', 'admin'],
  limit: 'read',
  idempotency: 'none',
  responses: {
    200: {
      description: 'Profile',
      schema: customerDocument,
      example: exampleCustomer,
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { customerId: example.customerId } },
  handler: async ({ identity, params, ifNoneMatch }, { clock, guard, history }) => {
    const customerId = params['customerId'] ?? ''
    requireSubject(identity, customerId)
    const found = await guard(() => history.customer(customerId))
    const profile = found.value
    if (profile === null) throw new Problem('not_found')
    const document = { customerId, profile: projectCustomer(profile, identity.role) }
    return conditionalReply(document, { ifNoneMatch, headers: freshnessHeaders(clock, found) })
  }
})

/** Routes that read drivers and customers. */
export const peopleRoutes = [listNearby, getAssignment, getDriver, getCustomer]
