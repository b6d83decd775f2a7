/**
 * Who sees what of a ride. A customer sees the own rides. A driver sees a ride from the match on that
 * names them (a reservation alone may still be taken back) until an event names them no more: that
 * event tells them that they are off the ride, and nothing else of it. An administrator sees the rides
 * they follow, by ride or by user.
 *
 * @module
 */
import type { Identity } from '../http/index.ts'

/** What decides who sees a ride. */
export type RideParties = {
  readonly rideId: string
  readonly customerId: string
  readonly driverId: string | null
}

/** What an administrator follows. */
export type Follows = {
  readonly rides: ReadonlySet<string>
  readonly customers: ReadonlySet<string>
  readonly drivers: ReadonlySet<string>
}

/** Nobody and nothing. */
export const followsNothing: Follows = {
  rides: new Set(),
  customers: new Set(),
  drivers: new Set()
}

/** Who looks. */
export type Viewer = { readonly identity: Identity; readonly follows: Follows }

/** How an event is told: the ride, an offer, that the driver is off the ride; null for not at all. */
export type Sight = 'ride' | 'offer' | 'off' | null

/** Whether the viewer may see the ride as it is now. */
export const maySee = ({ identity, follows }: Viewer, ride: RideParties): boolean => {
  switch (identity.role) {
    case 'customer':
      return ride.customerId === identity.subject
    case 'driver':
      return ride.driverId === identity.subject
    case 'admin':
      return (
        follows.rides.has(ride.rideId) ||
        follows.customers.has(ride.customerId) ||
        (ride.driverId !== null && follows.drivers.has(ride.driverId))
      )
    default:
      return false
  }
}

/** How the viewer is told of an event; `isOn` says that the ride was in sight before it. */
export const sightOf = (
  viewer: Viewer,
  event: RideParties & { readonly type: string },
  isOn: boolean
): Sight => {
  const { role } = viewer.identity
  if (maySee(viewer, event)) {
    return role === 'driver' && event.type === 'RIDE_MATCHED' ? 'offer' : 'ride'
  }
  if (!isOn) return null
  // Whoever follows a driver learns why that driver is off the ride; the driver only that they are.
  return role === 'admin' ? 'ride' : role === 'driver' ? 'off' : null
}
