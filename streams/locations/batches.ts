/**
 * @module One message a market and commit: changes are gathered while a batch is handled and sent
 * right before the commit, so that a thousand pings cost a few records and `left` here and `entered`
 * there are visible together.
 */
import type { AvailabilityChange, MarketChange } from './publication.ts'

/** Changes in one message at most: about 100 bytes each, so 50 KB, far below the broker's 1 MB. */
export const changesMax = 500

const scratchKey = 'available_drivers'

/** One message's worth of changes. */
export interface MarketBatch {
  readonly market: string
  readonly changes: readonly AvailabilityChange[]
}

/** Adds changes to what is gathered in a commit's scratch map. Call it last: it cannot be undone. */
export function gather(scratch: Map<string, unknown>, changes: readonly MarketChange[]): void {
  if (changes.length === 0) return
  const byMarket = gathered(scratch)
  for (const { market, change } of changes) {
    const list = byMarket.get(market)
    if (list === undefined) byMarket.set(market, [change])
    else list.push(change)
  }
}

/** What was gathered, in messages of at most `changesMax`, changes of a market in their order. */
export function takeBatches(scratch: Map<string, unknown>): MarketBatch[] {
  const batches: MarketBatch[] = []
  for (const [market, changes] of gathered(scratch)) {
    for (let from = 0; from < changes.length; from += changesMax) {
      batches.push({ market, changes: changes.slice(from, from + changesMax) })
    }
  }
  scratch.delete(scratchKey)
  return batches
}

function gathered(scratch: Map<string, unknown>): Map<string, AvailabilityChange[]> {
  const known = scratch.get(scratchKey) as Map<string, AvailabilityChange[]> | undefined
  if (known !== undefined) return known
  const fresh = new Map<string, AvailabilityChange[]>()
  scratch.set(scratchKey, fresh)
  return fresh
}
