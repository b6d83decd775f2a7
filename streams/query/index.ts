/**
 * @module The public reading door to the services' stores.
 */
export {
  type Freshness,
  type FreshnessBound,
  type FreshnessDeps,
  StaleStoreError,
  waitMsMax
} from './freshness.ts'
export { type QueryableStore, queryableStores } from './queryable-store.ts'
export { rangeLimitMax } from './range.ts'
export { redacted, toShownValue } from './redaction.ts'
export {
  createStoreQuery,
  type EntriesAnswer,
  type GetRequest,
  type PageAnswer,
  type QueryEntry,
  type RangeRequest,
  type StoreQuery,
  type StoreQueryOptions,
  type ValueAnswer,
  type WindowRequest,
  windowsMax
} from './store-query.ts'
export {
  createStoreReader,
  type MarketPartitions,
  type NearbyQuery,
  type StoreAnswer,
  type StoreKey,
  type StoreReader,
  type StoreReaderOptions
} from './store-reader.ts'
export { type StoreRoutesOptions, storeRoutes } from './store-routes.ts'
export { type StoreRef, storePartitions, stores } from './stores.ts'
