/**
 * @module What a task knows of its stores while it runs, and the undo list of the input being
 * handled: its writes are taken back when its handler throws.
 */
import type { Codec } from '../../avro/index.ts'
import { FatalError, SkipToDlqError } from '../../core/index.ts'
import { encodeWith } from './format.ts'
import { type Entry, StoreCache } from './store-cache.ts'
import type { Store } from './store-definition.ts'
import type { TaskTime } from './task-time.ts'
import { readTtl, stampTtl } from './ttl.ts'

interface Undo {
  readonly cache: StoreCache
  readonly entry: Entry
  readonly value: unknown
  readonly writtenAtMs: number
  readonly wasDirty: boolean
  /** True when the entry was made by this write. */
  readonly isNew: boolean
}

export interface TaskStateOptions {
  readonly stores: Readonly<Record<string, Store>>
  readonly codec: Codec
  readonly time: TaskTime
  /** Entries of a remote store kept in memory between two cycles. */
  readonly cacheEntriesMax: number
}

/** The dirty part of one store, encoded: null for a deletion. */
export interface DirtyStore {
  readonly store: string
  readonly entries: readonly (readonly [string, Buffer | null])[]
  readonly drops: readonly number[]
}

export class TaskState {
  readonly caches: readonly StoreCache[]
  readonly #byName: ReadonlyMap<string, StoreCache>
  readonly #codec: Codec
  readonly #time: TaskTime
  #undo: Undo[] = []

  constructor({ stores, codec, time, cacheEntriesMax }: TaskStateOptions) {
    this.#codec = codec
    this.#time = time
    this.caches = Object.entries(stores).map(
      ([name, store]) => new StoreCache(name, store, cacheEntriesMax)
    )
    this.#byName = new Map(this.caches.map((cache) => [cache.name, cache]))
  }

  /** The part of one store. @throws FatalError HAIL_TOPOLOGY for a store nobody declared */
  cache(store: string): StoreCache {
    const cache = this.#byName.get(store)
    if (cache === undefined) {
      throw new FatalError(
        'HAIL_TOPOLOGY',
        `expected a store of ${[...this.#byName.keys()].join(', ')}, got "${store}"`
      )
    }
    return cache
  }

  position(store: string): bigint {
    return this.cache(store).position
  }

  /** Takes a value in as the backend has it; null where it has none. */
  load(cache: StoreCache, key: string, bytes: Buffer | null): Entry {
    if (bytes === null) return cache.load(key, undefined, 0)
    if (cache.store.ttlMs === undefined) {
      return cache.load(key, cache.store.format.decode(bytes, this.#codec), 0)
    }
    const { writtenAtMs, payload } = readTtl(bytes)
    return cache.load(key, cache.store.format.decode(payload, this.#codec), writtenAtMs)
  }

  get(store: string, key: string): unknown {
    const cache = this.cache(store)
    const entry = cache.find(key)
    if (entry === undefined) {
      if (cache.isResident) return undefined
      throw unread(store)
    }
    return this.isExpired(cache, entry) ? undefined : entry.value
  }

  /** Writes a value; undefined deletes. */
  put(store: string, key: string, value: unknown): void {
    const cache = this.cache(store)
    const found = cache.find(key)
    if (found === undefined && !cache.isResident) throw unread(store)
    if (key.startsWith('\0')) throw unusable(store)
    const entry = found ?? cache.load(key, undefined, 0)
    this.#undo.push({
      cache,
      entry,
      value: entry.value,
      writtenAtMs: entry.writtenAtMs,
      wasDirty: entry.isDirty,
      isNew: found === undefined
    })
    // A slice of a fetch response would keep the whole of it in memory.
    entry.value = Buffer.isBuffer(value) ? Buffer.from(value) : value
    if (cache.store.ttlMs !== undefined) entry.writtenAtMs = this.#time.windowMs
    if (!entry.isDirty) cache.mark(entry)
  }

  /** True when the entry's TTL has passed. */
  isExpired(cache: StoreCache, entry: Entry): boolean {
    const { ttlMs } = cache.store
    return ttlMs !== undefined && entry.writtenAtMs + ttlMs <= this.#time.windowMs
  }

  *all(store: string): IterableIterator<[string, unknown]> {
    const cache = this.cache(store)
    if (!cache.isResident) {
      throw new FatalError('HAIL_TOPOLOGY', `store ${store}: only a resident store can be scanned`)
    }
    for (const entry of cache.known()) {
      if (entry.value !== undefined && !this.isExpired(cache, entry)) yield [entry.key, entry.value]
    }
  }

  /**
   * Encodes what the input just handled has written, to see that it can be.
   * @throws SkipToDlqError HAIL_ENCODE when it cannot, or is too large for a record
   */
  checkEncodable(): void {
    for (const { cache, entry } of this.#undo) this.#encode(cache, entry)
  }

  /** Keeps the writes of the input just handled. */
  keep(): void {
    if (this.#undo.length > 0) this.#undo = []
  }

  /** Takes the writes of the input just handled back. */
  discard(): void {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      const { cache, entry, value, writtenAtMs, wasDirty, isNew } = undo
      entry.value = value
      entry.writtenAtMs = writtenAtMs
      if (!wasDirty) cache.unmark(entry)
      if (isNew) cache.forget(entry.key)
    }
  }

  /** The changed stores: the last value of each dirty key. */
  dirty(): DirtyStore[] {
    const changed: DirtyStore[] = []
    for (const cache of this.caches) {
      if (cache.dirty.length === 0 && cache.drops.length === 0) continue
      const entries = cache.dirty.map((entry): [string, Buffer | null] => [
        entry.key,
        this.#encode(cache, entry)
      ])
      changed.push({ store: cache.name, entries, drops: cache.drops })
    }
    return changed
  }

  /** Ends the cycle after its commit. */
  settle(positions: ReadonlyMap<string, bigint>): void {
    for (const cache of this.caches) {
      cache.position = positions.get(cache.name) ?? cache.position
      cache.settle()
    }
  }

  #encode(cache: StoreCache, entry: Entry): Buffer | null {
    if (entry.value === undefined) return null
    const bytes = encodeWith(cache.store.format, entry.value, this.#codec)
    return cache.store.ttlMs === undefined ? bytes : stampTtl(bytes, entry.writtenAtMs)
  }
}

/** The backend's own fields begin so. */
function unusable(store: string): SkipToDlqError {
  return new SkipToDlqError(
    'HAIL_ENCODE',
    `store ${store}: expected a key that does not begin with NUL`
  )
}

function unread(store: string): FatalError {
  return new FatalError(
    'HAIL_TOPOLOGY',
    `store ${store}: expected the handler to touch keys named by \`reads\`, got another one; add it there`
  )
}
