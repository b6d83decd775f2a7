/**
 * Tracks of rides, from `ride_positions`: one bucket a ride and minute.
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

/** One position; `at` is the time of the device. */
export type TrackPoint = {
  at: Date
  lat: number
  lon: number
  headingDegrees: number | null
  speedMps: number | null
}

/** The positions of a ride within one minute, in order of time, one a moment. */
export type RideTrackDocument = Folded & {
  rideId: string
  /** Driver of the newest point. */
  driverId: string
  /** Start of the minute. */
  minute: Date
  points: TrackPoint[]
  /** Positions that did not fit because the bucket was full. */
  dropped: number
}

const pointSchema = new Schema<TrackPoint>(
  {
    at: required(Date),
    lat: required(Number),
    lon: required(Number),
    headingDegrees: nullable(Number),
    speedMps: nullable(Number)
  },
  partOptions
)

const schema = new Schema<RideTrackDocument>(
  {
    ...foldedFields,
    rideId: required(String),
    driverId: required(String),
    minute: required(Date),
    points: [pointSchema],
    dropped: required(Number)
  },
  { ...schemaOptions, collection: 'ride_tracks' }
)
schema.index({ rideId: 1, minute: 1 }, { name: 'ride_minute' })
schema.index({ minute: 1 }, { name: 'expiry', expireAfterSeconds: retentionSeconds.rideTracks })

/** Buckets of positions by `<ride id>:<epoch minute>`. */
export const RideTrackModel = model('RideTrack', schema)
