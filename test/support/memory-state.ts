/**
 * @module The state backend in memory, with the compare-and-set of the one on Redis.
 */
import type {
  ApplyResult,
  StateBackend,
  StoreChange,
  StorePosition,
  StoreRead,
  StoreReadResult,
  TaskName
} from '../../streams/runtime/index.ts'

interface StoredHash {
  position: bigint
  appliedAtMs: number
  readonly fields: Map<string, Buffer>
  readonly geo: Map<string, { lon: number; lat: number }>
}

export class MemoryState implements StateBackend {
  readonly #stores = new Map<string, StoredHash>()

  async read(task: TaskName, reads: readonly StoreRead[]): Promise<StoreReadResult[]> {
    return reads.map(({ store, keys }) => {
      const hash = this.#stores.get(`${task}:${store}`)
      return {
        position: hash?.position ?? 0n,
        values: keys.map((key) => hash?.fields.get(key) ?? null)
      }
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
    for (const change of changes) this.#applyOne(this.#hash(task, change.store), change, nowMs)
    return { applied: true }
  }

  async position(task: TaskName, store: string): Promise<StorePosition> {
    const hash = this.#stores.get(`${task}:${store}`)
    return { position: hash?.position ?? 0n, appliedAtMs: hash?.appliedAtMs ?? null }
  }

  async *scan(task: TaskName, store: string): AsyncIterable<readonly [string, Buffer]> {
    yield* this.#stores.get(`${task}:${store}`)?.fields ?? []
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

  #hash(task: TaskName, store: string): StoredHash {
    const name = `${task}:${store}`
    const found = this.#stores.get(name)
    if (found) return found
    const made: StoredHash = { position: 0n, appliedAtMs: 0, fields: new Map(), geo: new Map() }
    this.#stores.set(name, made)
    return made
  }

  #applyOne(hash: StoredHash, change: StoreChange, nowMs: number): void {
    if (hash.position !== change.from) return
    for (const [key, value] of change.puts) hash.fields.set(key, value)
    for (const key of change.deletes) hash.fields.delete(key)
    for (const { key, lon, lat } of change.geoPuts) hash.geo.set(key, { lon, lat })
    for (const key of change.geoDeletes) hash.geo.delete(key)
    hash.position = change.to
    hash.appliedAtMs = nowMs
  }
}
