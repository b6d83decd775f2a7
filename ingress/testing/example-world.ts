/**
 * The people and things that the examples of the API description speak of, put into the stores and
 * the history of a test ingress.
 *
 * @module
 */

import { stores } from '../../streams/query/index.ts'
import { example, examplePapers, examplePerson, type TokenRole } from '../http/index.ts'
import type { UserProfile } from '../read/index.ts'
import { aBill, aDriver, aPresence, aRide } from './builders.ts'
import type { TestIngress } from './test-ingress.ts'

/** Whose token asks, by role. */
export const exampleSubjects: Readonly<Record<TokenRole, string>> = {
  customer: example.customerId,
  driver: example.driverId,
  admin: 'a-1',
  signup: 'app-1',
  partner: 'hotel-1'
}

/** An offer is open, an action was refused, a bill is issued, an hour was counted. */
export const putExampleWorld = ({ stores: live, history }: TestIngress, nowMs: number): void => {
  const { rideId, customerId, driverId, offerId } = example
  const ride = aRide({
    rideId,
    customerId,
    driverId,
    offerId,
    status: 'PENDING_ACCEPTANCE',
    seq: 2,
    matchedAt: example.requestedAt + 10_000,
    pickupEtaSeconds: 90
  })
  const action = { actionId: example.riderActionId, actorId: customerId, action: 'cancel', at: 1 }
  live.put(stores.rides, rideId, {
    ride,
    actions: [{ ...action, outcome: 'REFUSED', reason: 'ride_ended' }],
    parkedDriverActions: [],
    parkedRiderActions: []
  })
  live.put(stores.drivers, driverId, aDriver({ driverId, status: 'RESERVED', offerId, rideId }))
  live.near = [{ member: driverId, distanceMeters: 10, ...example.pickup }]
  live.put(stores.presence, driverId, aPresence({ driverId, heardAt: nowMs }))
  live.put(stores.emails, example.signupId.split('-')[1] ?? '', {
    status: 'ACTIVE',
    signupId: example.signupId,
    request: null,
    waiting: [],
    claimsGranted: 0,
    claimedAt: 1,
    outcomes: [
      {
        signupId: example.signupId,
        outcome: 'APPLIED',
        reasons: [],
        userId: customerId,
        decidedAt: 1
      }
    ]
  })
  history.rideList.push(ride)
  history.billList.push(aBill({ billId: example.billId, rideId, customerId, driverId }))
  history.userById.set(customerId, aProfile({ userId: customerId }))
  history.userById.set(driverId, aProfile({ userId: driverId, ...examplePapers }))
  history.figures = { asOf: example.requestedAt, hours: [ridesOfAnHour, billsOfAnHour] }
}

const aProfile = (profile: Partial<UserProfile>): UserProfile => {
  const { ssn, ...shown } = examplePerson
  return {
    userId: '',
    ...shown,
    ssnLast4: ssn.slice(-4),
    vehicle: null,
    licence: null,
    registeredAt: example.requestedAt,
    ...profile
  }
}

const ridesOfAnHour = {
  market: example.market,
  currency: null,
  hour: 1_699_999_200_000,
  requested: 10,
  completed: 6,
  cancelled: 2,
  unserved: 1,
  rejected: 1,
  offersMade: 8,
  offersAccepted: 6,
  waits: 6,
  waitMsTotal: 60_000,
  revenueMinor: 0,
  driverEarningsMinor: 0
}

const billsOfAnHour = {
  market: null,
  currency: 'USD',
  hour: 1_699_999_200_000,
  requested: 0,
  completed: 0,
  cancelled: 0,
  unserved: 0,
  rejected: 0,
  offersMade: 0,
  offersAccepted: 0,
  waits: 0,
  waitMsTotal: 0,
  revenueMinor: 5_000,
  driverEarningsMinor: 4_000
}
