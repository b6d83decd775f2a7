/**
 * @module What a task knows of its stores while it runs: resident maps, a bounded cache of remote
 * values, the keys read ahead for this cycle, the writes of the input being handled (taken back
 * when its handler throws) and the writes since the last commit.
 */
import { LRUCache } from 'lru-cache'
import type { Codec, RecordName } from '../../avro/index.ts'
import { FatalError } from '../../core/index.ts'
import type { GeoPut, StoreChange } from './state-backend.ts'
import type { StoreDefinition, StoreDefinitions } from './topology.ts'

/** Stands for "known to be absent" in the cache, which holds no undefined. */
const absent = Symbol('absent')
type Known = object | typeof absent

interface StoreState {
  readonly name: string
  readonly definition: StoreDefinition
  position: bigint
  readonly resident: Map<string, object> | null
  readonly cache: LRUCache<string, Known>
  /** Keys of this cycle, pinned against eviction. */
  readonly loaded: Map<string, Known>
  readonly pending: Map<string, Known>
  readonly dirty: Map<string, Known>
}

export class TaskState {
  readonly #stores: Map<string, StoreState>
  readonly #codec: Codec

  constructor(definitions: StoreDefinitions, codec: Codec, cacheEntriesMax: number) {
    this.#codec = codec
    this.#stores = new Map(
      Object.entries(definitions).map(([name, definition]) => [
        name,
        {
          name,
          definition,
          position: 0n,
          resident: definition.kind === 'resident' ? new Map() : null,
          cache: new LRUCache<string, Known>({ max: cacheEntriesMax }),
          loaded: new Map(),
          pending: new Map(),
          dirty: new Map()
        }
      ])
    )
  }

  get names(): string[] {
    return [...this.#stores.keys()]
  }

  get remoteNames(): string[] {
    return [...this.#stores.values()].filter(({ resident }) => !resident).map(({ name }) => name)
  }

  get isDirty(): boolean {
    for (const { dirty } of this.#stores.values()) if (dirty.size > 0) return true
    return false
  }

  position(store: string): bigint {
    return this.#of(store).position
  }

  setPosition(store: string, position: bigint): void {
    this.#of(store).position = position
  }

  /** Puts a resident value in while restoring. */
  loadResident(store: string, key: string, value: Buffer): object {
    const state = this.#of(store)
    const decoded = this.#decode(state, value)
    state.resident?.set(key, decoded)
    return decoded
  }

  /** Of `keys`, those whose value must be read from the backend; the others are pinned at once. */
  missing(store: string, keys: Iterable<string>): string[] {
    const state = this.#of(store)
    if (state.resident) return []
    const wanted = new Set<string>()
    for (const key of keys) {
      if (state.loaded.has(key)) continue
      const cached = state.cache.get(key)
      if (cached === undefined) wanted.add(key)
      else state.loaded.set(key, cached)
    }
    return [...wanted]
  }

  load(store: string, key: string, value: Buffer | null): void {
    const state = this.#of(store)
    state.loaded.set(key, value === null ? absent : this.#decode(state, value))
  }

  /** True when handlers may touch this key now. */
  isLoaded(store: string, key: string): boolean {
    const state = this.#of(store)
    return state.resident !== null || state.loaded.has(key)
  }

  get(store: string, key: string): object | undefined {
    const state = this.#of(store)
    const known = state.pending.get(key) ?? (state.resident ?? state.loaded).get(key)
    if (known === undefined) {
      if (state.resident) return undefined
      throw new FatalError(
        'HAIL_TOPOLOGY',
        `store ${store}: expected the handler to touch keys named by \`reads\`, got another one; add it there`
      )
    }
    return known === absent ? undefined : (known as object)
  }

  put(store: string, key: string, value: object | undefined): void {
    const state = this.#of(store)
    if (!state.resident && !state.loaded.has(key) && !state.pending.has(key)) this.get(store, key)
    state.pending.set(key, value ?? absent)
  }

  *all(store: string): IterableIterator<[string, object]> {
    const { resident, pending } = this.#of(store)
    if (!resident) {
      throw new FatalError('HAIL_TOPOLOGY', `store ${store}: only a resident store can be scanned`)
    }
    for (const [key, value] of resident) {
      const written = pending.get(key)
      if (written === undefined) yield [key, value]
      else if (written !== absent) yield [key, written as object]
    }
    for (const [key, value] of pending) {
      if (value !== absent && !resident.has(key)) yield [key, value as object]
    }
  }

  /** Keeps the writes of the input just handled; returns those of one store. */
  keep(): void {
    for (const state of this.#stores.values()) {
      for (const [key, value] of state.pending) {
        state.dirty.set(key, value)
        if (!state.resident) state.loaded.set(key, value)
        else if (value === absent) state.resident.delete(key)
        else state.resident.set(key, value as object)
      }
      state.pending.clear()
    }
  }

  /** Takes the writes of the input just handled back. */
  discard(): void {
    for (const { pending } of this.#stores.values()) pending.clear()
  }

  /** The dirty entries of each store, encoded: last value for each key, null for a deletion. */
  dirty(): { store: string; entries: [string, Buffer | null][] }[] {
    const changed: { store: string; entries: [string, Buffer | null][] }[] = []
    for (const { name, definition, dirty } of this.#stores.values()) {
      if (dirty.size === 0) continue
      const entries = [...dirty].map(([key, value]): [string, Buffer | null] => [
        key,
        value === absent ? null : this.#codec.encode(definition.record, value as never)
      ])
      changed.push({ store: name, entries })
    }
    return changed
  }

  /** The backend's change of one store for its changelog records, `to` after the last of them. */
  change(
    store: string,
    entries: readonly (readonly [string, Buffer | null])[],
    to: bigint
  ): StoreChange {
    const state = this.#of(store)
    return storeChange(state.definition, this.#codec, {
      store,
      from: state.position,
      to,
      entries,
      decoded: (key) => {
        const value = state.dirty.get(key)
        return value === undefined || value === absent ? undefined : (value as object)
      }
    })
  }

  /** Ends the cycle after its commit: what was loaded or written goes into the cache. */
  settle(positions: ReadonlyMap<string, bigint>): void {
    for (const state of this.#stores.values()) {
      state.position = positions.get(state.name) ?? state.position
      for (const [key, value] of state.loaded) state.cache.set(key, value)
      state.loaded.clear()
      state.dirty.clear()
    }
  }

  /** Number of entries held in memory, by store. */
  sizes(): { store: string; entries: number }[] {
    return [...this.#stores.values()].map(({ name, resident, cache }) => ({
      store: name,
      entries: resident?.size ?? cache.size
    }))
  }

  #of(store: string): StoreState {
    const state = this.#stores.get(store)
    if (state === undefined) {
      throw new FatalError(
        'HAIL_TOPOLOGY',
        `expected a store of ${[...this.#stores.keys()].join(', ')}, got "${store}"`
      )
    }
    return state
  }

  #decode(state: StoreState, value: Buffer): object {
    return this.#codec.decode(state.definition.record as RecordName, value) as object
  }
}

interface RawChange {
  readonly store: string
  readonly from: bigint
  readonly to: bigint
  readonly entries: readonly (readonly [string, Buffer | null])[]
  /** The decoded value of a key when it is at hand. */
  readonly decoded?: (key: string) => object | undefined
}

/** Turns changelog entries into a backend change, with the derived geographic index. */
export function storeChange(
  definition: StoreDefinition,
  codec: Codec,
  raw: RawChange
): StoreChange {
  const puts: [string, Buffer][] = []
  const deletes: string[] = []
  const geoPuts: GeoPut[] = []
  const geoDeletes: string[] = []
  for (const [key, value] of raw.entries) {
    if (value === null) deletes.push(key)
    else puts.push([key, value])
    if (!definition.geo) continue
    const place =
      value === null
        ? null
        : definition.geo((raw.decoded?.(key) ?? codec.decode(definition.record, value)) as never)
    if (place) geoPuts.push({ key, lon: place.lon, lat: place.lat })
    else geoDeletes.push(key)
  }
  return { store: raw.store, from: raw.from, to: raw.to, puts, deletes, geoPuts, geoDeletes }
}
