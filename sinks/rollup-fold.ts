/**
 * How ride events and bills add to the sums of an hour.
 *
 * @module
 */

import type { Bill, RideEvent, RideEventType } from '../avro/index.ts'
import type {
  HourlyRollupDocument,
  OfferCounts,
  RevenueSums,
  RideCounts,
  WaitingSums
} from './models/index.ts'

const hourMs = 3_600_000

/** A share of an hour without what the writer keeps. */
export type Rollup = Omit<HourlyRollupDocument, 'partition' | 'lastOffset'>

/** Which share of which hour. */
export type RollupPlace = {
  readonly source: HourlyRollupDocument['source']
  readonly partition: number
  readonly market: string | null
  readonly currency: string | null
  readonly atMs: number
}

/** Id of a share: `2026-03-01T09|new_york|ride_events-4`. */
export function rollupId({ atMs, market, currency, source, partition }: RollupPlace): string {
  const hour = new Date(atMs).toISOString().slice(0, 13)
  return `${hour}|${market ?? currency ?? ''}|${source}-${partition}`
}

function emptyRollup(place: RollupPlace): Rollup {
  const { atMs, source, market, currency } = place
  return {
    _id: rollupId(place),
    hour: new Date(Math.floor(atMs / hourMs) * hourMs),
    source,
    market,
    currency,
    rides: {
      requested: 0,
      rejected: 0,
      accepted: 0,
      arrived: 0,
      started: 0,
      reallocated: 0,
      completed: 0,
      cancelled: 0,
      noDrivers: 0,
      rated: 0
    },
    offers: { made: 0, accepted: 0, declined: 0, expired: 0 },
    waiting: { matchMs: 0, matchCount: 0, pickupMs: 0, pickupCount: 0 },
    revenue: { billCount: 0, totalMinor: 0, feeMinor: 0, driverEarningsMinor: 0, platformMinor: 0 },
    updatedAt: new Date(atMs)
  }
}

/** What each type of event counts. */
const countedByType: Readonly<
  Record<RideEventType, { readonly ride?: keyof RideCounts; readonly offer?: keyof OfferCounts }>
> = {
  RIDE_REQUESTED: { ride: 'requested' },
  RIDE_REJECTED: { ride: 'rejected' },
  RIDE_MATCHED: { offer: 'made' },
  OFFER_DECLINED: { offer: 'declined' },
  OFFER_EXPIRED: { offer: 'expired' },
  RIDE_ACCEPTED: { ride: 'accepted', offer: 'accepted' },
  DRIVER_ARRIVED: { ride: 'arrived' },
  RIDE_STARTED: { ride: 'started' },
  RIDE_REALLOCATED: { ride: 'reallocated' },
  RIDE_COMPLETED: { ride: 'completed' },
  RIDE_CANCELLED: { ride: 'cancelled' },
  MATCHING_FAILED: { ride: 'noDrivers' },
  RIDE_RATED: { ride: 'rated' }
}

/** Adds a ride's event to its share. */
export function addRideEvent(before: Rollup | null, event: RideEvent, partition: number): Rollup {
  const rollup = before ?? emptyRollup(placeOfRide(event, partition))
  const { ride, offer } = countedByType[event.type]
  return {
    ...rollup,
    rides: ride === undefined ? rollup.rides : addTo(rollup.rides, { [ride]: 1 }),
    offers: offer === undefined ? rollup.offers : addTo(rollup.offers, { [offer]: 1 }),
    waiting:
      event.type === 'RIDE_STARTED' ? addTo(rollup.waiting, waitingOf(event)) : rollup.waiting,
    updatedAt: newer(rollup.updatedAt, event.occurredAt)
  }
}

/** Adds a bill to its share. */
export function addBill(before: Rollup | null, bill: Bill, partition: number): Rollup {
  const rollup = before ?? emptyRollup(placeOfBill(bill, partition))
  const { totalMinor, driverEarningsMinor, platformMinor } = bill
  const revenue: RevenueSums = {
    billCount: 1,
    totalMinor,
    feeMinor: bill.kind === 'CANCELLATION_FEE' ? totalMinor : 0,
    driverEarningsMinor,
    platformMinor
  }
  return {
    ...rollup,
    revenue: addTo(rollup.revenue, revenue),
    updatedAt: newer(rollup.updatedAt, bill.issuedAt)
  }
}

/** The share a ride's event belongs to. */
export function placeOfRide(event: RideEvent, partition: number): RollupPlace {
  const { market } = event.ride
  return { source: 'ride_events', partition, market, currency: null, atMs: event.occurredAt }
}

/** The share a bill belongs to: by currency, as a bill knows no market. */
export function placeOfBill({ currency, issuedAt }: Bill, partition: number): RollupPlace {
  return { source: 'bills', partition, market: null, currency, atMs: issuedAt }
}

/** A ride starts once, so its waiting is counted once, with the times of the driver who came. */
function waitingOf({ ride }: RideEvent): Partial<WaitingSums> {
  const { requestedAt, acceptedAt, arrivedAt } = ride
  if (acceptedAt === null) return {}
  const match = { matchMs: Math.max(0, acceptedAt - requestedAt), matchCount: 1 }
  if (arrivedAt === null) return match
  return { ...match, pickupMs: Math.max(0, arrivedAt - acceptedAt), pickupCount: 1 }
}

function addTo<T extends Record<string, number>>(sums: T, more: Partial<T>): T {
  const added: Record<string, number> = { ...sums }
  for (const [name, by] of Object.entries(more)) added[name] = (added[name] ?? 0) + Number(by)
  return added as T
}

function newer(date: Date, atMs: number): Date {
  return date.getTime() >= atMs ? date : new Date(atMs)
}
