/**
 * notification_events -> notifications: the newest word on each.
 *
 * @module
 */

import type { NotificationEvent } from '../avro/index.ts'
import { type NotificationDocument, NotificationModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'

/** The document a notification's event makes. */
export function notificationDocument({
  notificationId,
  at,
  ...event
}: NotificationEvent): NotificationDocument {
  return { ...event, _id: notificationId, at: new Date(at) }
}

/** Notifications by notification id. */
export const notifications: NewestConnector = {
  name: 'notifications',
  topics: ['notification_events'],
  collection: NotificationModel.collection.collectionName,
  mode: 'newest',
  versionField: 'at',
  lingerMs: 0,
  hasDeadLetters: true,
  plan: (record, codec) => ({
    document: notificationDocument(recordValue('notification_events', record, codec)),
    isFirst: true
  })
}
