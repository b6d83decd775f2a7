/**
 * Puts the reading side together: the memory of reads, the gates of its sources, and what its routes
 * need.
 *
 * @module
 */
import { createIds } from '../domain/index.ts'
import {
  createReadCache,
  createSharedCache,
  createSourceGate,
  isOutage,
  type ReadCache
} from './cache/index.ts'
import type { IngressDeps } from './ingress.ts'
import {
  AssignmentPoller,
  boundLive,
  type CacheTimes,
  createCachedHistory,
  createCursors,
  createDriverStates,
  createReadGuard,
  createRideFinder,
  type ReadServices
} from './read/index.ts'

/** The memory that all reads of the process share, prices included. */
export const createCache = ({ config, clock, metrics, shared }: IngressDeps): ReadCache => {
  const { settings } = config
  const isShared = shared !== null && settings.READ_CACHE_SHARED_BYTES > 0
  return createReadCache({
    clock,
    metrics,
    bytesMax: settings.READ_CACHE_BYTES,
    joinMsMax: Math.max(1, settings.READ_CACHE_FRESH),
    isOutage,
    shared: isShared
      ? createSharedCache({
          store: shared,
          clock,
          metrics,
          deadlineMs: settings.READ_CACHE_SHARED_DEADLINE,
          valueBytesMax: settings.READ_CACHE_SHARED_VALUE,
          bytesMax: settings.READ_CACHE_SHARED_BYTES
        })
      : null
  })
}

/** What the handlers of the reading side need. */
export const createReadServices = (deps: IngressDeps, cache: ReadCache): ReadServices => {
  const { config, clock, logger, metrics, policy } = deps
  const { settings } = config
  const { idSecret } = config.shared.secrets
  const guard = createReadGuard({ clock, logger, deadlineMs: settings.READ_DEADLINE })
  const times: CacheTimes = {
    freshMs: settings.READ_CACHE_FRESH,
    settledMs: settings.READ_CACHE_SETTLED,
    staleMs: settings.READ_CACHE_STALE
  }
  const live = boundLive(
    deps.live,
    createSourceGate({
      source: 'redis',
      clock,
      metrics,
      readsMax: settings.READS_LIVE_MAX,
      deadlineMs: settings.READS_LIVE_DEADLINE
    })
  )
  const gate = createSourceGate({
    source: 'mongo',
    clock,
    metrics,
    readsMax: settings.READS_HISTORY_MAX,
    deadlineMs: settings.READS_HISTORY_DEADLINE
  })
  const history = createCachedHistory({ history: deps.history, cache, gate, clock, times })
  return {
    clock,
    ids: createIds(idSecret),
    policy,
    live,
    history,
    cursors: createCursors(idSecret),
    guard,
    rides: createRideFinder({ clock, live, history, cache, times }),
    drivers: createDriverStates({ clock, live, cache, freshMs: times.freshMs }),
    assignments: new AssignmentPoller({
      clock,
      live,
      policy,
      guard,
      metrics,
      waitersMax: settings.ASSIGNMENT_WAITERS_MAX
    })
  }
}
