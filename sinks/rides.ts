/**
 * ride_events -> rides: the snapshot of the event with the highest `seq`.
 *
 * @module
 */

import type { RideEvent } from '../avro/index.ts'
import { type RideDocument, RideModel } from './models/index.ts'
import { type NewestConnector, recordValue } from './runtime/index.ts'

const dateOrNull = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

/** The document a ride's event makes. */
export function rideDocument({ ride, type, occurredAt, seq }: RideEvent): RideDocument {
  const { rideId, ...rest } = ride
  const requestedAt = new Date(ride.requestedAt)
  return {
    ...rest,
    _id: rideId,
    seq,
    requestedAt,
    waitUntil: new Date(ride.waitUntil),
    matchedAt: dateOrNull(ride.matchedAt),
    acceptedAt: dateOrNull(ride.acceptedAt),
    arrivedAt: dateOrNull(ride.arrivedAt),
    startedAt: dateOrNull(ride.startedAt),
    endedAt: dateOrNull(ride.endedAt),
    lastEvent: type,
    createdAt: requestedAt,
    updatedAt: new Date(occurredAt)
  }
}

/** Rides by ride id. */
export const rides: NewestConnector = {
  name: 'rides',
  topics: ['ride_events'],
  collection: RideModel.collection.collectionName,
  mode: 'newest',
  versionField: 'seq',
  lingerMs: 0,
  hasDeadLetters: true,
  plan(record, codec) {
    const event = recordValue('ride_events', record, codec)
    return { document: rideDocument(event), isFirst: event.seq === 1 }
  }
}
