/**
 * @module The public reading door to the services' stores.
 */
export {
  createStoreReader,
  type MarketPartitions,
  type NearbyQuery,
  type StoreAnswer,
  type StoreKey,
  type StoreReader,
  type StoreReaderOptions
} from './store-reader.ts'
export { type StoreRef, storePartitions, stores } from './stores.ts'
