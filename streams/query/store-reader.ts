/**
 * @module Reading the services' stores from any process: by key, many at once, or near a place. What
 * is read was committed; it trails the commit by one apply. `read` says how fresh its answer is and
 * takes a bound on it. Stores by name are listed in stores.ts; store-query.ts reads any other one.
 */
import { type Codec, learning, type RecordName, type Records } from '../../avro/index.ts'
import { type Clock, systemClock } from '../../core/index.ts'
import { partitionForKey } from '../../core/kafka/index.ts'
import type { GeoMember, HashFields, Redis } from '../../core/redis/index.ts'
import {
  createRedisState,
  recordFormat,
  type Store,
  storeGeoKey,
  storeHashKey
} from '../runtime/index.ts'
import type { Freshness, FreshnessBound } from './freshness.ts'
import { toQueryable } from './queryable-store.ts'
import { createStoreQuery } from './store-query.ts'
import { type StoreRef, storePartitions, stores } from './stores.ts'

/** What the reader needs of the markets. */
export interface MarketPartitions {
  partitionOf(marketId: string): number
}

export interface StoreReaderOptions {
  readonly redis: Redis
  readonly codec: Codec
  readonly markets: MarketPartitions
  /** The system's when absent. */
  readonly clock?: Clock
}

/** Which entry: `partitionKey` decides the partition (the market where the store is keyed by it). */
export interface StoreKey {
  readonly partitionKey: string
  readonly key: string
}

/** An answer with its freshness. */
export interface StoreAnswer<V> extends Freshness {
  readonly value: V | null
}

export interface NearbyQuery {
  readonly lat: number
  readonly lon: number
  readonly radiusMeters: number
  /** Nearest members wanted over all partitions. */
  readonly count: number
}

export interface StoreReader {
  get<R extends RecordName>(
    ref: StoreRef<R>,
    partitionKey: string,
    key: string
  ): Promise<Records[R] | null>
  /** One round trip for all; answers in the order of the keys. */
  getMany<R extends RecordName>(
    ref: StoreRef<R>,
    keys: readonly StoreKey[]
  ): Promise<(Records[R] | null)[]>
  /**
   * As `get`, with its freshness; `minPosition` refuses an older state, after `waitMs`.
   * @throws StaleStoreError (retry) when the store is not there yet
   */
  read<R extends RecordName>(
    ref: StoreRef<R>,
    at: StoreKey & FreshnessBound
  ): Promise<StoreAnswer<Records[R]>>
  /** Drivers with a place in the geographic index, nearest first over all partitions. */
  nearby(query: NearbyQuery): Promise<GeoMember[]>
}

export function createStoreReader(options: StoreReaderOptions): StoreReader {
  const { redis, codec, markets, clock = systemClock } = options
  const query = createStoreQuery({ backend: createRedisState(redis), codec, markets, clock })

  const place = (ref: StoreRef, partitionKey: string): { partition: number; hash: string } => {
    const partition =
      ref.keyedBy === 'market'
        ? markets.partitionOf(partitionKey)
        : partitionForKey(partitionKey, storePartitions(ref))
    return { partition, hash: storeHashKey(`${ref.app}-${ref.sub}-${partition}`, ref.store) }
  }

  const decode = async <R extends RecordName>(
    record: R,
    bytes: Buffer | null
  ): Promise<Records[R] | null> => {
    return bytes === null ? null : learning(codec, () => codec.decode(record, bytes))
  }

  const reader: StoreReader = {
    async get(ref, partitionKey, key) {
      return decode(ref.record, await redis.hget(place(ref, partitionKey).hash, key))
    },

    async getMany(ref, keys) {
      if (keys.length === 0) return []
      const { requests, slots } = groupByHash(
        keys.map((at) => ({ ...at, ...place(ref, at.partitionKey) }))
      )
      const answers = await redis.hmgetMany(requests)
      return Promise.all(
        slots.map(({ request, field }) => decode(ref.record, answers[request]?.[field] ?? null))
      )
    },

    async read<R extends RecordName>(ref: StoreRef<R>, at: StoreKey & FreshnessBound) {
      const { partition } = place(ref, at.partitionKey)
      const store = toQueryable(ref, recordFormat(ref.record) as Store['format'])
      const { key: _, value, ...freshness } = await query.get(store, { ...at, partition })
      // The format is that of the record.
      return { ...freshness, value: value as Records[R] | null }
    },

    async nearby(circle) {
      const ref = stores.presence
      const partitions = Array.from({ length: storePartitions(ref) }, (_, partition) => partition)
      const found = await Promise.all(
        partitions.map((partition) =>
          redis.geosearch(storeGeoKey(`${ref.app}-${ref.sub}-${partition}`, ref.store), circle)
        )
      )
      return found
        .flat()
        .sort((a, b) => a.distanceMeters - b.distanceMeters)
        .slice(0, circle.count)
    }
  }
  return reader
}

/** One HMGET a hash, and where each key's answer stands. */
function groupByHash(keys: readonly { hash: string; key: string }[]): {
  requests: HashFields[]
  slots: { request: number; field: number }[]
} {
  const requests: { key: string; fields: string[] }[] = []
  const indexByHash = new Map<string, number>()
  const slots = keys.map(({ hash, key }) => {
    let request = indexByHash.get(hash)
    if (request === undefined) {
      request = requests.push({ key: hash, fields: [] }) - 1
      indexByHash.set(hash, request)
    }
    const fields = requests[request]?.fields ?? []
    return { request, field: fields.push(key) - 1 }
  })
  return { requests, slots }
}
