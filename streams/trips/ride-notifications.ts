/**
 * @module Who is told what about a ride. The id of a notification is derived from ride, event number
 * and user, so an event told twice is delivered once.
 */
import type { NotificationTask, Ride, RideEventType, Role } from '../../avro/index.ts'
import type { Policy } from '../../domain/index.ts'
import { type Effect, emit } from '../runtime/index.ts'

/** News older than this helps nobody; ms, scaled with the business by the offer's length. */
const newsLifeOffers = 20

interface Moment {
  readonly ride: Ride
  /** The ride before the event; null when the event began it. */
  readonly before: Ride | null
}

interface Clocked {
  readonly policy: Policy
  readonly nowMs: number
}

/** The notifications an event causes. */
export function notificationsOf(type: RideEventType, moment: Moment, env: Clocked): Effect[] {
  const { ride } = moment
  const rider = (template: string, params: Record<string, string> = {}): Effect =>
    notify(ride, { userId: ride.customerId, role: 'CUSTOMER', template, params }, env)
  switch (type) {
    case 'RIDE_REJECTED':
      return [rider('ride_rejected', { reason: ride.reason ?? '' })]
    case 'RIDE_MATCHED':
      return offerTo(ride, env)
    case 'RIDE_ACCEPTED':
      return [rider('ride_accepted', { pickupEtaSeconds: String(ride.pickupEtaSeconds ?? '') })]
    case 'DRIVER_ARRIVED':
      return [rider('driver_arrived')]
    case 'RIDE_STARTED':
      return [rider('ride_started')]
    case 'RIDE_REALLOCATED':
      return [rider('ride_reallocated')]
    case 'RIDE_COMPLETED':
      return [rider('ride_completed', price(ride)), ...driverOf(moment, 'ride_completed', env)]
    case 'RIDE_CANCELLED':
      return [
        rider('ride_cancelled', {
          endedBy: ride.endedBy ?? '',
          feeMinor: String(ride.feeMinor ?? 0)
        }),
        ...driverOf(moment, 'ride_cancelled', env)
      ]
    case 'MATCHING_FAILED':
      return [rider('no_drivers_available')]
    case 'RIDE_REQUESTED':
    case 'OFFER_DECLINED':
    case 'OFFER_EXPIRED':
    case 'RIDE_RATED':
      return []
    default:
      return type satisfies never
  }
}

/** Tells the driver at the pickup that a no-show may be reported now. */
export function noShowNotice(ride: Ride, env: Clocked): Effect[] {
  return driverOf({ ride, before: ride }, 'no_show_available', env)
}

function offerTo(ride: Ride, env: Clocked): Effect[] {
  if (ride.driverId === null) return []
  const params = {
    offerId: ride.offerId ?? '',
    pickupEtaSeconds: String(ride.pickupEtaSeconds ?? ''),
    ...price(ride)
  }
  const told = { userId: ride.driverId, role: 'DRIVER', template: 'ride_offer', params } as const
  return [notify(ride, { ...told, lifeMs: env.policy.offerMs }, env)]
}

function driverOf({ ride, before }: Moment, template: string, env: Clocked): Effect[] {
  const driverId = before?.driverId ?? null
  if (driverId === null) return []
  return [notify(ride, { userId: driverId, role: 'DRIVER', template, params: {} }, env)]
}

function price(ride: Ride): Record<string, string> {
  return { totalMinor: String(ride.fare.totalMinor), currency: ride.fare.currency }
}

interface Message {
  readonly userId: string
  readonly role: Role
  readonly template: string
  readonly params: Record<string, string>
  readonly lifeMs?: number
}

function notify(ride: Ride, message: Message, env: Clocked): Effect {
  const { lifeMs, userId, role, template, params } = message
  const task: NotificationTask = {
    notificationId: `${ride.rideId}:${ride.seq}:${userId}`,
    userId,
    role,
    channel: 'PUSH',
    template,
    params: { rideId: ride.rideId, ...params },
    rideId: ride.rideId,
    createdAt: env.nowMs,
    expiresAt: env.nowMs + (lifeMs ?? newsLifeOffers * env.policy.offerMs)
  }
  return emit('notification_tasks', userId, task)
}
