/**
 * Riders and drivers who use the public API and nothing else.
 *
 * @module
 */

export type { ApiCounts } from './api-client.ts'
export { type Habits, usualHabits } from './habits.ts'
export { type PlacesFile, type RecordedTrip, readPlaces, readTrips } from './places-file.ts'
export { PushClient } from './push-client.ts'
export { type PushArrival, PushLog } from './push-log.ts'
export {
  type EntryState,
  endedStatuses,
  isEnded,
  type LedgerCounts,
  type LedgerEntry,
  RideLedger
} from './ride-ledger.ts'
export { Simulation, type SimulationOptions, type SimulationStatus } from './simulation.ts'
