/**
 * Customers, from `user_events`.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import { schemaOptions } from './schema-options.ts'
import { addUserIndexes, type UserDocument, userFields } from './user.ts'

/** A registered customer. */
export type CustomerDocument = UserDocument

const schema = new Schema<CustomerDocument>(userFields, {
  ...schemaOptions,
  collection: 'customers'
})
addUserIndexes(schema)

/** Registered customers by user id. */
export const CustomerModel = model('Customer', schema)
