/**
 * @module Every store of a set of sub-topologies as something that can be read: derived, not listed.
 */
import { type TopicName, topics } from '../../avro/index.ts'
import { partitionForKey } from '../../core/kafka/index.ts'
import { isCatalogueTopic, type Store, type SubTopology } from '../runtime/index.ts'
import { type StoreRef, storePartitions } from './stores.ts'

/** A store that any process may read. */
export interface QueryableStore {
  readonly app: string
  readonly sub: string
  readonly store: string
  readonly partitions: number
  /** Topic whose committed offset carries the store's position. */
  readonly lead: string
  /** What an entry's partition follows from: a key, or the market. */
  readonly keyedBy: 'key' | 'market'
  readonly definition: Pick<Store, 'format' | 'kind' | 'ttlMs'> & { readonly isWindow: boolean }
}

/** The stores of sub-topologies, the runtime's timers included. */
export function queryableStores(topologies: readonly SubTopology[]): QueryableStore[] {
  return topologies.flatMap(({ app, name: sub, stores, partitions, lead }) =>
    Object.entries(stores).map(([store, { format, kind, ttlMs, segments }]) => ({
      app,
      sub,
      store,
      partitions,
      lead,
      keyedBy: isMarketKeyed(lead) ? ('market' as const) : ('key' as const),
      definition: {
        format,
        kind,
        isWindow: segments !== undefined,
        ...(ttlMs === undefined ? {} : { ttlMs })
      }
    }))
  )
}

/** A store of the typed list as one that can be queried. */
export function toQueryable(ref: StoreRef, format: Store['format']): QueryableStore {
  const { app, sub, store, lead, keyedBy } = ref
  const definition = { format, kind: 'remote' as const, isWindow: false }
  return { app, sub, store, lead, keyedBy, partitions: storePartitions(ref), definition }
}

/** The partition of a partition key. */
export function partitionOf(
  store: Pick<QueryableStore, 'keyedBy' | 'partitions'>,
  markets: { partitionOf(marketId: string): number },
  partitionKey: string
): number {
  return store.keyedBy === 'market'
    ? markets.partitionOf(partitionKey)
    : partitionForKey(partitionKey, store.partitions)
}

function isMarketKeyed(lead: string): boolean {
  return isCatalogueTopic(lead) && topics[lead satisfies TopicName].key === 'market'
}
