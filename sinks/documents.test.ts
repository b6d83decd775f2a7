/**
 * @module What is written past Mongoose is what Mongoose would have written.
 */

import { type Document as MongooseDocument, mongo } from 'mongoose'
import { describe, expect, test } from 'vitest'
import {
  createLocalCodec,
  deadLetterHeaders,
  type RecordName,
  type Records
} from '../avro/index.ts'
import type { KafkaRecord } from '../core/kafka/index.ts'
import { createMemoryCollection } from '../test/support/memory-collection.ts'
import {
  aBill,
  aDriverLocation,
  aNotificationEvent,
  aRide,
  aRideEvent,
  aRidePosition,
  aSurgeMultiplier,
  aUserEvent,
  noonMs
} from '../test/support/records.ts'
import { catalogue } from './catalogue.ts'
import { RideModel, rideOf } from './models/index.ts'
import { rideDocument } from './rides.ts'
import { createFoldWriter, type StoredDocument } from './runtime/index.ts'

const codec = createLocalCodec()
const place = { lat: 40.7, lon: -73.9 }
const ended = { startedAt: noonMs + 3, endedAt: noonMs + 4, endedBy: 'driver', reason: 'done' }

function aRecord<R extends RecordName>(name: R, value: Records[R]): KafkaRecord {
  return {
    topic: 'topic',
    partition: 3,
    offset: 42n,
    timestampMs: noonMs,
    key: Buffer.from('key'),
    value: codec.encode(name, value),
    headers: {}
  }
}

const vehicle = { make: 'Make', model: 'Model', year: 2_024, color: 'red', plate: 'T1' }
const licence = { number: 'L1', state: 'NY', expiresOn: '2030-01-31' }
const tombstone: KafkaRecord = { ...aRecord('Bill', aBill()), value: null }
const deadLetter: KafkaRecord = {
  ...aRecord('Bill', aBill()),
  topic: 'bills.dlq',
  headers: {
    [deadLetterHeaders.topic]: 'bills',
    [deadLetterHeaders.partition]: '1',
    [deadLetterHeaders.offset]: '9007199254740993',
    [deadLetterHeaders.connector]: 'bills',
    [deadLetterHeaders.code]: 'HAIL_DECODE',
    [deadLetterHeaders.message]: 'expected Bill',
    [deadLetterHeaders.failedAt]: String(noonMs)
  }
}

/** Records of each connector, with every optional field there and absent. */
const records: Readonly<Record<string, readonly KafkaRecord[]>> = {
  customers: [aRecord('UserEvent', aUserEvent())],
  drivers: [
    aRecord('UserEvent', aUserEvent({ role: 'DRIVER', vehicle, licence })),
    aRecord('UserEvent', aUserEvent({ role: 'DRIVER' }))
  ],
  rides: [
    aRecord('RideEvent', aRideEvent()),
    aRecord(
      'RideEvent',
      aRideEvent({
        type: 'RIDE_COMPLETED',
        seq: 9,
        ride: {
          ...ended,
          driverId: 'd-1',
          offerId: 'o-1',
          quoteId: 'q-1',
          pickupEtaSeconds: 240,
          matchedAt: noonMs,
          acceptedAt: noonMs + 1,
          arrivedAt: noonMs + 2,
          feeMinor: 500,
          riderRating: 5,
          driverRating: 4,
          excluded: ['d-2']
        }
      })
    )
  ],
  bills: [aRecord('Bill', aBill()), aRecord('Bill', aBill({ driverId: null, lines: [] }))],
  notifications: [
    aRecord('NotificationEvent', aNotificationEvent()),
    aRecord('NotificationEvent', aNotificationEvent({ rideId: null, error: 'gone' }))
  ],
  'ride-tracks': [
    aRecord('RidePosition', aRidePosition()),
    aRecord('RidePosition', aRidePosition({ headingDegrees: null, speedMps: null }))
  ],
  'driver-minutes': [
    aRecord('DriverLocation', aDriverLocation()),
    aRecord('DriverLocation', aDriverLocation({ sessionId: null, accuracyMeters: null, ...place }))
  ],
  'surge-history': [aRecord('SurgeMultiplier', aSurgeMultiplier()), tombstone],
  'hourly-rides': [
    aRecord('RideEvent', aRideEvent()),
    aRecord(
      'RideEvent',
      aRideEvent({ type: 'RIDE_STARTED', ride: { acceptedAt: noonMs + 5, arrivedAt: noonMs + 9 } })
    )
  ],
  'hourly-revenue': [
    aRecord('Bill', aBill()),
    aRecord('Bill', aBill({ kind: 'CANCELLATION_FEE' }))
  ],
  'dead-letters': [deadLetter, { ...deadLetter, headers: {}, key: null, value: null }]
}

/** Bytes of a document with its fields in order of their names. */
function bytesOf(value: unknown): Buffer {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sorted)
    if (typeof part !== 'object' || part === null || part.constructor !== Object) return part
    const entries = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]))
  }
  return Buffer.from(mongo.BSON.serialize(sorted(value) as mongo.Document))
}

describe('the document of each connector', () => {
  test.each(catalogue.map(({ connector, model }) => [connector.name, connector, model] as const))(
    '%s is byte by byte what a cast by Mongoose makes of it',
    async (name, connector, model) => {
      const given = records[name] ?? []
      expect(given.length).toBeGreaterThan(0)
      for (const record of given) {
        const plan = connector.plan(record, codec)
        if (plan === null) throw new Error(`${name} has nothing to do with its record`)
        let document: StoredDocument
        if ('document' in plan) document = plan.document
        else {
          const collection = createMemoryCollection()
          await createFoldWriter({ collection, documentsMax: 1 }).write([{ record, plan }])
          document = [...collection.documents.values()][0] as StoredDocument
        }
        const cast = new model(document as never) as MongooseDocument
        await cast.validate()
        expect(bytesOf(cast.toObject({ flattenMaps: true }))).toEqual(bytesOf(document))
      }
    }
  )
})

test('a ride comes back from its document as it was', () => {
  const ride = aRide({ ...ended, seq: 7, acceptedAt: noonMs })
  const event = aRideEvent({ seq: 7, ride })
  expect(rideOf(rideDocument(event))).toEqual(ride)
  expect(rideOf(new RideModel(rideDocument(event)).toObject())).toEqual(ride)
})

test('connectors leave the records of others alone', () => {
  const driver = aRecord('UserEvent', aUserEvent({ role: 'DRIVER' }))
  const customers = catalogue.find(({ connector }) => connector.name === 'customers')
  expect(customers?.connector.plan(driver, codec)).toBeNull()
})

test('a tombstone where a value is expected is a bad record', () => {
  const rides = catalogue.find(({ connector }) => connector.name === 'rides')
  expect(() => rides?.connector.plan(tombstone, codec)).toThrow('got a tombstone')
})

test('no document holds the payload of a dead letter', () => {
  const letters = catalogue.find(({ connector }) => connector.name === 'dead-letters')
  const canary = '123-45-6789'
  const letter = { ...deadLetter, key: Buffer.from(canary), value: Buffer.from(canary) }
  const plan = letters?.connector.plan(letter, codec)
  expect(JSON.stringify(plan)).not.toContain(canary)
})
