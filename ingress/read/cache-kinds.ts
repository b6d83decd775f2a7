/**
 * How long what is kept of each kind of thing, and in which form it is shared.
 *
 * What still changes is given out for `freshMs` after its read began (2 s at most). What has ended is
 * kept long: a bill never changes, a ride only by a rating soon after its end. Of history, something
 * old is better than nothing while MongoDB is away; of a ride it is not, as the live store has it.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { type Bill, type Ride, recordSchema } from '../../avro/index.ts'
import { isEndedStatus } from '../../domain/index.ts'
import type { CacheKind } from '../cache/index.ts'
import type { HourFigures, UserProfile } from './ports.ts'
import { driverVisibility } from './projections.ts'

/** Times, ms. */
export type CacheTimes = { freshMs: number; settledMs: number; staleMs: number }

/** The figures of a period, see `StatisticsHistory`. */
export type Hours = { asOf: number | null; hours: HourFigures[] }

/** Kinds of history. */
export type HistoryKinds = {
  ride: CacheKind<Ride | null>
  ridePage: CacheKind<Ride[]>
  bill: CacheKind<Bill | null>
  billPage: CacheKind<Bill[]>
  customer: CacheKind<UserProfile | null>
  driver: CacheKind<UserProfile | null>
  hours: CacheKind<Hours>
}

/** What is not there may be there any moment: those who ask at once are one read, nothing is kept. */
const absentMs = 0
/** A rating comes within minutes of the end, or hardly ever. */
const justEndedMs = 600_000

/** Rough sizes of decoded values, bytes. */
const rideBytes = 1_500
const billBytes = 1_000
const profileBytes = 800
const hourBytes = 300
const pageBytes = 100

/** How old a ride may be, ms. */
export const rideFreshMs = (
  ride: Ride | null,
  nowMs: number,
  { freshMs, settledMs }: CacheTimes
): number => {
  if (ride === null) return absentMs
  const isSettled =
    isEndedStatus(ride.status) && ride.endedAt !== null && nowMs - ride.endedAt >= justEndedMs
  return isSettled ? settledMs : freshMs
}

/** The kinds with these times. */
export const createHistoryKinds = (times: CacheTimes): HistoryKinds => {
  const { freshMs, settledMs, staleMs } = times
  const profile = (name: string): CacheKind<UserProfile | null> => ({
    name,
    freshMs: (found) => (found === null ? absentMs : freshMs),
    staleMs,
    bytesOf: () => profileBytes,
    sharedVersion: versionOf(Object.keys(driverVisibility))
  })
  return {
    ride: {
      name: 'stored_ride',
      freshMs: (ride, nowMs) => rideFreshMs(ride, nowMs, times),
      staleMs: 0,
      bytesOf: () => rideBytes,
      sharedVersion: versionOf(recordSchema('RideEvent'))
    },
    ridePage: {
      name: 'ride_page',
      freshMs: () => freshMs,
      staleMs,
      bytesOf: (rides) => pageBytes + rides.length * rideBytes,
      sharedVersion: versionOf(recordSchema('RideEvent'))
    },
    bill: {
      name: 'bill',
      freshMs: (bill) => (bill === null ? absentMs : settledMs),
      staleMs,
      bytesOf: () => billBytes,
      sharedVersion: versionOf(recordSchema('Bill'))
    },
    billPage: {
      name: 'bill_page',
      freshMs: () => freshMs,
      staleMs,
      bytesOf: (bills) => pageBytes + bills.length * billBytes,
      sharedVersion: versionOf(recordSchema('Bill'))
    },
    customer: profile('customer'),
    driver: profile('driver'),
    hours: {
      name: 'hours',
      freshMs: () => freshMs,
      staleMs,
      bytesOf: ({ hours }) => pageBytes + hours.length * hourBytes,
      sharedVersion: versionOf(hourFields)
    }
  }
}

const hourFields = Object.keys({
  market: 0,
  currency: 0,
  hour: 0,
  requested: 0,
  completed: 0,
  cancelled: 0,
  unserved: 0,
  rejected: 0,
  offersMade: 0,
  offersAccepted: 0,
  waits: 0,
  waitMsTotal: 0,
  revenueMinor: 0,
  driverEarningsMinor: 0
} satisfies Record<keyof HourFigures, 0>)

/** Changes with the form of the values. */
const versionOf = (form: unknown): string =>
  hash('sha256', JSON.stringify(form), 'base64url').slice(0, 8)
