/**
 * @module The port to the state store. Values are the changelog's bytes; each store of a task
 * carries its position, the changelog offset after the last record applied to it. Nothing is
 * written here before the Kafka transaction that holds it has committed.
 */

/** One task's name: `<app>-<sub>-<partition>`. */
export type TaskName = string

export interface StoreRead {
  readonly store: string
  /** True for a window store: each key begins with its segment, see `segmentKey`. */
  readonly segmented: boolean
  readonly keys: readonly string[]
}

export interface StoreReadResult {
  /** 0n where nothing was ever applied. */
  readonly position: bigint
  readonly values: readonly (Buffer | null)[]
}

export interface GeoPut {
  readonly key: string
  readonly lon: number
  readonly lat: number
}

/** The changes of one store between two changelog positions. */
export interface StoreChange {
  readonly store: string
  /** True for a window store: its entries lie in one hash for each segment. */
  readonly segmented: boolean
  readonly from: bigint
  readonly to: bigint
  readonly puts: readonly (readonly [key: string, value: Buffer])[]
  readonly deletes: readonly string[]
  readonly geoPuts: readonly GeoPut[]
  readonly geoDeletes: readonly string[]
  /** Segments of a window store that are removed whole, after the puts and deletes. */
  readonly drops: readonly number[]
}

export type ApplyResult =
  | { readonly applied: true }
  | { readonly applied: false; readonly store: string; readonly position: bigint }

export interface StorePosition {
  readonly position: bigint
  /** Wall clock of the last apply, epoch ms; null when never applied. */
  readonly appliedAtMs: number | null
}

/** One page of a scan. `cursor` is '0' after the last page. */
export interface StorePage {
  readonly entries: readonly (readonly [key: string, value: Buffer])[]
  readonly cursor: string
}

export interface PageRequest {
  readonly store: string
  /** The segment of a window store to page through, by its start; null for a store without segments. */
  readonly segment: number | null
  /** '0' begins. */
  readonly cursor: string
  /** Entries wanted; a page may hold some more or fewer. */
  readonly count: number
}

/** Implemented on Redis, and in memory for the driver; both pass one contract suite. */
export interface StateBackend {
  read(task: TaskName, reads: readonly StoreRead[]): Promise<readonly StoreReadResult[]>
  /** Applies each change iff its store stands at `from`; a store already at `to` counts as applied. */
  apply(task: TaskName, changes: readonly StoreChange[], nowMs: number): Promise<ApplyResult>
  position(task: TaskName, store: string): Promise<StorePosition>
  /** Starts of a window store's segments that hold or held entries and were not dropped, ascending. */
  segments(task: TaskName, store: string): Promise<number[]>
  /** Some entries; each entry that stays throughout the scan comes at least once. */
  page(task: TaskName, request: PageRequest): Promise<StorePage>
  /** Every entry of a store over all of its segments, in no order. */
  scan(task: TaskName, store: string): AsyncIterable<readonly [key: string, value: Buffer]>
  /** Removes the store with its segments and its position, before a rebuild. */
  clear(task: TaskName, store: string): Promise<void>
}
