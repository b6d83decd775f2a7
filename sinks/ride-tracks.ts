/**
 * ride_positions -> ride_tracks: one bucket a ride and minute of device time.
 *
 * @module
 */

import type { RidePosition } from '../avro/index.ts'
import { type RideTrackDocument, RideTrackModel, type TrackPoint } from './models/index.ts'
import { type FoldConnector, recordValue, type StoredDocument } from './runtime/index.ts'

const minuteMs = 60_000

/**
 * Points of one bucket: positions come at most every 2 s, so 30 a minute; twice that bounds the
 * document at about 6 KiB whatever a device sends.
 */
export const trackPointsMax = 60

/** Bucket of a position. */
export function trackId({ rideId, deviceTime }: RidePosition): string {
  return `${rideId}:${Math.floor(deviceTime / minuteMs)}`
}

type Track = Omit<RideTrackDocument, 'partition' | 'lastOffset'>

/** Adds a position in order of time. Of two at one moment the later record stays. */
export function addPosition(before: Track | null, position: RidePosition): Track {
  const { rideId, driverId, deviceTime } = position
  const point: TrackPoint = {
    at: new Date(deviceTime),
    lat: position.lat,
    lon: position.lon,
    headingDegrees: position.headingDegrees,
    speedMps: position.speedMps
  }
  if (before === null) {
    const minute = new Date(Math.floor(deviceTime / minuteMs) * minuteMs)
    return { _id: trackId(position), rideId, driverId, minute, points: [point], dropped: 0 }
  }
  const { points } = before
  const index = points.findLastIndex(({ at }) => at.getTime() <= deviceTime)
  const isSameMoment = points[index]?.at.getTime() === deviceTime
  if (!isSameMoment && points.length >= trackPointsMax) {
    return { ...before, dropped: before.dropped + 1 }
  }
  const head = points.slice(0, isSameMoment ? index : index + 1)
  const tail = points.slice(index + 1)
  return {
    ...before,
    driverId: tail.length === 0 ? driverId : before.driverId,
    points: [...head, point, ...tail]
  }
}

/** Tracks of rides. */
export const rideTracks: FoldConnector = {
  name: 'ride-tracks',
  topics: ['ride_positions'],
  collection: RideTrackModel.collection.collectionName,
  mode: 'fold',
  documentBytes: 8_000,
  // A running ride has a position every 2 s or so: waiting makes one write of several.
  lingerMs: 2_000,
  hasDeadLetters: true,
  plan(record, codec) {
    const position = recordValue('ride_positions', record, codec)
    return {
      id: trackId(position),
      fold: (before) => addPosition(before as Track | null, position) satisfies StoredDocument
    }
  }
}
