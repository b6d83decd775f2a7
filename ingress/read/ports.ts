/**
 * What the reading side needs of history (MongoDB) and of the live stores, as small ports: tests bring
 * fakes, the process brings adapters.
 *
 * @module
 */
import type { Bill, Licence, Ride, Vehicle } from '../../avro/index.ts'
import type { StoreReader } from '../../streams/query/index.ts'

/** Live stores. */
export type LiveStores = Pick<StoreReader, 'get' | 'getMany' | 'nearby'>

/** Place in a list that runs from new to old: time (epoch ms), then id. */
export type PagePlace = { at: number; id: string }

/** Whose entries; an administrator may leave both out. */
export type PageFilter = { customerId?: string; driverId?: string }

/** A page of `limit` entries older than `after`. */
export type PageQuery = PageFilter & { after: PagePlace | null; limit: number }

/** Rides as the sink keeps them, ended ones included. */
export type RideHistory = {
  byId(rideId: string): Promise<Ride | null>
  /** By `requestedAt`, then id, newest first. */
  page(query: PageQuery): Promise<Ride[]>
}

/** Bills. */
export type BillHistory = {
  byId(billId: string): Promise<Bill | null>
  /** By `issuedAt`, then id, newest first. */
  page(query: PageQuery): Promise<Bill[]>
}

/** A user without anything that identifies by number: the SSN appears with its last four digits. */
export type UserProfile = {
  userId: string
  firstName: string
  lastName: string
  email: string
  phone: string
  street: string
  city: string
  state: string
  zip: string
  ssnLast4: string
  vehicle: Vehicle | null
  licence: Licence | null
  registeredAt: number
}

/** Registered users. */
export type UserHistory = {
  customer(userId: string): Promise<UserProfile | null>
  driver(userId: string): Promise<UserProfile | null>
}

/** One hour of one market (rides) or of one currency (bills), counted by the sink. */
export type HourFigures = {
  /** Null for bills. */
  market: string | null
  /** Null for rides. */
  currency: string | null
  /** Start of the hour, epoch ms. */
  hour: number
  requested: number
  completed: number
  cancelled: number
  unserved: number
  rejected: number
  offersMade: number
  offersAccepted: number
  /** Rides accepted and their summed time from request to acceptance, ms. */
  waits: number
  waitMsTotal: number
  revenueMinor: number
  driverEarningsMinor: number
}

/** Hours from `from` (inclusive) to `to` (exclusive), epoch ms; bills know no market. */
export type HoursQuery = { from: number; to: number; market?: string }

/** Hourly roll-ups and when the newest of them was last written, epoch ms. */
export type StatisticsHistory = {
  hours(query: HoursQuery): Promise<{ asOf: number | null; hours: HourFigures[] }>
}

/** All of history. */
export type History = {
  rides: RideHistory
  bills: BillHistory
  users: UserHistory
  statistics: StatisticsHistory
}
