/**
 * Minutes of drivers, from `driver_location_updates`: one bucket a driver and minute instead of a
 * document a ping.
 *
 * @module
 */

import { model, Schema } from 'mongoose'
import { type Folded, foldedFields } from './folded.ts'
import {
  nullable,
  partOptions,
  required,
  retentionSeconds,
  schemaOptions
} from './schema-options.ts'

/** One ping. */
export type DriverPoint = {
  /** Time of the device. */
  at: Date
  lat: number
  lon: number
  accuracyMeters: number | null
  headingDegrees: number | null
  speedMps: number | null
}

/** The pings the ingress received from a driver within one minute. */
export type DriverMinuteDocument = Folded & {
  driverId: string
  /** Session of the last ping. */
  sessionId: string | null
  /** Start of the minute, by the clock of the ingress. */
  minute: Date
  /** Pings received. */
  count: number
  /** Ping with the earliest device time. */
  first: DriverPoint
  /** Ping with the latest device time. */
  last: DriverPoint
}

const pointSchema = new Schema<DriverPoint>(
  {
    at: required(Date),
    lat: required(Number),
    lon: required(Number),
    accuracyMeters: nullable(Number),
    headingDegrees: nullable(Number),
    speedMps: nullable(Number)
  },
  partOptions
)

const schema = new Schema<DriverMinuteDocument>(
  {
    ...foldedFields,
    driverId: required(String),
    sessionId: nullable(String),
    minute: required(Date),
    count: required(Number),
    first: required(pointSchema),
    last: required(pointSchema)
  },
  { ...schemaOptions, collection: 'driver_minutes' }
)
schema.index({ driverId: 1, minute: -1 }, { name: 'driver_newest' })
schema.index({ minute: 1 }, { name: 'expiry', expireAfterSeconds: retentionSeconds.driverMinutes })

/** Minutes of drivers by `<driver id>:<epoch minute>`. */
export const DriverMinuteModel = model('DriverMinute', schema)
