/**
 * Surge of a pickup cell for pricing: from the live store with a short memory. Where it is unknown,
 * old, or the store is away, the price is without surge: a quote never fails for it.
 *
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Clock, Counter } from '../../core/index.ts'
import type { Policy } from '../../domain/index.ts'
import { stores } from '../../streams/query/index.ts'
import type { SurgeReader } from '../write/index.ts'
import type { LiveStores } from './ports.ts'
import type { ReadGuard } from './read-guard.ts'

/** Multipliers change once a minute; two seconds late is not late. */
const memoryMs = 2_000
/** Cells of two cities at resolution 8 are about 3,000. */
const cellsMax = 20_000
const neutralPercent = 100

/** See the module; `guard` should have a deadline far below that of a request. */
export const createSurgeReader = (options: {
  clock: Clock
  live: Pick<LiveStores, 'get'>
  policy: Policy
  guard: ReadGuard
  failures: Counter
}): SurgeReader => {
  const { clock, live, policy, guard, failures } = options
  const remembered = new LRUCache<string, { percent: Promise<number>; until: number }>({
    max: cellsMax
  })
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
      const known = remembered.get(key)
      if (known !== undefined && clock.monotonic() < known.until) return known.percent
      // The promise is kept, so a thousand requests of one cell are one read.
      const percent = read(market, cell)
      remembered.set(key, { percent, until: clock.monotonic() + memoryMs })
      return percent
    }
  }
}
