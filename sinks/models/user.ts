/**
 * What customers and drivers have in common.
 *
 * @module
 */

import type { Schema } from 'mongoose'
import { required } from './schema-options.ts'

/** A registered person. The social security number is only there as ciphertext. */
export type UserDocument = {
  /** User id. */
  _id: string
  signupId: string
  /** Version of the user; an older event never replaces a newer one. */
  version: number
  firstName: string
  lastName: string
  email: string
  phone: string
  street: string
  city: string
  state: string
  zip: string
  ssnCipher: string
  /** Keyed fingerprint of the number: equal numbers have equal fingerprints. */
  ssnKey: string
  /** Id of the fingerprint's key; empty before keys had ids. Only equal ids can be compared. */
  ssnKeyId: string
  ssnLast4: string
  createdAt: Date
  updatedAt: Date
}

/** Definitions of the fields of {@link UserDocument}. */
export const userFields = {
  _id: required(String),
  signupId: required(String),
  version: required(Number),
  firstName: required(String),
  lastName: required(String),
  email: required(String),
  phone: required(String),
  street: required(String),
  city: required(String),
  state: required(String),
  zip: required(String),
  ssnCipher: required(String),
  ssnKey: required(String),
  ssnKeyId: { type: String, default: '' },
  ssnLast4: required(String),
  createdAt: required(Date),
  updatedAt: required(Date)
}

/**
 * Sign-up already grants an e-mail address and a number once per role, so these indexes never
 * refuse anything while it is right: they are its tripwire.
 */
export function addUserIndexes<T extends UserDocument>(schema: Schema<T>): void {
  schema.index({ email: 1 }, { unique: true, name: 'email_unique' })
  schema.index({ ssnKey: 1 }, { unique: true, name: 'ssn_unique' })
  schema.index({ createdAt: -1, _id: -1 }, { name: 'newest' })
}
