/**
 * What the handlers of the reading side need of the process.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { Ids, Policy } from '../../domain/index.ts'
import type { AssignmentPoller } from './assignment-poller.ts'
import type { CachedHistory } from './cached-history.ts'
import type { Cursors } from './cursor.ts'
import type { DriverStates } from './driver-states.ts'
import type { LiveStores } from './ports.ts'
import type { ReadGuard } from './read-guard.ts'
import type { RideFinder } from './ride-finder.ts'

/** See the module. */
export type ReadServices = {
  clock: Clock
  ids: Ids
  policy: Policy
  live: LiveStores
  history: CachedHistory
  cursors: Cursors
  drivers: DriverStates
  guard: ReadGuard
  rides: RideFinder
  assignments: AssignmentPoller
}
