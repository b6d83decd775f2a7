/**
 * @module The states of a ride and what moves it from one to the next.
 *
 * ```
 *  (none) --reject--> REJECTED
 *    | request
 *    v                   wait_limit
 *  REQUESTED ------------------------> NO_DRIVERS_AVAILABLE
 *    |   ^ (offer_refused: stays)
 *    |   | decline, offer_timeout, driver_cancel
 *    |   +------------------+------------+----------+
 *    | offer_reserved       |            |          |
 *    +------------> PENDING_ACCEPTANCE   |          |
 *                           | accept     |          |
 *                           +------> ACCEPTED       |
 *                                        | arrive   |
 *                                        +----> ARRIVED --no_show--> CANCELLED
 *                                                   | start
 *                                                   v
 *                                               STARTED --end--> COMPLETED (rate: stays)
 *
 *  rider_cancel: REQUESTED, PENDING_ACCEPTANCE, ACCEPTED, ARRIVED -> CANCELLED
 *  admin_cancel: the same and STARTED -> CANCELLED
 * ```
 *
 * A pair missing from the table is refused: the record that caused it changes nothing.
 */

import type { RideStatus } from './records.ts'

/** What can happen to a ride. */
export type RideTrigger =
  | 'request'
  | 'reject'
  | 'offer_reserved'
  | 'offer_refused'
  | 'accept'
  | 'decline'
  | 'offer_timeout'
  | 'arrive'
  | 'start'
  | 'end'
  | 'driver_cancel'
  | 'no_show'
  | 'rider_cancel'
  | 'admin_cancel'
  | 'wait_limit'
  | 'rate'

/** Every status, in the order of a ride's life. */
export const rideStatuses: readonly RideStatus[] = [
  'REQUESTED',
  'PENDING_ACCEPTANCE',
  'ACCEPTED',
  'ARRIVED',
  'STARTED',
  'COMPLETED',
  'CANCELLED',
  'NO_DRIVERS_AVAILABLE',
  'REJECTED'
]

/** Every trigger. */
export const rideTriggers: readonly RideTrigger[] = [
  'request',
  'reject',
  'offer_reserved',
  'offer_refused',
  'accept',
  'decline',
  'offer_timeout',
  'arrive',
  'start',
  'end',
  'driver_cancel',
  'no_show',
  'rider_cancel',
  'admin_cancel',
  'wait_limit',
  'rate'
]

/** The legal transitions; `NONE` stands for a ride not known yet. */
export const rideTransitions: Readonly<
  Record<RideStatus | 'NONE', Readonly<Partial<Record<RideTrigger, RideStatus>>>>
> = {
  NONE: { request: 'REQUESTED', reject: 'REJECTED' },
  REQUESTED: {
    offer_reserved: 'PENDING_ACCEPTANCE',
    offer_refused: 'REQUESTED',
    rider_cancel: 'CANCELLED',
    admin_cancel: 'CANCELLED',
    wait_limit: 'NO_DRIVERS_AVAILABLE'
  },
  PENDING_ACCEPTANCE: {
    accept: 'ACCEPTED',
    decline: 'REQUESTED',
    offer_timeout: 'REQUESTED',
    // A reserved driver who goes offline: the same offer comes back refused.
    offer_refused: 'REQUESTED',
    driver_cancel: 'REQUESTED',
    rider_cancel: 'CANCELLED',
    admin_cancel: 'CANCELLED'
  },
  ACCEPTED: {
    arrive: 'ARRIVED',
    driver_cancel: 'REQUESTED',
    rider_cancel: 'CANCELLED',
    admin_cancel: 'CANCELLED'
  },
  ARRIVED: {
    start: 'STARTED',
    no_show: 'CANCELLED',
    driver_cancel: 'REQUESTED',
    rider_cancel: 'CANCELLED',
    admin_cancel: 'CANCELLED'
  },
  STARTED: { end: 'COMPLETED', admin_cancel: 'CANCELLED' },
  COMPLETED: { rate: 'COMPLETED' },
  CANCELLED: {},
  NO_DRIVERS_AVAILABLE: {},
  REJECTED: {}
}

/** The status a trigger leads to, or null when the pair is illegal. `null` = no ride yet. */
export function nextRideStatus(status: RideStatus | null, trigger: RideTrigger): RideStatus | null {
  return rideTransitions[status ?? 'NONE'][trigger] ?? null
}

/** True when nothing can bring the ride to another status. */
export function isEndedStatus(status: RideStatus): boolean {
  return (
    status === 'COMPLETED' ||
    status === 'CANCELLED' ||
    status === 'NO_DRIVERS_AVAILABLE' ||
    status === 'REJECTED'
  )
}

/** True when the ride holds a driver: reserved, assigned or under way. */
export function holdsDriver(status: RideStatus): boolean {
  return (
    status === 'PENDING_ACCEPTANCE' ||
    status === 'ACCEPTED' ||
    status === 'ARRIVED' ||
    status === 'STARTED'
  )
}
