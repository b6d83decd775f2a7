/**
 * Who sees what: the one place that says it. Each field of a record has the roles that see it; a role
 * that is not named sees nothing of it, and a field that a record gains does not compile until it is
 * decided here. Whether somebody may see the thing at all is decided before, by ownership.
 *
 * - A customer does not see what matching does behind the ride, nor how the bill is divided, nor what
 *   the driver thought of them.
 * - A partner sees of its guests' rides and bills what a customer sees of the own ones.
 * - A driver does not see who the customer is beyond the ride, what they wrote when they cancelled, how
 *   they rated the trip, nor the platform's share.
 * - A customer sees of the driver on the way what they need to find the car.
 * - An administrator sees all but ciphertext.
 *
 * @module
 */
import type { Bill, DriverRecord, Ride } from '../../avro/index.ts'
import type { TokenRole } from '../http/index.ts'
import type { UserProfile } from './ports.ts'

/** Roles that read things of people. */
export type Viewer = Exclude<TokenRole, 'signup'>

/** For every field of a record the roles that see it. */
export type Visibility<T> = Readonly<Record<keyof T, readonly Viewer[]>>

const all: readonly Viewer[] = ['customer', 'partner', 'driver', 'admin']
const customers: readonly Viewer[] = ['customer', 'partner', 'admin']
const drivers: readonly Viewer[] = ['driver', 'admin']
const admins: readonly Viewer[] = ['admin']
const nobody: readonly Viewer[] = []

/** A ride, to its customer, its driver and administrators. The order is that of the answer. */
export const rideVisibility: Visibility<Ride> = {
  rideId: all,
  status: all,
  seq: all,
  customerId: customers,
  driverId: all,
  market: all,
  pickup: all,
  dropoff: all,
  fare: all,
  quoteId: customers,
  offerId: drivers,
  pickupEtaSeconds: all,
  requestedAt: all,
  waitUntil: customers,
  matchedAt: all,
  acceptedAt: all,
  arrivedAt: all,
  startedAt: all,
  endedAt: all,
  endedBy: all,
  reason: customers,
  feeMinor: all,
  riderRating: customers,
  driverRating: drivers,
  attempt: admins,
  excluded: admins,
  offersMade: admins,
  offersDeclined: admins,
  offersExpired: admins,
  reallocations: admins,
  correlationId: admins
}

/** A bill, to who pays, who is paid, and administrators. */
export const billVisibility: Visibility<Bill> = {
  billId: all,
  rideId: all,
  kind: all,
  customerId: customers,
  driverId: all,
  currency: all,
  lines: all,
  totalMinor: all,
  driverEarningsMinor: drivers,
  platformMinor: admins,
  issuedAt: all
}

/** A customer's profile, to the customer and administrators. */
export const customerVisibility: Visibility<UserProfile> = {
  userId: customers,
  firstName: customers,
  lastName: customers,
  email: customers,
  phone: customers,
  street: customers,
  city: customers,
  state: customers,
  zip: customers,
  ssnLast4: customers,
  vehicle: nobody,
  licence: nobody,
  registeredAt: customers
}

/** A driver's profile, to the driver, administrators, and the customer whose ride the driver has. */
export const driverVisibility: Visibility<UserProfile> = {
  userId: drivers,
  firstName: all,
  lastName: drivers,
  email: drivers,
  phone: drivers,
  street: drivers,
  city: drivers,
  state: drivers,
  zip: drivers,
  ssnLast4: drivers,
  vehicle: all,
  licence: drivers,
  registeredAt: drivers
}

/** What a driver is doing, to the driver and administrators. */
export const driverStateVisibility: Visibility<DriverRecord> = {
  driverId: nobody,
  registered: nobody,
  status: drivers,
  driverVersion: drivers,
  sessionId: drivers,
  offerId: drivers,
  rideId: drivers,
  leaving: admins,
  place: drivers,
  placeAt: drivers,
  since: drivers,
  reservation: nobody,
  answered: nobody,
  actions: nobody,
  parked: nobody,
  vehicle: nobody,
  firstName: nobody
}

/** The part of a record that a role sees, its fields in the order of the table. */
export type Projection<T> = (record: T, role: TokenRole) => Partial<T>

/** A projection by a table. */
export const createProjection = <T extends object>(visibility: Visibility<T>): Projection<T> => {
  const fields = Object.keys(visibility) as (keyof T)[]
  const seenBy = (viewer: Viewer) => fields.filter((field) => visibility[field].includes(viewer))
  const fieldsByRole: Readonly<Record<TokenRole, readonly (keyof T)[]>> = {
    customer: seenBy('customer'),
    partner: seenBy('partner'),
    driver: seenBy('driver'),
    admin: seenBy('admin'),
    signup: []
  }
  return (record, role) => {
    const seen: Partial<T> = {}
    for (const field of fieldsByRole[role]) seen[field] = record[field]
    return seen
  }
}
