/**
 * What stands between a read and its source: the memory of this process, the one all processes share,
 * and the bound on reads under way.
 *
 * @module
 */
export {
  type CacheKind,
  createReadCache,
  type Dated,
  datedNow,
  type ReadCache
} from './read-cache.ts'
export {
  createSharedCache,
  type SharedCache,
  type SharedStore
} from './shared-cache.ts'
export { createSourceGate, isOutage, nullOnOutage, type SourceGate } from './source-gate.ts'
