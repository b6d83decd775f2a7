/**
 * Finds a ride: in the live store, which is newest, else in history. Ended rides change only by a
 * rating and are remembered for an hour; running ones for two seconds at most.
 *
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Ride } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import { isEndedStatus } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import type { LiveStores, RideHistory } from './ports.ts'

/** See the module. */
export type RideFinder = {
  byId(rideId: string): Promise<Ride | null>
  /** Replaces each open ride by the store's version where that is newer. */
  refresh(rides: readonly Ride[]): Promise<Ride[]>
  /** Rides the live store has of these, in their order. */
  live(rideIds: readonly string[]): Promise<Ride[]>
}

/** At about 1.5 KB a ride, 10,000 are 15 MB. */
const entriesMax = 10_000
const endedMs = 3_600_000
/** A rating may still come shortly after the end. */
const justEndedMs = 600_000
const openMs = 1_000

/** A finder with an empty memory. */
export const createRideFinder = (options: {
  clock: Clock
  live: LiveStores
  history: RideHistory
}): RideFinder => {
  const { clock, live, history } = options
  const remembered = new LRUCache<string, { ride: Ride; until: number }>({ max: entriesMax })

  const fromStore = async (rideIds: readonly string[]): Promise<(Ride | null)[]> => {
    const states = await live.getMany(
      stores.rides,
      rideIds.map((key) => ({ partitionKey: key, key }))
    )
    return states.map((state) => state?.ride ?? null)
  }

  return {
    byId: async (rideId) => {
      const known = remembered.get(rideId)
      if (known !== undefined && clock.now() < known.until) return known.ride
      const [stored] = await fromStore([rideId])
      const ride = stored ?? (await history.byId(rideId))
      if (ride === null) return null
      remembered.set(rideId, { ride, until: clock.now() + lifeOf(ride, clock.now()) })
      return ride
    },
    refresh: async (rides) => {
      const open = rides.filter(({ status }) => !isEndedStatus(status))
      const newer = new Map<string, Ride>()
      for (const ride of await fromStore(open.map(({ rideId }) => rideId))) {
        if (ride !== null) newer.set(ride.rideId, ride)
      }
      return rides.map((ride) => {
        const other = newer.get(ride.rideId)
        return other !== undefined && other.seq > ride.seq ? other : ride
      })
    },
    live: async (rideIds) => (await fromStore(rideIds)).filter((ride) => ride !== null)
  }
}

const lifeOf = (ride: Ride, nowMs: number): number => {
  if (!isEndedStatus(ride.status)) return openMs
  return nowMs - (ride.endedAt ?? nowMs) < justEndedMs ? openMs : endedMs
}
