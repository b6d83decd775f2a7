/**
 * @module One store of a running task in memory: the whole partition of a resident store, a bounded
 * cache of a remote one. An entry is one object for as long as it is held, so that a fold costs one
 * look-up; the entries written since the last commit are a list beside it.
 *
 * A remote entry leaves the cache only between two cycles, by the clock algorithm (a second chance
 * for what was touched since the last round), so whatever a cycle has loaded stays while it runs.
 */
import type { Store } from './store-definition.ts'
import { segmentStart } from './store-definition.ts'

/** One key. `value` is undefined where the store is known to have none. */
export interface Entry {
  readonly key: string
  value: unknown
  /** Window time of the last write, for stores with a TTL; else 0. */
  writtenAtMs: number
  isDirty: boolean
  isTouched: boolean
}

export class StoreCache {
  readonly name: string
  readonly store: Store
  position = 0n
  /** Lookups answered from memory and those that had to be read, since the last `takeCounts`. */
  hits = 0
  misses = 0
  readonly #entries = new Map<string, Entry>()
  readonly #entriesMax: number
  #dirty: Entry[] = []
  #segments = new Set<number>()
  #drops: number[] = []

  constructor(name: string, store: Store, entriesMax: number) {
    this.name = name
    this.store = store
    this.#entriesMax = store.kind === 'resident' ? Number.POSITIVE_INFINITY : entriesMax
  }

  get isResident(): boolean {
    return this.#entriesMax === Number.POSITIVE_INFINITY
  }

  get isSegmented(): boolean {
    return this.store.segments !== undefined
  }

  get size(): number {
    return this.#entries.size
  }

  /** Entries written since the last commit. */
  get dirty(): readonly Entry[] {
    return this.#dirty
  }

  /** Segments to be removed whole by the next commit. */
  get drops(): readonly number[] {
    return this.#drops
  }

  /** Live segments, ascending. */
  get segments(): number[] {
    return [...this.#segments].sort((a, b) => a - b)
  }

  /** Start of the oldest live segment, or undefined. */
  get oldestSegment(): number | undefined {
    let oldest: number | undefined
    for (const start of this.#segments) if (oldest === undefined || start < oldest) oldest = start
    return oldest
  }

  /** The entry of a key where it is known; a resident store knows all of its keys. */
  find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry !== undefined) entry.isTouched = true
    return entry
  }

  /** True when the key may be read and written in this cycle. */
  isKnown(key: string): boolean {
    return this.isResident || this.#entries.has(key)
  }

  /** True when the key has to be read from the backend first; counts the look-up. */
  isMissing(key: string): boolean {
    if (this.isResident) return false
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.isSegmented && !this.#segments.has(segmentStart(key))) {
        // Nothing was ever written to this segment, so there is nothing to read.
        this.load(key, undefined, 0)
        this.hits += 1
        return false
      }
      this.misses += 1
      return true
    }
    entry.isTouched = true
    this.hits += 1
    return false
  }

  /** Takes a value in as the backend has it. */
  load(key: string, value: unknown, writtenAtMs: number): Entry {
    const entry: Entry = { key, value, writtenAtMs, isDirty: false, isTouched: false }
    this.#entries.set(key, entry)
    return entry
  }

  addSegments(starts: readonly number[]): void {
    for (const start of starts) this.#segments.add(start)
  }

  /** Marks an entry as written; it is part of the next commit. */
  mark(entry: Entry): void {
    entry.isDirty = true
    this.#dirty.push(entry)
    if (this.isSegmented) this.#segments.add(segmentStart(entry.key))
  }

  /** Takes the last `mark` back. */
  unmark(entry: Entry): void {
    entry.isDirty = false
    this.#dirty.pop()
  }

  /** Forgets a segment; the backend's part of it goes with the next commit. */
  drop(startMs: number): void {
    this.#segments.delete(startMs)
    this.#drops.push(startMs)
    const prefix = `${startMs}|`
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key)
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }

  *known(): IterableIterator<Entry> {
    yield* this.#entries.values()
  }

  /** Ends a commit: nothing is dirty any more and the cache is back within its bound. */
  settle(): void {
    for (const entry of this.#dirty) {
      entry.isDirty = false
      if (this.isResident && entry.value === undefined) this.#entries.delete(entry.key)
    }
    this.#dirty = []
    this.#drops = []
    this.#evict()
  }

  takeCounts(): { hits: number; misses: number } {
    const counts = { hits: this.hits, misses: this.misses }
    this.hits = 0
    this.misses = 0
    return counts
  }

  #evict(): void {
    let excess = this.#entries.size - this.#entriesMax
    if (excess <= 0) return
    // One round at most gives second chances, so the cost is bounded by the cache's size.
    let chances = this.#entries.size
    for (const [key, entry] of this.#entries) {
      if (excess <= 0) return
      this.#entries.delete(key)
      if (entry.isTouched && chances > 0) {
        entry.isTouched = false
        this.#entries.set(key, entry)
        chances -= 1
      } else {
        excess -= 1
      }
    }
  }
}
