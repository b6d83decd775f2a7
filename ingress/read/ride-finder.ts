/**
 * Finds rides: in the live store, which is newest, else in history.
 *
 * While Redis is away, history answers alone: it trails the live store by the lag of the sink, and the
 * answer says so (`isWithoutLive`). A ride that history does not know is then not known to be unknown:
 * the failure of the live store is passed on.
 *
 * @module
 */
import type { Ride } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import { isEndedStatus } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import {
  type CacheKind,
  type Dated,
  datedNow,
  isOutage,
  nullOnOutage,
  type ReadCache
} from '../cache/index.ts'
import type { Identity } from '../http/index.ts'
import { type CacheTimes, rideFreshMs } from './cache-kinds.ts'
import { type CachedHistory, pageKey } from './cached-history.ts'
import type { LiveStores, PageFilter, PagePlace, PageQuery } from './ports.ts'

/** A ride, or null where there is none. */
export type FoundRide = { ride: Ride | null; isWithoutLive: boolean }

/** A page of rides; `last` is the place of its last entry, null when nothing follows. */
export type FoundRides = { rides: Ride[]; last: PagePlace | null; isWithoutLive: boolean }

/** See the module. */
export type RideFinder = {
  byId(rideId: string): Promise<Dated<FoundRide>>
  /** The page, on the first one the reader's rides under way in front; each as the newest store has it. */
  list(reader: Identity, query: PageQuery): Promise<Dated<FoundRides>>
  /** Rides under way of a driver, or of the customer (a partner's guest) in the filter, newest first. */
  underWay(reader: Identity, filter?: PageFilter): Promise<Ride[]>
}

const rideBytes = 1_500

/** A finder that remembers in `cache`. */
export const createRideFinder = (options: {
  clock: Clock
  live: LiveStores
  history: CachedHistory
  cache: ReadCache
  times: CacheTimes
}): RideFinder => {
  const { clock, live, history, cache, times } = options

  const rideKind: CacheKind<FoundRide> = {
    name: 'ride',
    freshMs: ({ ride }, nowMs) => rideFreshMs(ride, nowMs, times),
    staleMs: 0,
    bytesOf: () => rideBytes
  }
  const listKind: CacheKind<FoundRides> = {
    name: 'ride_list',
    freshMs: () => times.freshMs,
    staleMs: 0,
    bytesOf: ({ rides }) => rideBytes * rides.length
  }

  const fromStore = async (rideIds: readonly string[]): Promise<(Ride | null)[]> => {
    if (rideIds.length === 0) return []
    const states = await live.getMany(
      stores.rides,
      rideIds.map((key) => ({ partitionKey: key, key }))
    )
    return states.map((state) => state?.ride ?? null)
  }

  const load = async (rideId: string): Promise<Dated<FoundRide>> => {
    let failure: unknown = null
    const stored = await datedNow(clock, async () => {
      const [ride = null] = await fromStore([rideId])
      return { ride, isWithoutLive: false }
    }).catch((error: unknown) => {
      if (!isOutage(error)) throw error
      failure = error
      return null
    })
    if (stored !== null && stored.value.ride !== null) return stored
    const { value: ride, ...age } = await history.ride(rideId)
    if (ride === null && failure !== null) throw failure
    // An ended ride is in history as it will stay.
    const isWithoutLive = failure !== null && ride !== null && !isEndedStatus(ride.status)
    return { ...age, value: { ride, isWithoutLive } }
  }

  const underWay = async (
    { subject, role }: Identity,
    { customerId = subject }: PageFilter = {}
  ): Promise<Ride[]> => {
    const isOpen = ({ status }: Ride): boolean => !isEndedStatus(status)
    if (role === 'customer' || role === 'partner') {
      const intake = await live.get(stores.intake, customerId, customerId)
      const ids = (intake?.rides ?? []).filter(({ open }) => open).map(({ rideId }) => rideId)
      const found = (await fromStore(ids)).filter((ride) => ride !== null)
      return found.filter(isOpen).sort((a, b) => b.requestedAt - a.requestedAt)
    }
    if (role !== 'driver') return []
    const rideId = (await live.get(stores.drivers, subject, subject))?.rideId ?? null
    const found = rideId === null ? [] : (await fromStore([rideId])).filter((ride) => ride !== null)
    return found.filter((ride) => ride.driverId === subject && isOpen(ride))
  }

  const refresh = async (rides: readonly Ride[]): Promise<Ride[]> => {
    const open = rides.filter(({ status }) => !isEndedStatus(status))
    const newer = new Map<string, Ride>()
    for (const ride of await fromStore(open.map(({ rideId }) => rideId))) {
      if (ride !== null) newer.set(ride.rideId, ride)
    }
    return rides.map((ride) => {
      const other = newer.get(ride.rideId)
      return other !== undefined && other.seq > ride.seq ? other : ride
    })
  }

  const loadList = async (reader: Identity, query: PageQuery): Promise<Dated<FoundRides>> => {
    const startedMs = clock.now()
    const [open, page] = await Promise.all([
      underWay(reader, query).catch(nullOnOutage),
      history.ridePage(query)
    ])
    const stored = page.value
    const tail = stored.at(-1)
    const last =
      stored.length === query.limit && tail !== undefined
        ? { at: tail.requestedAt, id: tail.rideId }
        : null
    const openIds = new Set(open?.map(({ rideId }) => rideId))
    const older = stored.filter(({ rideId }) => !openIds.has(rideId))
    const refreshed = open === null ? null : await refresh(older).catch(nullOnOutage)
    const shown = refreshed ?? older
    const rides = query.after === null ? [...(open ?? []), ...shown] : shown
    return {
      value: { rides, last, isWithoutLive: refreshed === null },
      atMs: Math.min(startedMs, page.atMs),
      isStale: page.isStale
    }
  }

  return {
    byId: (rideId) => cache.read(rideKind, rideId, () => load(rideId)),
    list: (reader, query) => {
      // Whose rides are in front depends on the reader; administrators have none.
      const whose = reader.role === 'admin' ? 'admin' : `${reader.role}:${reader.subject}`
      return cache.read(listKind, `${whose}:${pageKey(query)}`, () => loadList(reader, query))
    },
    underWay
  }
}
