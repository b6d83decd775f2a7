/**
 * @module From changelog entries to the backend's change of one store, with the geographic index
 * that is derived from the values.
 */
import type { Codec } from '../../avro/index.ts'
import type { GeoPut, StoreChange } from './state-backend.ts'
import type { Store } from './store-definition.ts'
import { readTtl } from './ttl.ts'

export interface RawChange {
  /** Name of the store. */
  readonly name: string
  readonly from: bigint
  readonly to: bigint
  /** Last value of each key as the changelog has it; null deletes. */
  readonly entries: readonly (readonly [key: string, value: Buffer | null])[]
  /** Starts of segments to remove whole; none when absent. */
  readonly drops?: readonly number[]
  /** The decoded value of a key where it is at hand, to save decoding it for its place. */
  readonly decoded?: (key: string) => unknown
}

/** @throws UnknownSchemaError when a place can only be derived after a schema has been learnt */
export function storeChange(store: Store, codec: Codec, raw: RawChange): StoreChange {
  const puts: (readonly [string, Buffer])[] = []
  const deletes: string[] = []
  for (const entry of raw.entries) {
    if (entry[1] === null) deletes.push(entry[0])
    else puts.push(entry as readonly [string, Buffer])
  }
  return {
    store: raw.name,
    segmented: store.segments !== undefined,
    from: raw.from,
    to: raw.to,
    puts,
    deletes,
    ...places(store, codec, raw),
    drops: raw.drops ?? []
  }
}

function places(
  store: Store,
  codec: Codec,
  raw: RawChange
): { geoPuts: readonly GeoPut[]; geoDeletes: readonly string[] } {
  const geoPuts: GeoPut[] = []
  const geoDeletes: string[] = []
  if (store.geo === undefined) return { geoPuts, geoDeletes }
  for (const [key, bytes] of raw.entries) {
    const value = bytes === null ? null : (raw.decoded?.(key) ?? decodeStored(store, codec, bytes))
    const place = value === null ? null : store.geo(value)
    if (place) geoPuts.push({ key, lon: place.lon, lat: place.lat })
    else geoDeletes.push(key)
  }
  return { geoPuts, geoDeletes }
}

/** The value in a changelog's or backend's bytes, without the stamp of a store with a TTL. */
export function decodeStored(store: Store, codec: Codec, bytes: Buffer): unknown {
  return store.format.decode(store.ttlMs === undefined ? bytes : readTtl(bytes).payload, codec)
}
