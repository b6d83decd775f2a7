/**
 * @module Reading the services' stores from any process: by key, many at once, or near a place. What
 * is read was committed; it trails the commit by one apply. `minPosition` asks for at least a given
 * changelog position, and an answer always says where it stands.
 */
import type { Codec, RecordName, Records } from '../../avro/index.ts'
import { RetryError } from '../../core/index.ts'
import { partitionForKey } from '../../core/kafka/index.ts'
import type { GeoMember, HashFields, Redis } from '../../core/redis/index.ts'
import { learning, storeGeoKey, storeHashKey } from '../runtime/index.ts'
import { type StoreRef, storePartitions, stores } from './stores.ts'

/** What the reader needs of the markets. */
export interface MarketPartitions {
  partitionOf(marketId: string): number
}

export interface StoreReaderOptions {
  readonly redis: Redis
  readonly codec: Codec
  readonly markets: MarketPartitions
}

/** Which entry: `partitionKey` decides the partition (the market where the store is keyed by it). */
export interface StoreKey {
  readonly partitionKey: string
  readonly key: string
}

/** An answer with its freshness: the changelog offset up to which the store was applied. */
export interface StoreAnswer<V> {
  readonly value: V | null
  readonly partition: number
  readonly position: bigint
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
   * As `get`, with the position; `minPosition` refuses an older state.
   * @throws RetryError HAIL_TIMEOUT when the store is not there yet
   */
  read<R extends RecordName>(
    ref: StoreRef<R>,
    at: StoreKey & { readonly minPosition?: bigint }
  ): Promise<StoreAnswer<Records[R]>>
  /** Drivers with a place in the geographic index, nearest first over all partitions. */
  nearby(query: NearbyQuery): Promise<GeoMember[]>
}

const positionField = '\0pos'

export function createStoreReader(options: StoreReaderOptions): StoreReader {
  const { redis, codec, markets } = options

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

    async read(ref, at) {
      const { partition, hash } = place(ref, at.partitionKey)
      const [position, bytes] = await redis.hmget(hash, [positionField, at.key])
      const found = BigInt(position?.toString() ?? '0')
      if (at.minPosition !== undefined && found < at.minPosition) {
        throw new RetryError(
          'HAIL_TIMEOUT',
          `${ref.app}/${ref.sub}/${ref.store}-${partition}: expected a position of at least ${at.minPosition}, got ${found}; read again`
        )
      }
      return { value: await decode(ref.record, bytes ?? null), partition, position: found }
    },

    async nearby(query) {
      const ref = stores.presence
      const partitions = Array.from({ length: storePartitions(ref) }, (_, partition) => partition)
      const found = await Promise.all(
        partitions.map((partition) =>
          redis.geosearch(storeGeoKey(`${ref.app}-${ref.sub}-${partition}`, ref.store), query)
        )
      )
      return found
        .flat()
        .sort((a, b) => a.distanceMeters - b.distanceMeters)
        .slice(0, query.count)
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
