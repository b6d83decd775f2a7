/**
 * For every route of the API: whose things it touches and how that is made sure, and a request it
 * takes. The tests of this folder run over the route lists, so a route that is missing here, or whose
 * rule does not hold, turns them red.
 *
 * @module
 */
import { systemClock } from '../../core/index.ts'
import { createUuidV7, type Route } from '../http/index.ts'
import { readRoutes } from '../read/index.ts'
import { places } from '../testing/builders.ts'
import { writeRoutes } from '../write/index.ts'

/** How a route tells the owner of what it touches from a stranger. */
export type OwnerRule =
  /** The id in the path must be the subject of the token. */
  | 'own-id'
  /** The id in the path carries a tag of its owner. */
  | 'own-tag'
  /** The stored record names its owner. */
  | 'own-record'
  /** The body may name a driver; it must be the subject. */
  | 'own-body'
  /** Names nobody: whatever it makes or shows belongs to the subject. */
  | 'subject'
  /** Names nobody and shows what nobody owns. */
  | 'nobody'
  /** The id is a keyed digest that only who was given it can know. */
  | 'capability'
  /** Administrators only, or an app that acts for people without an account. */
  | 'role'

/** What the tests know of a route; `body` is the smallest that is taken, less or more is not. */
export type RouteRule = {
  owner: OwnerRule
  body?: Record<string, unknown>
  query?: string
}

const { timesSquare, unionSquare } = places
const rideId = '0'.repeat(32)
const person = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: 'ada@example.com',
  phone: '+12125550100',
  street: '1 Main St',
  city: 'New York',
  state: 'NY',
  zip: '10001',
  ssn: '536-90-4399'
}
const position = { ...timesSquare, deviceTime: 1_700_000_000_000 }
const figures: RouteRule = { owner: 'role' }
const action: RouteRule = { owner: 'own-body', body: { rideId } }

/** The rules, by method and path below the base. */
export const routeRules: Readonly<Record<string, RouteRule>> = {
  'POST /users/signup': { owner: 'role', body: { role: 'customer', ...person } },
  'POST /admin/customers': { owner: 'role', body: person },
  'POST /admin/drivers': { owner: 'role', body: person },
  'POST /quotes': { owner: 'subject', body: { pickup: timesSquare, dropoff: unionSquare } },
  'POST /rides': { owner: 'subject', body: { pickup: timesSquare, dropoff: unionSquare } },
  'POST /rides/batch': {
    owner: 'subject',
    body: {
      rides: [
        {
          idempotencyKey: createUuidV7(systemClock),
          guestId: 'room-7',
          pickup: timesSquare,
          dropoff: unionSquare
        }
      ]
    }
  },
  'POST /rides/:rideId/cancel': { owner: 'own-tag', body: {} },
  'POST /rides/:rideId/rating': { owner: 'own-tag', body: { rating: 5 } },
  'POST /driver_actions/accept': action,
  'POST /driver_actions/decline': action,
  'POST /driver_actions/arrive': action,
  'POST /driver_actions/start': action,
  'POST /driver_actions/end': action,
  'POST /driver_actions/cancel': action,
  'POST /driver_actions/no-show': action,
  'POST /driver_actions/rating': { owner: 'own-body', body: { rideId, rating: 5 } },
  'POST /drivers/:driverId/online': { owner: 'own-id', body: { place: timesSquare } },
  'POST /drivers/:driverId/offline': { owner: 'own-id', body: {} },
  'POST /drivers/:driverId/location': { owner: 'own-id', body: position },
  'POST /drivers/:driverId/locations': { owner: 'own-id', body: { points: [position] } },
  'GET /rides/:rideId': { owner: 'own-record' },
  'GET /rides': { owner: 'subject' },
  'GET /actions/:actionId': { owner: 'own-tag' },
  'GET /signups/:signupId': { owner: 'capability' },
  'GET /drivers/nearby': { owner: 'nobody', query: 'lat=40.758&lon=-73.9855' },
  'GET /drivers/:driverId/assignment': { owner: 'own-id' },
  'GET /drivers/:driverId': { owner: 'own-id' },
  'GET /customers/:customerId': { owner: 'own-id' },
  'GET /bills': { owner: 'subject' },
  'GET /bills/:billId': { owner: 'own-record' },
  'GET /admin/statistics': figures,
  'GET /admin/charts/rides-by-status': figures,
  'GET /admin/charts/rides-by-hour': figures,
  'GET /admin/charts/revenue': figures,
  'GET /admin/charts/waiting-time': figures,
  'GET /admin/charts/acceptance-rate': figures
}

/** A route without what its handler needs, with its rule. */
export type RuledRoute = Omit<Route<never>, 'handler'> & { name: string; rule: RouteRule }

/** Every route the ingress serves. Throws for one that has no rule. */
export const ruledRoutes: readonly RuledRoute[] = [...writeRoutes, ...readRoutes].map((route) => {
  const name = `${route.method} ${route.path}`
  const rule = routeRules[name]
  if (rule === undefined) throw new Error(`expected a rule for ${name} in route-rules.ts, got none`)
  return { ...route, name, rule }
})

/** The path with every id replaced, and the query the route needs. */
export const pathOf = ({ path, rule }: RuledRoute, id: string): string =>
  path.replaceAll(/:\w+/g, id) + (rule.query === undefined ? '' : `?${rule.query}`)

/** Every object, array, text and number within a schema, with its place. */
export const schemaNodes = (
  schema: unknown,
  place: string
): { place: string; node: Record<string, unknown> }[] => {
  if (typeof schema !== 'object' || schema === null) return []
  const node = schema as Record<string, unknown>
  const inner = [
    ...Object.entries((node['properties'] ?? {}) as object),
    ...(node['items'] === undefined ? [] : [['[]', node['items']] as const]),
    ...Object.entries((node['anyOf'] ?? {}) as object)
  ]
  return [
    { place, node },
    ...inner.flatMap(([name, child]) => schemaNodes(child, `${place}/${name}`))
  ]
}
