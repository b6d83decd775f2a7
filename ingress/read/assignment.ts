/**
 * What a driver has to deal with now: an open offer, a ride, or nothing. An offer is shown only once
 * the ride waits for this very offer: a reservation alone may still be taken back.
 *
 * @module
 */
import type { DriverRecord, Ride } from '../../avro/index.ts'
import { type Policy, parseOfferId } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import type { LiveStores } from './ports.ts'
import { toRideDocument } from './ride-document.ts'

/** `version` changes with everything the driver should see. */
export type Assignment = { version: string } & (
  | { kind: 'none' }
  | ({ kind: 'offer' } & Record<string, unknown>)
  | ({ kind: 'ride' } & Record<string, unknown>)
)

/** Assignments of these drivers, in their order, in two round trips. */
export const readAssignments = async (
  driverIds: readonly string[],
  live: LiveStores,
  policy: Policy
): Promise<Assignment[]> => {
  const drivers = await live.getMany(
    stores.drivers,
    driverIds.map((key) => ({ partitionKey: key, key }))
  )
  const rideIds = drivers.map(assignedRideId)
  const wanted = [...new Set(rideIds.filter((rideId) => rideId !== null))]
  const states = await live.getMany(
    stores.rides,
    wanted.map((key) => ({ partitionKey: key, key }))
  )
  const rideById = new Map(wanted.map((rideId, index) => [rideId, states[index]?.ride ?? null]))
  return drivers.map((driver, index) => {
    const rideId = rideIds[index] ?? null
    const ride = rideId === null ? null : (rideById.get(rideId) ?? null)
    return driver === null || ride === null ? noAssignment : assignmentOf(driver, ride, policy)
  })
}

/** Nothing to deal with. */
export const noAssignment: Assignment = { kind: 'none', version: 'none' }

/** The ride a driver is reserved for or drives, as their own record says. */
export const assignedRideId = (driver: DriverRecord | null): string | null => {
  if (driver === null) return null
  if (driver.rideId !== null) return driver.rideId
  return driver.offerId === null ? null : (parseOfferId(driver.offerId)?.rideId ?? null)
}

const assignmentOf = (driver: DriverRecord, ride: Ride, policy: Policy): Assignment =>
  ride.offerId === driver.offerId ? assignmentOfRide(ride, policy) : noAssignment

/** What a ride is to the driver it names. */
export const assignmentOfRide = (ride: Ride, policy: Policy): Assignment => {
  if (ride.offerId === null) return noAssignment
  switch (ride.status) {
    case 'PENDING_ACCEPTANCE':
      return {
        kind: 'offer',
        version: `offer:${ride.offerId}`,
        offerId: ride.offerId,
        rideId: ride.rideId,
        pickup: ride.pickup,
        dropoff: ride.dropoff,
        fare: ride.fare,
        pickupEtaSeconds: ride.pickupEtaSeconds,
        expiresAt: (ride.matchedAt ?? ride.requestedAt) + policy.offerMs
      }
    case 'ACCEPTED':
    case 'ARRIVED':
    case 'STARTED':
      return {
        kind: 'ride',
        version: `ride:${ride.rideId}:${ride.seq}`,
        rideId: ride.rideId,
        status: ride.status.toLowerCase(),
        ride: toRideDocument(ride, 'driver')
      }
    default:
      return noAssignment
  }
}
