/**
 * The writing side: HTTP in, Avro records out.
 *
 * @module
 */
import type { Route } from '../http/index.ts'
import { driverActionRoutes } from './driver-actions.ts'
import { driverSessionRoutes } from './driver-sessions.ts'
import { locationRoutes } from './locations.ts'
import { quoteRoutes } from './quotes.ts'
import { rideBatchRoutes } from './ride-batch.ts'
import { pendingRide, rideWriteRoutes } from './rides.ts'
import type { WriteServices } from './services.ts'
import { signupRoutes } from './signups.ts'

export {
  type AccumulatorOptions,
  type Outcomes,
  RecordAccumulator,
  type RecordSink
} from './accumulator.ts'
export { createEvents, type Events, type OutEvent } from './events.ts'
export { exampleFare, fareDocument } from './fare-document.ts'
export { SeenPositions } from './seen-positions.ts'
export type { SurgeReader, WriteServices } from './services.ts'
export { pendingRide }

/** Every route that writes. */
export const writeRoutes: readonly Route<WriteServices>[] = [
  ...signupRoutes,
  ...quoteRoutes,
  ...rideWriteRoutes,
  ...rideBatchRoutes,
  ...driverActionRoutes,
  ...driverSessionRoutes,
  ...locationRoutes
]
