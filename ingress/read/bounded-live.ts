/**
 * Live stores behind a gate: bounded in reads under way and in time.
 *
 * @module
 */
import type { SourceGate } from '../cache/index.ts'
import type { LiveStores } from './ports.ts'

/** The same stores; a read of several keys counts as one. */
export const boundLive = (live: LiveStores, gate: SourceGate): LiveStores => ({
  get: (ref, partitionKey, key) => gate.run(() => live.get(ref, partitionKey, key)),
  getMany: (ref, keys) => gate.run(() => live.getMany(ref, keys)),
  nearby: (query) => gate.run(() => live.nearby(query))
})
