/**
 * Drivers, from `user_events`.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import type { Licence, Vehicle } from '../../avro/index.ts'
import { licenceSchema, vehicleSchema } from './parts.ts'
import { nullable, schemaOptions } from './schema-options.ts'
import { addUserIndexes, type UserDocument, userFields } from './user.ts'

/** A registered driver. */
export type DriverDocument = UserDocument & {
  vehicle: Vehicle | null
  licence: Licence | null
}

const schema = new Schema<DriverDocument>(
  { ...userFields, vehicle: nullable(vehicleSchema), licence: nullable(licenceSchema) },
  { ...schemaOptions, collection: 'drivers' }
)
addUserIndexes(schema)

/** Registered drivers by user id. */
export const DriverModel = model('Driver', schema)
