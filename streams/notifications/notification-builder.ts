/**
 * @module A notification for tests.
 */
import type { NotificationTask } from '../../avro/index.ts'

/** A push that may be delivered for ten minutes. */
export function aNotification(over: Partial<NotificationTask> = {}): NotificationTask {
  const createdAt = over.createdAt ?? Date.UTC(2025, 5, 2, 12)
  return {
    notificationId: 'n-1',
    userId: 'c-1',
    role: 'CUSTOMER',
    channel: 'PUSH',
    template: 'ride_accepted',
    params: { pickupEtaSeconds: '120' },
    rideId: 'r-1',
    createdAt,
    expiresAt: createdAt + 600_000,
    ...over
  }
}
