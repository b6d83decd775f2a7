/**
 * Every connector.
 *
 * @module
 */

import type { Model } from 'mongoose'
import { bills } from './bills.ts'
import { customers } from './customers.ts'
import { deadLetters } from './dead-letters.ts'
import { driverMinutes } from './driver-minutes.ts'
import { drivers } from './drivers.ts'
import { hourlyRevenue, hourlyRides } from './hourly-rollups.ts'
import {
  BillModel,
  CustomerModel,
  DeadLetterModel,
  DriverMinuteModel,
  DriverModel,
  HourlyRollupModel,
  NotificationModel,
  RideModel,
  RideTrackModel,
  SurgeHistoryModel
} from './models/index.ts'
import { notifications } from './notifications.ts'
import { rideTracks } from './ride-tracks.ts'
import { rides } from './rides.ts'
import type { Connector } from './runtime/index.ts'
import { surgeHistory } from './surge-history.ts'

/** A connector and the model of its collection. */
export type CatalogueEntry = { readonly connector: Connector; readonly model: Model<never> }

const entry = (connector: Connector, model: unknown): CatalogueEntry => ({
  connector,
  // A collection is written as it is: no connector needs the type of its model's documents.
  model: model as Model<never>
})

/** Every connector, in the order they are listed to operators. */
export const catalogue: readonly CatalogueEntry[] = [
  entry(customers, CustomerModel),
  entry(drivers, DriverModel),
  entry(rides, RideModel),
  entry(bills, BillModel),
  entry(notifications, NotificationModel),
  entry(rideTracks, RideTrackModel),
  entry(driverMinutes, DriverMinuteModel),
  entry(surgeHistory, SurgeHistoryModel),
  entry(hourlyRides, HourlyRollupModel),
  entry(hourlyRevenue, HourlyRollupModel),
  entry(deadLetters, DeadLetterModel)
]

/** Names of all connectors, as `SINKS` takes them. */
export const connectorNames: readonly string[] = catalogue.map(({ connector }) => connector.name)
