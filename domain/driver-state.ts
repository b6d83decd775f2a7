/**
 * @module The states of a driver and what moves them from one to the next.
 *
 * ```
 *             go_online                 reserve               assign
 *   OFFLINE ------------> AVAILABLE ------------> RESERVED ------------> ON_TRIP
 *      ^                   |  ^  ^                   |                      |
 *      |     go_offline    |  |  |      release      |                      |
 *      +-------------------+  |  +-------------------+                      |
 *      |                      +---------------------------------------------+
 *      +--------------- release of a driver who is leaving -----------------+
 * ```
 *
 * RESERVED and ON_TRIP are promises to a ride: only the ride's owner ends them, by `assign` or
 * `release`. A driver who goes offline meanwhile is marked as leaving and lands in OFFLINE at the
 * release; coming online again takes the mark away. The mark is false in OFFLINE and AVAILABLE.
 */

import type { DriverStatus } from './records.ts'

/** What can happen to a driver. */
export type DriverTrigger = 'go_online' | 'go_offline' | 'reserve' | 'assign' | 'release'

/** A driver's state; `leaving` = goes offline at the release. */
export type DriverPhase = { status: DriverStatus; leaving: boolean }

/** Every status. */
export const driverStatuses: readonly DriverStatus[] = [
  'OFFLINE',
  'AVAILABLE',
  'RESERVED',
  'ON_TRIP'
]

/** Every trigger. */
export const driverTriggers: readonly DriverTrigger[] = [
  'go_online',
  'go_offline',
  'reserve',
  'assign',
  'release'
]

/** A release leads here, before the leaving mark is looked at. */
export const driverTransitions: Readonly<
  Record<DriverStatus, Readonly<Partial<Record<DriverTrigger, DriverStatus>>>>
> = {
  OFFLINE: { go_online: 'AVAILABLE', go_offline: 'OFFLINE' },
  // Coming online twice is a new session, for example after the app was reinstalled.
  AVAILABLE: { go_online: 'AVAILABLE', go_offline: 'OFFLINE', reserve: 'RESERVED' },
  RESERVED: {
    go_online: 'RESERVED',
    go_offline: 'RESERVED',
    assign: 'ON_TRIP',
    release: 'AVAILABLE'
  },
  ON_TRIP: { go_online: 'ON_TRIP', go_offline: 'ON_TRIP', release: 'AVAILABLE' }
}

/** The state a trigger leads to, or null when the pair is illegal and changes nothing. */
export function nextDriverPhase(phase: DriverPhase, trigger: DriverTrigger): DriverPhase | null {
  const status = driverTransitions[phase.status][trigger]
  if (status === undefined) return null
  switch (trigger) {
    case 'go_online':
    case 'reserve':
      return { status, leaving: false }
    case 'go_offline':
      return { status, leaving: isHeldStatus(status) }
    case 'assign':
      return { status, leaving: phase.leaving }
    case 'release':
      return { status: phase.leaving ? 'OFFLINE' : status, leaving: false }
  }
}

/** True when a ride holds the driver. */
export function isHeldStatus(status: DriverStatus): boolean {
  return status === 'RESERVED' || status === 'ON_TRIP'
}
