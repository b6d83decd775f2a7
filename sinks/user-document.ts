/**
 * The document of a person, from the event that holds the whole person.
 *
 * @module
 */

import type { UserEvent } from '../avro/index.ts'
import type { UserDocument } from './models/index.ts'

/** What customers and drivers have in common. */
export function userDocument(event: UserEvent): UserDocument {
  const at = new Date(event.occurredAt)
  return {
    _id: event.userId,
    signupId: event.signupId,
    version: event.version,
    firstName: event.firstName,
    lastName: event.lastName,
    email: event.email,
    phone: event.phone,
    street: event.street,
    city: event.city,
    state: event.state,
    zip: event.zip,
    ssnCipher: event.ssnCipher,
    ssnKey: event.ssnKey,
    ssnKeyId: event.ssnKeyId,
    ssnLast4: event.ssnLast4,
    createdAt: at,
    updatedAt: at
  }
}
