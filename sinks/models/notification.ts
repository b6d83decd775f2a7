/**
 * Notifications, from `notification_events`: what became of each, newest wins.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import type { NotificationEvent } from '../../avro/index.ts'
import { nullable, required, retentionSeconds, schemaOptions } from './schema-options.ts'

/** A notification and what became of it. */
export type NotificationDocument = Omit<NotificationEvent, 'notificationId' | 'at'> & {
  /** Notification id. */
  _id: string
  at: Date
}

const schema = new Schema<NotificationDocument>(
  {
    _id: required(String),
    userId: required(String),
    role: required(String),
    channel: required(String),
    template: required(String),
    rideId: nullable(String),
    status: required(String),
    attempts: required(Number),
    provider: { type: String, default: '' },
    error: nullable(String),
    at: required(Date)
  },
  { ...schemaOptions, collection: 'notifications' }
)
schema.index({ userId: 1, at: -1, _id: -1 }, { name: 'user_newest' })
schema.index({ rideId: 1 }, { name: 'ride' })
schema.index({ at: 1 }, { name: 'expiry', expireAfterSeconds: retentionSeconds.notifications })

/** Notifications by notification id. */
export const NotificationModel = model('Notification', schema)
