/**
 * driver_location_updates -> driver_minutes: one bucket a driver and minute. The minute is that of
 * the ingress, as the clock of a device may be anything.
 *
 * @module
 */

import type { DriverLocation } from '../avro/index.ts'
import { type DriverMinuteDocument, DriverMinuteModel, type DriverPoint } from './models/index.ts'
import { type FoldConnector, recordValue, type StoredDocument } from './runtime/index.ts'

const minuteMs = 60_000

/** Bucket of a ping. */
export function driverMinuteId({ driverId, receivedAt }: DriverLocation): string {
  return `${driverId}:${Math.floor(receivedAt / minuteMs)}`
}

type Minute = Omit<DriverMinuteDocument, 'partition' | 'lastOffset'>

/** Adds a ping to its minute. */
export function addPing(before: Minute | null, ping: DriverLocation): Minute {
  const { driverId, sessionId, receivedAt } = ping
  const point: DriverPoint = {
    at: new Date(ping.deviceTime),
    lat: ping.lat,
    lon: ping.lon,
    accuracyMeters: ping.accuracyMeters,
    headingDegrees: ping.headingDegrees,
    speedMps: ping.speedMps
  }
  if (before === null) {
    const minute = new Date(Math.floor(receivedAt / minuteMs) * minuteMs)
    const _id = driverMinuteId(ping)
    return { _id, driverId, sessionId, minute, count: 1, first: point, last: point }
  }
  const isFirst = point.at < before.first.at
  const isLast = point.at >= before.last.at
  return {
    ...before,
    sessionId: isLast ? sessionId : before.sessionId,
    count: before.count + 1,
    first: isFirst ? point : before.first,
    last: isLast ? point : before.last
  }
}

/** Minutes of drivers. */
export const driverMinutes: FoldConnector = {
  name: 'driver-minutes',
  topics: ['driver_location_updates'],
  collection: DriverMinuteModel.collection.collectionName,
  mode: 'fold',
  documentBytes: 1_500,
  // A driver pings every few seconds: waiting makes one write of several pings.
  lingerMs: 5_000,
  hasDeadLetters: true,
  plan(record, codec) {
    const ping = recordValue('driver_location_updates', record, codec)
    return {
      id: driverMinuteId(ping),
      fold: (before) => addPing(before as Minute | null, ping) satisfies StoredDocument
    }
  }
}
