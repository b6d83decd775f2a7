/**
 * Surge of a pickup cell for pricing: from the live store with a short memory. Where it is unknown,
 * old, or the store is away, the price is without surge: a quote never fails for it.
 *
 * @module
 */
import type { Clock, Counter } from '../../core/index.ts'
import type { Policy } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import { type CacheKind, datedNow, type ReadCache } from '../cache/index.ts'
import type { SurgeReader } from '../write/index.ts'
import type { LiveStores } from './ports.ts'
import type { ReadGuard } from './read-guard.ts'

/** Multipliers change once a minute; two seconds late is not late. */
const kind: CacheKind<number> = {
  name: 'surge',
  freshMs: () => 2_000,
  staleMs: 0,
  bytesOf: () => 8
}
const neutralPercent = 100

/**
 * See the module; `guard` should have a deadline far below that of a request. Reads are as many as
 * there are cells, so they need no gate, and prices do not suffer from a flood of other reads.
 */
export const createSurgeReader = (options: {
  clock: Clock
  live: Pick<LiveStores, 'get'>
  policy: Policy
  guard: ReadGuard
  cache: ReadCache
  failures: Counter
}): SurgeReader => {
  const { clock, live, policy, guard, cache, failures } = options
  const read = async (market: string, cell: string): Promise<number> => {
    try {
      const state = await guard(() => live.get(stores.surge, market, cell))
      const isFresh = state !== null && clock.now() < state.publishedAt + policy.surge.ttlMs
      return isFresh ? Math.max(neutralPercent, state.surgePercent) : neutralPercent
    } catch {
      failures.inc()
      return neutralPercent
    }
  }
  return {
    percentAt: (market, cell) => {
      const key = `${market}/${cell}`
      const held = cache.held(kind, key)
      if (held !== undefined) return held.value
      const load = () => datedNow(clock, () => read(market, cell))
      return cache.read(kind, key, load).then(({ value }) => value)
    }
  }
}
