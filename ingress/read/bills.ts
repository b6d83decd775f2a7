/**
 * Reading bills. Who sees which part of the sum is in projections.ts.
 *
 * @module
 */
import Type from 'typebox'
import type { Bill, BillLine } from '../../avro/index.ts'
import { actsForCustomer } from '../../domain/index.ts'
import { actorOf } from '../auth/index.ts'
import {
  closed,
  conditionalReply,
  example,
  id,
  notModified,
  Problem,
  pageQuery,
  routeDefiner,
  type TokenRole
} from '../http/index.ts'
import { documentFor, nullable } from './document.ts'
import { freshnessHeaders } from './freshness-headers.ts'
import { customerQuery, filterOf } from './page-filter.ts'
import { billVisibility, createProjection } from './projections.ts'
import type { ReadServices } from './services.ts'

const defineRoute = routeDefiner<ReadServices>()
const pageSize = 20

const billDocument = documentFor<Bill>(
  {
    billId: Type.String(),
    rideId: Type.String(),
    kind: Type.Enum(['trip', 'cancellation_fee']),
    customerId: Type.String(),
    driverId: nullable(Type.String()),
    currency: Type.String({ description: 'ISO 4217' }),
    lines: Type.Array(
      closed({
        code: Type.String({ description: 'What the line is, for programs' }),
        label: Type.String({ description: 'What the line is, for people' }),
        amountMinor: Type.Integer({ description: 'Minor units' })
      })
    ),
    totalMinor: Type.Integer({ description: 'Sum of the lines, minor units' }),
    driverEarningsMinor: Type.Integer({ description: 'Minor units' }),
    platformMinor: Type.Integer({ description: 'Minor units' }),
    issuedAt: Type.Integer({ description: 'Epoch ms' })
  },
  billVisibility,
  { title: 'Bill' }
)

const exampleBill = {
  billId: example.billId,
  rideId: example.rideId,
  kind: 'trip',
  customerId: example.customerId,
  driverId: example.driverId,
  currency: 'USD',
  lines: [
    { code: 'base', label: 'Base fare', amountMinor: 255 },
    { code: 'distance', label: 'Distance, 2.30 miles', amountMinor: 400 },
    { code: 'time', label: 'Time, 8.7 minutes', amountMinor: 304 },
    { code: 'booking', label: 'Booking fee', amountMinor: 275 }
  ],
  totalMinor: 1_234,
  issuedAt: example.requestedAt + 900_000
}

const project = createProjection(billVisibility)

/** The document of a bill for a role. */
const toDocument = (bill: Bill, role: TokenRole): Record<string, unknown> => {
  const { kind, lines, ...rest } = project(bill, role)
  return {
    billId: rest.billId,
    kind: kind?.toLowerCase(),
    ...rest,
    lines: lines?.map(({ code, label, amountMinor }: BillLine) => ({ code, label, amountMinor }))
  }
}

const listBills = defineRoute({
  method: 'GET',
  path: '/bills',
  summary: 'Bills, newest first',
  tag: 'bills',
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
        bills: Type.Array(billDocument),
        nextCursor: Type.Union([Type.String(), Type.Null()], {
          description: 'The cursor of the next page; null on the last'
        })
      }),
      example: { bills: [exampleBill], nextCursor: null },
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { query: { limit: 10 } },
  handler: async ({ identity, query, ifNoneMatch }, { clock, cursors, guard, history }) => {
    const { limit = pageSize } = query
    const filter = filterOf(identity, query)
    const scope = { list: 'bills', filter }
    const after = cursors.decode(scope, query.cursor)
    const found = await guard(() => history.billPage({ ...filter, after, limit }))
    const bills = found.value
    const last = bills.length === limit ? bills.at(-1) : undefined
    const page = {
      bills: bills.map((bill) => toDocument(bill, identity.role)),
      nextCursor:
        last === undefined ? null : cursors.encode(scope, { at: last.issuedAt, id: last.billId })
    }
    return conditionalReply(page, { ifNoneMatch, headers: freshnessHeaders(clock, found) })
  }
})

const getBill = defineRoute({
  method: 'GET',
  path: '/bills/:billId',
  summary: 'One bill',
  tag: 'bills',
  roles: ['customer', 'partner', 'driver', 'admin'],
  limit: 'read',
  idempotency: 'none',
  responses: {
    200: {
      description: 'The bill',
      schema: billDocument,
      example: exampleBill,
      headers: ['etag']
    },
    304: notModified
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { billId: example.billId } },
  handler: async ({ identity, params, ifNoneMatch }, { clock, guard, history }) => {
    const { role, subject } = identity
    const found = await guard(() => history.bill(params['billId'] ?? ''))
    const bill = found.value
    if (bill === null) throw new Problem('not_found')
    const isParty =
      role === 'admin' ||
      (role === 'driver' && bill.driverId === subject) ||
      (role !== 'driver' && actsForCustomer(actorOf(identity), bill.customerId))
    if (!isParty) throw new Problem('subject_forbidden')
    const headers = freshnessHeaders(clock, found)
    return conditionalReply(toDocument(bill, role), { ifNoneMatch, headers })
  }
})

/** Routes that read bills. */
export const billRoutes = [listBills, getBill]
