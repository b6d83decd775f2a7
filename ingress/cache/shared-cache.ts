/**
 * The memory of reads that all processes share, in Redis: what one of them read from MongoDB the others
 * need not read. It may be missing, slow, full or empty at any time: then the answer is "not here".
 *
 * Keys are `hail:reads:<kind>:<version>:<key>`. The version follows the form of the values, so that a
 * process of another release reads its own. Redis must not evict, as it holds the services' state; so
 * each process accounts for what it has written and not seen expire, and writes no more than its share.
 *
 * @module
 */
import type { Clock, Counter, Metrics } from '../../core/index.ts'
import { createExpiringBudget } from './expiring-budget.ts'
import type { CacheKind, Dated } from './read-cache.ts'

/** The part of Redis that it needs. */
export type SharedStore = {
  get(key: string): Promise<Buffer | null>
  set(key: string, value: string, options: { readonly ttlMs: number }): Promise<void>
  isReady(): boolean
}

/** See the module. Neither method throws. */
export type SharedCache = {
  get<V>(kind: CacheKind<V>, key: string): Promise<Dated<V> | null>
  /** Writes behind; small, finite values of kinds that are shared. */
  put<V>(kind: CacheKind<V>, key: string, what: { dated: Dated<V>; lifeMs: number }): void
}

/** Every limit is a bound on memory or time. */
export type SharedCacheOptions = {
  store: SharedStore
  clock: Clock
  metrics: Metrics
  /** Longest wait for Redis, ms: beyond it reading MongoDB is quicker. */
  deadlineMs: number
  /** A longer value is not shared. */
  valueBytesMax: number
  /** Bytes of this process in Redis at a time. */
  bytesMax: number
}

/** After a failure nobody asks for this long, ms. */
const coolDownMs = 1_000
/** Writes under way; more are left out. */
const writesMax = 256
/** What Redis needs for an entry beside key and value. */
const entryBytes = 120

type Skipped = 'large' | 'full' | 'busy' | 'failed' | 'unreadable'

/** The shared memory; `null` as a value is never shared, as what was not there may be any moment. */
export const createSharedCache = (options: SharedCacheOptions): SharedCache => {
  const { store, clock, deadlineMs } = options
  const budget = createExpiringBudget(options.bytesMax)
  const skipped = createSkipCounter(options.metrics)
  let coolUntilMs = Number.NEGATIVE_INFINITY
  let writes = 0
  options.metrics.gauge({
    name: 'hail_ingress_shared_cache_bytes',
    help: 'Bytes of this process in the shared cache of reads, until they expire.',
    collect: (gauge) => gauge.set({}, budget.spent(clock.now()))
  })

  const isUsable = (): boolean => store.isReady() && clock.monotonic() >= coolUntilMs
  const fail = (): void => {
    skipped.inc({ reason: 'failed' })
    coolUntilMs = clock.monotonic() + coolDownMs
  }

  const getInTime = (key: string): Promise<Buffer | null> =>
    new Promise((resolve) => {
      const giveUp = (): void => {
        fail()
        resolve(null)
      }
      const timer = clock.setTimer(giveUp, deadlineMs)
      store
        .get(key)
        .then(resolve, giveUp)
        .finally(() => timer.cancel())
    })

  return {
    get: async <V>(kind: CacheKind<V>, key: string): Promise<Dated<V> | null> => {
      if (kind.sharedVersion === undefined || !isUsable()) return null
      const bytes = await getInTime(keyOf(kind, key))
      if (bytes === null) return null
      try {
        const [atMs, value] = JSON.parse(bytes.toString()) as [number, V]
        if (Number.isFinite(atMs) && value !== undefined) return { value, atMs, isStale: false }
      } catch {
        // Counted below, and read anew.
      }
      skipped.inc({ reason: 'unreadable' })
      return null
    },

    put: <V>(kind: CacheKind<V>, key: string, what: { dated: Dated<V>; lifeMs: number }): void => {
      const { dated, lifeMs } = what
      if (kind.sharedVersion === undefined || dated.value === null || lifeMs <= 0) return
      if (!isUsable()) return
      const text = JSON.stringify([dated.atMs, dated.value])
      const bytes = Buffer.byteLength(text)
      const nowMs = clock.now()
      const cost = bytes + key.length + entryBytes
      const refusal = ((): Skipped | null => {
        if (bytes > options.valueBytesMax) return 'large'
        if (writes >= writesMax) return 'busy'
        return budget.spend(cost, { nowMs, untilMs: nowMs + lifeMs }) ? null : 'full'
      })()
      if (refusal !== null) {
        skipped.inc({ reason: refusal })
        return
      }
      writes += 1
      store
        .set(keyOf(kind, key), text, { ttlMs: lifeMs })
        .catch(fail)
        .finally(() => {
          writes -= 1
        })
    }
  }
}

const keyOf = (kind: { name: string; sharedVersion?: string }, key: string): string =>
  `hail:reads:${kind.name}:${kind.sharedVersion}:${key}`

const createSkipCounter = (metrics: Metrics): Counter<'reason'> =>
  metrics.counter({
    name: 'hail_ingress_shared_cache_skipped_total',
    help: 'Values not shared or not taken: large, full, busy, failed (Redis), unreadable.',
    labels: ['reason']
  })
