/**
 * What the handlers of the writing side need of the process.
 *
 * @module
 */

import type { LRUCache } from 'lru-cache'
import type { Clock, Counter, Keyring } from '../../core/index.ts'
import type { Ids, Markets, Policy } from '../../domain/index.ts'
import type { PositionLanes, TokenBuckets } from '../limits/index.ts'
import type { BatchItems } from './batch-results.ts'
import type { Events } from './events.ts'
import type { SeenPositions } from './seen-positions.ts'

/** The surge of a pickup place in percent; 100 where it is unknown. Never rejects. */
/** At once where it is known: every ride asks, and a turn of the event loop is most of the price. */
export type SurgeReader = { percentAt(market: string, cell: string): number | Promise<number> }

/** See the module. */
export type WriteServices = {
  clock: Clock
  events: Events
  ids: Ids
  markets: Markets
  policy: Policy
  surge: SurgeReader
  quoteSecret: string
  /** Demand signals of quotes that could not be produced. */
  signalsLost: Counter
  piiKeys: Keyring
  /** More than one only while a rotation lasts. */
  piiHmacKeys: Keyring
  /** Which way the positions of a driver go, by its rate. */
  positionLanes: PositionLanes
  seenPositions: SeenPositions
  /** Positions accepted into the overflow topic. */
  overflowed: { inc(by?: number): void }
  batchItems: BatchItems
  /** Rides of partners, by partner. */
  partnerRides: TokenBuckets
  ridesLimited: { inc(by?: number): void }
  /** Body hashes by derived id: an early hint that a key is used twice. Bounded. */
  bodyHashById: LRUCache<string, string>
}
