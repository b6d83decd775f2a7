/**
 * ride_events, bills -> hourly_rollups: sums for statistics and charts, each event counted once.
 * Two connectors, as the topics differ in partitions; each writes shares of its own.
 *
 * @module
 */

import { HourlyRollupModel } from './models/index.ts'
import {
  addBill,
  addRideEvent,
  placeOfBill,
  placeOfRide,
  type Rollup,
  rollupId
} from './rollup-fold.ts'
import { type FoldConnector, recordValue } from './runtime/index.ts'

/** All events of a moment go to few documents: waiting makes one write of many. */
const lingerMs = 1_000

/** Rides, offers and waiting, by hour and market. */
export const hourlyRides: FoldConnector = {
  name: 'hourly-rides',
  topics: ['ride_events'],
  collection: HourlyRollupModel.collection.collectionName,
  mode: 'fold',
  documentBytes: 2_500,
  lingerMs,
  hasDeadLetters: true,
  plan(record, codec) {
    const event = recordValue('ride_events', record, codec)
    const { partition } = record
    return {
      id: rollupId(placeOfRide(event, partition)),
      fold: (before) => addRideEvent(before as Rollup | null, event, partition)
    }
  }
}

/** Revenue, by hour and currency. */
export const hourlyRevenue: FoldConnector = {
  name: 'hourly-revenue',
  topics: ['bills'],
  collection: HourlyRollupModel.collection.collectionName,
  mode: 'fold',
  documentBytes: 2_500,
  lingerMs,
  hasDeadLetters: true,
  plan(record, codec) {
    const bill = recordValue('bills', record, codec)
    const { partition } = record
    return {
      id: rollupId(placeOfBill(bill, partition)),
      fold: (before) => addBill(before as Rollup | null, bill, partition)
    }
  }
}
