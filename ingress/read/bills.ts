/**
 * Reading bills. A customer does not see how the sum is divided between driver and platform.
 *
 * @module
 */
import Type from 'typebox'
import type { Bill } from '../../avro/index.ts'
import { actsForCustomer } from '../../domain/index.ts'
import { actorOf } from '../auth/index.ts'
import {
  closed,
  example,
  type Identity,
  id,
  Problem,
  pageQuery,
  routeDefiner
} from '../http/index.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { customerQuery, filterOf } from './page-filter.ts'
import type { ReadServices } from './services.ts'

const defineRoute = routeDefiner<ReadServices>()
const pageSize = 20

const billDocument = closed(
  {
    billId: Type.String(),
    rideId: Type.String(),
    kind: Type.Enum(['trip', 'cancellation_fee']),
    customerId: Type.String(),
    driverId: Type.Union([Type.String(), Type.Null()]),
    currency: Type.String({ description: 'ISO 4217' }),
    lines: Type.Array(
      closed({
        code: Type.String({ description: 'What the line is, for programs' }),
        label: Type.String({ description: 'What the line is, for people' }),
        amountMinor: Type.Integer({ description: 'Minor units' })
      })
    ),
    totalMinor: Type.Integer({ description: 'Sum of the lines, minor units' }),
    driverEarningsMinor: Type.Optional(
      Type.Integer({ description: 'For drivers and administrators, minor units' })
    ),
    platformMinor: Type.Optional(Type.Integer({ description: 'For administrators, minor units' })),
    issuedAt: Type.Integer({ description: 'Epoch ms' })
  },
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

const toDocument = (bill: Bill, { role }: Identity): Type.Static<typeof billDocument> => ({
  billId: bill.billId,
  rideId: bill.rideId,
  kind: bill.kind === 'TRIP' ? 'trip' : 'cancellation_fee',
  customerId: bill.customerId,
  driverId: bill.driverId,
  currency: bill.currency,
  lines: bill.lines.map(({ code, label, amountMinor }) => ({ code, label, amountMinor })),
  totalMinor: bill.totalMinor,
  ...(role === 'customer' || role === 'partner'
    ? {}
    : { driverEarningsMinor: bill.driverEarningsMinor }),
  ...(role === 'admin' ? { platformMinor: bill.platformMinor } : {}),
  issuedAt: bill.issuedAt
})

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
      example: { bills: [exampleBill], nextCursor: null }
    }
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { query: { limit: 10 } },
  handler: async ({ identity, query }, { guard, history }) => {
    const { limit = pageSize } = query
    const after = decodeCursor(query.cursor)
    const filter = filterOf(identity, query)
    const bills = await guard(() => history.bills.page({ ...filter, after, limit }))
    const last = bills.at(-1)
    const nextCursor =
      bills.length === limit && last !== undefined
        ? encodeCursor({ at: last.issuedAt, id: last.billId })
        : null
    return {
      status: 200,
      body: { bills: bills.map((bill) => toDocument(bill, identity)), nextCursor }
    }
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
    200: { description: 'The bill', schema: billDocument, example: exampleBill }
  },
  problems: ['subject_forbidden', 'reads_unavailable'],
  example: { params: { billId: example.billId } },
  handler: async ({ identity, params }, { guard, history }) => {
    const { role, subject } = identity
    const bill = await guard(() => history.bills.byId(params['billId'] ?? ''))
    if (bill === null) throw new Problem('not_found')
    const isParty =
      role === 'admin' ||
      (role === 'driver' && bill.driverId === subject) ||
      (role !== 'driver' && actsForCustomer(actorOf(identity), bill.customerId))
    if (!isParty) throw new Problem('subject_forbidden')
    return { status: 200, body: toDocument(bill, identity) }
  }
})

/** Routes that read bills. */
export const billRoutes = [listBills, getBill]
