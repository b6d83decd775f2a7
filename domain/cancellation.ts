/**
 * @module When ending a ride early costs the rider a fee, and when a driver may report a no-show.
 *
 * | ended by | fee |
 * |---|---|
 * | rider, no driver had accepted | none |
 * | rider, within `freeCancelMs` of the match | none |
 * | rider, driver more than `driverLateMs` behind the promised pickup | none |
 * | rider, otherwise | cancellation fee |
 * | driver (no-show: at the pickup for `noShowMs`) | no-show fee |
 * | admin or system | none |
 */

import { modelSecondsToMs, type Policy } from './policy.ts'
import type { EndedBy, Ride } from './records.ts'
import type { Tariff } from './tariffs.ts'

/** What the fee rules read of a ride: the snapshot before it ends. */
export type CancellableRide = Pick<
  Ride,
  'status' | 'matchedAt' | 'acceptedAt' | 'arrivedAt' | 'pickupEtaSeconds'
>

/** The question whether a fee is due. */
export type CancellationInput = {
  ride: CancellableRide
  /** Epoch ms. */
  cancelledAt: number
  by: EndedBy
  policy: Pick<Policy, 'freeCancelMs' | 'driverLateMs' | 'noShowMs' | 'timeScale'>
  tariff: Pick<Tariff, 'cancellationFeeMinor' | 'noShowFeeMinor'>
}

/** The fee in minor units that ending the ride now costs the rider, or null for none. */
export function cancellationFeeMinor(input: CancellationInput): number | null {
  const { ride, cancelledAt, by, policy, tariff } = input
  switch (by) {
    case 'rider':
      return isLateCancel(ride, cancelledAt, policy) ? tariff.cancellationFeeMinor : null
    case 'driver':
      return isNoShowDue({ ride, atMs: cancelledAt, policy }) ? tariff.noShowFeeMinor : null
    case 'admin':
    case 'system':
      return null
  }
}

/** True when the driver has waited at the pickup for `noShowMs` and may report a no-show. */
export function isNoShowDue(input: {
  ride: Pick<CancellableRide, 'status' | 'arrivedAt'>
  /** Epoch ms. */
  atMs: number
  policy: Pick<Policy, 'noShowMs'>
}): boolean {
  const { ride, atMs, policy } = input
  return (
    ride.status === 'ARRIVED' && ride.arrivedAt !== null && atMs - ride.arrivedAt >= policy.noShowMs
  )
}

function isLateCancel(
  ride: CancellableRide,
  cancelledAt: number,
  policy: CancellationInput['policy']
): boolean {
  const hasDriver = ride.status === 'ACCEPTED' || ride.status === 'ARRIVED'
  if (!hasDriver || ride.matchedAt === null || ride.acceptedAt === null) return false
  if (cancelledAt - ride.matchedAt <= policy.freeCancelMs) return false
  if (ride.pickupEtaSeconds === null) return true
  // The promise counts from the match, when the rider was first shown it.
  const promisedAt = ride.matchedAt + modelSecondsToMs(policy, ride.pickupEtaSeconds)
  const atPickupBy = ride.arrivedAt ?? cancelledAt
  return atPickupBy - promisedAt <= policy.driverLateMs
}
