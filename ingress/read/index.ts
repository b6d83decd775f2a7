/**
 * The reading side: live stores and history in, documents out.
 *
 * @module
 */
import type { Route } from '../http/index.ts'
import { billRoutes } from './bills.ts'
import { outcomeRoutes } from './outcomes.ts'
import { peopleRoutes } from './people.ts'
import { rideReadRoutes } from './rides.ts'
import type { ReadServices } from './services.ts'
import { statisticsRoutes } from './statistics.ts'

export {
  type Assignment,
  assignedRideId,
  assignmentOfRide,
  noAssignment
} from './assignment.ts'
export { AssignmentPoller } from './assignment-poller.ts'
export { boundLive } from './bounded-live.ts'
export type { CacheTimes } from './cache-kinds.ts'
export { type CachedHistory, createCachedHistory } from './cached-history.ts'
export { createCursors } from './cursor.ts'
export { createDriverStates } from './driver-states.ts'
export { createMongoHistory } from './mongo-history.ts'
export type {
  BillHistory,
  History,
  HourFigures,
  HoursQuery,
  LiveStores,
  PageQuery,
  RideHistory,
  StatisticsHistory,
  UserHistory,
  UserProfile
} from './ports.ts'
export { createReadGuard, type ReadGuard } from './read-guard.ts'
export { toRideDocument } from './ride-document.ts'
export { createRideFinder, type RideFinder } from './ride-finder.ts'
export type { ReadServices } from './services.ts'
export { createSurgeReader } from './surge-reader.ts'

/** Every route that reads. */
export const readRoutes: readonly Route<ReadServices>[] = [
  ...rideReadRoutes,
  ...outcomeRoutes,
  ...peopleRoutes,
  ...billRoutes,
  ...statisticsRoutes
]
