/**
 * @module The state backend in memory, with the compare-and-set of the one on Redis.
 */

import {
  type ApplyResult,
  keyInSegment,
  type PageRequest,
  type StateBackend,
  type StoreChange,
  type StorePage,
  type StorePosition,
  type StoreRead,
  type StoreReadResult,
  segmentKey,
  segmentStart,
  type TaskName
} from '../../streams/runtime/index.ts'

interface StoredStore {
  position: bigint
  appliedAtMs: number | null
  readonly entries: Map<string, Buffer>
  /** Entries of a window store by the start of their segment and their key within it. */
  readonly segments: Map<number, Map<string, Buffer>>
  readonly geo: Map<string, { lon: number; lat: number }>
}

export class MemoryState implements StateBackend {
  readonly #places = new Map<string, Set<string>>()
  readonly #stores = new Map<string, StoredStore>()

  async read(task: TaskName, reads: readonly StoreRead[]): Promise<StoreReadResult[]> {
    return reads.map(({ store, segmented, keys }) => {
      const stored = this.#stores.get(`${task}:${store}`)
      const find = (key: string): Buffer | null =>
        (segmented
          ? stored?.segments.get(segmentStart(key))?.get(keyInSegment(key))
          : stored?.entries.get(key)) ?? null
      return { position: stored?.position ?? 0n, values: keys.map(find) }
    })
  }

  async apply(
    task: TaskName,
    changes: readonly StoreChange[],
    nowMs: number
  ): Promise<ApplyResult> {
    for (const { store, from, to } of changes) {
      const position = this.#stores.get(`${task}:${store}`)?.position ?? 0n
      if (position !== from && position !== to) return { applied: false, store, position }
    }
    for (const change of changes) this.#applyOne(this.#stored(task, change.store), change, nowMs)
    return { applied: true }
  }

  async position(task: TaskName, store: string): Promise<StorePosition> {
    const stored = this.#stores.get(`${task}:${store}`)
    return { position: stored?.position ?? 0n, appliedAtMs: stored?.appliedAtMs ?? null }
  }

  async segments(task: TaskName, store: string): Promise<number[]> {
    const segments = this.#stores.get(`${task}:${store}`)?.segments ?? new Map<number, unknown>()
    return [...segments.keys()].sort((a, b) => a - b)
  }

  /**
   * Goes through the places of all keys there ever were, as a scan of a hash table does: entries that
   * leave between pages shift nothing, and a page of emptied places is empty.
   */
  async page(task: TaskName, request: PageRequest): Promise<StorePage> {
    const { store, segment, cursor, count } = request
    const stored = this.#stores.get(`${task}:${store}`)
    const entries = segment === null ? stored?.entries : stored?.segments.get(segment)
    const at = `${task}:${store}@${segment}`
    const places = this.#places.get(at) ?? new Set<string>()
    if (entries === undefined || entries.size === 0) {
      this.#places.delete(at)
      return { entries: [], cursor: '0' }
    }
    this.#places.set(at, places)
    for (const key of entries.keys()) places.add(key)
    const from = Number(cursor)
    const until = from + Math.max(1, count)
    const page = [...places].slice(from, until).flatMap((key): [string, Buffer][] => {
      const value = entries.get(key)
      return value === undefined ? [] : [[segment === null ? key : segmentKey(segment, key), value]]
    })
    return { entries: page, cursor: until < places.size ? String(until) : '0' }
  }

  async *scan(task: TaskName, store: string): AsyncIterable<readonly [string, Buffer]> {
    const stored = this.#stores.get(`${task}:${store}`)
    yield* stored?.entries ?? []
    for (const [startMs, entries] of stored?.segments ?? []) {
      for (const [key, value] of entries) yield [segmentKey(startMs, key), value] as const
    }
  }

  async clear(task: TaskName, store: string): Promise<void> {
    this.#stores.delete(`${task}:${store}`)
  }

  /** Members of a store's geographic index. */
  geo(task: TaskName, store: string): ReadonlyMap<string, { lon: number; lat: number }> {
    return this.#stores.get(`${task}:${store}`)?.geo ?? new Map()
  }

  /** Forgets everything, as FLUSHALL does. */
  flush(): void {
    this.#stores.clear()
  }

  /** Remembers everything; what is returned brings it back, as a failover to a stale replica does. */
  remember(): () => void {
    const kept = copyOf(this.#stores)
    return () => {
      this.#stores.clear()
      for (const [name, stored] of copyOf(kept)) this.#stores.set(name, stored)
    }
  }

  #stored(task: TaskName, store: string): StoredStore {
    const name = `${task}:${store}`
    const found = this.#stores.get(name)
    if (found) return found
    const made: StoredStore = {
      position: 0n,
      appliedAtMs: null,
      entries: new Map(),
      segments: new Map(),
      geo: new Map()
    }
    this.#stores.set(name, made)
    return made
  }

  #applyOne(stored: StoredStore, change: StoreChange, nowMs: number): void {
    if (stored.position !== change.from) return
    for (const [key, value] of change.puts) {
      if (change.segmented) putInSegment(stored, key, value)
      else stored.entries.set(key, value)
    }
    for (const key of change.deletes) {
      if (change.segmented) stored.segments.get(segmentStart(key))?.delete(keyInSegment(key))
      else stored.entries.delete(key)
    }
    for (const { key, lon, lat } of change.geoPuts) stored.geo.set(key, { lon, lat })
    for (const key of change.geoDeletes) stored.geo.delete(key)
    for (const startMs of change.drops) stored.segments.delete(startMs)
    stored.position = change.to
    stored.appliedAtMs = nowMs
  }
}

function putInSegment(stored: StoredStore, key: string, value: Buffer): void {
  const startMs = segmentStart(key)
  const entries = stored.segments.get(startMs)
  if (entries) entries.set(keyInSegment(key), value)
  else stored.segments.set(startMs, new Map([[keyInSegment(key), value]]))
}

function copyOf(stores: ReadonlyMap<string, StoredStore>): Map<string, StoredStore> {
  return new Map(
    [...stores].map(([name, stored]) => [
      name,
      {
        ...stored,
        entries: new Map(stored.entries),
        segments: new Map([...stored.segments].map(([start, own]) => [start, new Map(own)])),
        geo: new Map(stored.geo)
      }
    ])
  )
}
