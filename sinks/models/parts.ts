/**
 * Schemas of what several documents hold, as their Avro records have it.
 *
 * @module
 */

import { Schema } from 'mongoose'
import type { Fare, GeoPoint, Licence, Vehicle } from '../../avro/index.ts'
import { partOptions, required } from './schema-options.ts'

/** A place, WGS 84 degrees. */
export const pointSchema = new Schema<GeoPoint>(
  { lat: required(Number), lon: required(Number) },
  partOptions
)

/** What the customer pays; minor units. */
export const fareSchema = new Schema<Fare>(
  {
    currency: required(String),
    baseMinor: required(Number),
    distanceMinor: required(Number),
    timeMinor: required(Number),
    surgeMinor: required(Number),
    bookingMinor: required(Number),
    minimumTopUpMinor: required(Number),
    totalMinor: required(Number),
    distanceMeters: required(Number),
    durationSeconds: required(Number),
    surgePercent: required(Number)
  },
  partOptions
)

/** A driver's vehicle. */
export const vehicleSchema = new Schema<Vehicle>(
  {
    make: required(String),
    model: required(String),
    year: required(Number),
    color: required(String),
    plate: required(String)
  },
  partOptions
)

/** A driver's licence. */
export const licenceSchema = new Schema<Licence>(
  { number: required(String), state: required(String), expiresOn: required(String) },
  partOptions
)
