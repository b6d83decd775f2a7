/**
 * What MongoDB holds: one model a collection. The sinks write them, the ingress reads them.
 * Times are dates, money is in minor units, `_id` is the business key.
 *
 * @module
 */

export { type BillDocument, BillModel } from './bill.ts'
export { type CustomerDocument, CustomerModel } from './customer.ts'
export { connectDatabase, type Database, type DatabaseOptions } from './database.ts'
export { type DeadLetterDocument, DeadLetterModel } from './dead-letter.ts'
export { type DriverDocument, DriverModel } from './driver.ts'
export { type DriverMinuteDocument, DriverMinuteModel, type DriverPoint } from './driver-minute.ts'
export type { Folded } from './folded.ts'
export {
  type HourlyRollupDocument,
  HourlyRollupModel,
  type OfferCounts,
  type RevenueSums,
  type RideCounts,
  rideCountNames,
  type WaitingSums
} from './hourly-rollup.ts'
export { isMongoOutage, isOutageCode } from './mongo-errors.ts'
export { type NotificationDocument, NotificationModel } from './notification.ts'
export { type RideDocument, RideModel, rideOf } from './ride.ts'
export { type RideTrackDocument, RideTrackModel, type TrackPoint } from './ride-track.ts'
export { type SurgeHistoryDocument, SurgeHistoryModel } from './surge-history.ts'
export type { UserDocument } from './user.ts'
