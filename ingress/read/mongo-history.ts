/**
 * History on MongoDB, through the models of the sinks. Reads only; an outage is a retryable error.
 * Every page is a walk along an index of its list (`customer_newest` and the like) from its place on.
 *
 * @module
 */
import type { Bill, Ride } from '../../avro/index.ts'
import { RetryError } from '../../core/index.ts'
import {
  type BillDocument,
  BillModel,
  CustomerModel,
  type DriverDocument,
  DriverModel,
  HourlyRollupModel,
  isMongoOutage,
  type RideDocument,
  RideModel,
  rideOf,
  type UserDocument
} from '../../sinks/models/index.ts'
import type {
  History,
  HourFigures,
  HoursQuery,
  PageFilter,
  PagePlace,
  UserProfile
} from './ports.ts'

/** Hours times markets of the longest period allowed, with room: 31 days of 60 markets. */
const groupsMax = 50_000

/** History as the connected models have it. */
export const createMongoHistory = (): History => ({
  rides: {
    byId: (rideId) =>
      reading(async () => {
        const found = await RideModel.findById(rideId).lean<RideDocument>()
        return found === null ? null : rideOf(found)
      }),
    page: ({ after, limit, ...filter }): Promise<Ride[]> =>
      reading(async () => {
        const found = await RideModel.find(pageCondition('createdAt', filter, after))
          .sort({ createdAt: -1, _id: -1 })
          .limit(limit)
          .lean<RideDocument[]>()
        return found.map(rideOf)
      })
  },
  bills: {
    byId: (billId) =>
      reading(async () => {
        const found = await BillModel.findById(billId).lean<BillDocument>()
        return found === null ? null : billOf(found)
      }),
    page: ({ after, limit, ...filter }): Promise<Bill[]> =>
      reading(async () => {
        const found = await BillModel.find(pageCondition('issuedAt', filter, after))
          .sort({ issuedAt: -1, _id: -1 })
          .limit(limit)
          .lean<BillDocument[]>()
        return found.map(billOf)
      })
  },
  users: {
    customer: (userId) =>
      reading(async () => {
        const found = await CustomerModel.findById(userId).lean<UserDocument>()
        return found === null ? null : profileOf({ ...found, vehicle: null, licence: null })
      }),
    driver: (userId) =>
      reading(async () => {
        const found = await DriverModel.findById(userId).lean<DriverDocument>()
        return found === null ? null : profileOf(found)
      })
  },
  statistics: { hours: (query) => reading(() => readHours(query)) }
})

/** Mongoose refuses operations before its first connection with its base class. */
const isUnconnected = (error: unknown): boolean =>
  error instanceof Error && error.name === 'MongooseError'

const reading = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    if (!isMongoOutage(error) && !isUnconnected(error)) throw error
    throw new RetryError('HAIL_MONGO_UNAVAILABLE', 'MongoDB did not answer a read', {
      cause: error
    })
  }
}

/** Entries older than the place; the id orders entries of the same millisecond. */
const pageCondition = (
  timeField: 'createdAt' | 'issuedAt',
  { customerId, driverId }: PageFilter,
  after: PagePlace | null
): Record<string, unknown> => {
  const at = after === null ? null : new Date(after.at)
  return {
    ...(customerId === undefined ? {} : { customerId }),
    ...(driverId === undefined ? {} : { driverId }),
    ...(after === null
      ? {}
      : {
          // The bound on the time alone lets the walk begin at the place, not at the newest entry.
          [timeField]: { $lte: at },
          $or: [{ [timeField]: { $lt: at } }, { _id: { $lt: after.id } }]
        })
  }
}

const billOf = ({ _id, issuedAt, ...bill }: BillDocument): Bill => ({
  ...bill,
  billId: _id,
  issuedAt: issuedAt.getTime()
})

const profileOf = (user: DriverDocument): UserProfile => ({
  userId: user._id,
  firstName: user.firstName,
  lastName: user.lastName,
  email: user.email,
  phone: user.phone,
  street: user.street,
  city: user.city,
  state: user.state,
  zip: user.zip,
  ssnLast4: user.ssnLast4,
  vehicle: user.vehicle,
  licence: user.licence,
  registeredAt: user.createdAt.getTime()
})

type GroupedHour = {
  _id: { hour: Date; market: string | null; currency: string | null }
  updatedAt: Date
} & Omit<HourFigures, 'hour' | 'market' | 'currency'>

const readHours = async ({
  from,
  to,
  market
}: HoursQuery): Promise<{ asOf: number | null; hours: HourFigures[] }> => {
  const hour = { $gte: new Date(from), $lt: new Date(to) }
  const grouped = await HourlyRollupModel.aggregate<GroupedHour>([
    { $match: { hour, ...(market === undefined ? {} : { market }) } },
    {
      $group: {
        _id: { hour: '$hour', market: '$market', currency: '$currency' },
        updatedAt: { $max: '$updatedAt' },
        requested: { $sum: '$rides.requested' },
        completed: { $sum: '$rides.completed' },
        cancelled: { $sum: '$rides.cancelled' },
        unserved: { $sum: '$rides.noDrivers' },
        rejected: { $sum: '$rides.rejected' },
        offersMade: { $sum: '$offers.made' },
        offersAccepted: { $sum: '$offers.accepted' },
        waits: { $sum: '$waiting.matchCount' },
        waitMsTotal: { $sum: '$waiting.matchMs' },
        revenueMinor: { $sum: '$revenue.totalMinor' },
        driverEarningsMinor: { $sum: '$revenue.driverEarningsMinor' }
      }
    },
    { $limit: groupsMax }
  ])
  const newest = grouped.reduce((latest, { updatedAt }) => Math.max(latest, updatedAt.getTime()), 0)
  const hours = grouped.map(({ _id, updatedAt: _updatedAt, ...figures }) => ({
    ...figures,
    hour: _id.hour.getTime(),
    market: _id.market ?? null,
    currency: _id.currency ?? null
  }))
  return { asOf: newest === 0 ? null : newest, hours }
}
