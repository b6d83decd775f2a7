/**
 * History behind the memory of reads: one read for however many ask, bounded in number and time.
 *
 * Keys name what was read and nothing of who reads, since what is kept are records. A page is kept under
 * its filter, place and limit.
 *
 * @module
 */
import type { Bill, Ride } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import {
  type CacheKind,
  type Dated,
  datedNow,
  type ReadCache,
  type SourceGate
} from '../cache/index.ts'
import { type CacheTimes, createHistoryKinds, type Hours } from './cache-kinds.ts'
import type { History, HoursQuery, PageQuery, UserProfile } from './ports.ts'

/** See the module; every value says how old it is. */
export type CachedHistory = {
  ride(rideId: string): Promise<Dated<Ride | null>>
  ridePage(query: PageQuery): Promise<Dated<Ride[]>>
  bill(billId: string): Promise<Dated<Bill | null>>
  billPage(query: PageQuery): Promise<Dated<Bill[]>>
  customer(userId: string): Promise<Dated<UserProfile | null>>
  driver(userId: string): Promise<Dated<UserProfile | null>>
  hours(query: HoursQuery): Promise<Dated<Hours>>
}

const hourMs = 3_600_000

/** Puts a cache and a gate before history. */
export const createCachedHistory = (options: {
  history: History
  cache: ReadCache
  gate: SourceGate
  clock: Clock
  times: CacheTimes
}): CachedHistory => {
  const { history, cache, gate, clock } = options
  const kinds = createHistoryKinds(options.times)
  const read = <V>(kind: CacheKind<V>, key: string, load: () => Promise<V>): Promise<Dated<V>> =>
    cache.read(kind, key, () => datedNow(clock, () => gate.run(load)))
  return {
    ride: (rideId) => read(kinds.ride, rideId, () => history.rides.byId(rideId)),
    ridePage: (query) => read(kinds.ridePage, pageKey(query), () => history.rides.page(query)),
    bill: (billId) => read(kinds.bill, billId, () => history.bills.byId(billId)),
    billPage: (query) => read(kinds.billPage, pageKey(query), () => history.bills.page(query)),
    customer: (userId) => read(kinds.customer, userId, () => history.users.customer(userId)),
    driver: (userId) => read(kinds.driver, userId, () => history.users.driver(userId)),
    hours: (query) => read(kinds.hours, hoursKey(query), () => history.statistics.hours(query))
  }
}

/** Names a page; the parts cannot run into each other, as JSON keeps them apart. */
export const pageKey = ({ customerId, driverId, after, limit }: PageQuery): string =>
  JSON.stringify([
    customerId ?? null,
    driverId ?? null,
    after?.at ?? null,
    after?.id ?? null,
    limit
  ])

/** Roll-ups are whole hours, so every end within one hour asks for the same. */
const hoursKey = ({ from, to, market }: HoursQuery): string =>
  JSON.stringify([from, Math.ceil(to / hourMs), market ?? null])
