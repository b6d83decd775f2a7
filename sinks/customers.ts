/**
 * user_events -> customers: the newest version of each.
 *
 * @module
 */

import type { UserEvent } from '../avro/index.ts'
import { type CustomerDocument, CustomerModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'
import { userDocument } from './user-document.ts'

/** The document a customer's event makes. */
export function customerDocument(event: UserEvent): CustomerDocument {
  return userDocument(event)
}

/** Customers by user id. */
export const customers: NewestConnector = {
  name: 'customers',
  topics: ['user_events'],
  collection: CustomerModel.collection.collectionName,
  mode: 'newest',
  versionField: 'version',
  lingerMs: 0,
  hasDeadLetters: true,
  plan(record, codec) {
    const event = recordValue('user_events', record, codec)
    if (event.role !== 'CUSTOMER') return null
    return { document: customerDocument(event), isFirst: event.version === 1 }
  }
}
