/**
 * What drivers are doing, from the live store, remembered for a moment.
 *
 * @module
 */
import type { DriverRecord } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { type CacheKind, type Dated, datedNow, type ReadCache } from '../cache/index.ts'
import type { LiveStores } from './ports.ts'

/** See the module; null for a driver the store does not know. */
export type DriverStates = { byId(driverId: string): Promise<Dated<DriverRecord | null>> }

const driverBytes = 2_000

/** States that are remembered in `cache` for `freshMs`. */
export const createDriverStates = (options: {
  clock: Clock
  live: Pick<LiveStores, 'get'>
  cache: ReadCache
  freshMs: number
}): DriverStates => {
  const { clock, live, cache, freshMs } = options
  const kind: CacheKind<DriverRecord | null> = {
    name: 'driver_state',
    // One who registers this moment is not told that they are unknown a moment later.
    freshMs: (record) => (record === null ? 0 : freshMs),
    staleMs: 0,
    bytesOf: () => driverBytes
  }
  return {
    byId: (driverId) =>
      cache.read(kind, driverId, () =>
        datedNow(clock, () => live.get(stores.drivers, driverId, driverId))
      )
  }
}
