/**
 * user_events -> drivers: the newest version of each.
 *
 * @module
 */

import type { UserEvent } from '../avro/index.ts'
import { type DriverDocument, DriverModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'
import { userDocument } from './user-document.ts'

/** The document a driver's event makes. */
export function driverDocument(event: UserEvent): DriverDocument {
  return { ...userDocument(event), vehicle: event.vehicle, licence: event.licence }
}

/** Drivers by user id. */
export const drivers: NewestConnector = {
  name: 'drivers',
  topics: ['user_events'],
  collection: DriverModel.collection.collectionName,
  mode: 'newest',
  versionField: 'version',
  lingerMs: 0,
  hasDeadLetters: true,
  plan(record, codec) {
    const event = recordValue('user_events', record, codec)
    if (event.role !== 'DRIVER') return null
    return { document: driverDocument(event), isFirst: event.version === 1 }
  }
}
