/**
 * @module The port to the state store. Values are the changelog's bytes; each store of a task
 * carries its position, the changelog offset after the last record applied to it. Nothing is
 * written here before the Kafka transaction that holds it has committed.
 */

/** One task's name: `<app>-<sub>-<partition>`. */
export type TaskName = string

export interface StoreRead {
  readonly store: string
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
  readonly from: bigint
  readonly to: bigint
  readonly puts: readonly (readonly [key: string, value: Buffer])[]
  readonly deletes: readonly string[]
  readonly geoPuts: readonly GeoPut[]
  readonly geoDeletes: readonly string[]
}

export type ApplyResult =
  | { readonly applied: true }
  | { readonly applied: false; readonly store: string; readonly position: bigint }

export interface StorePosition {
  readonly position: bigint
  /** Wall clock of the last apply, epoch ms; null when never applied. */
  readonly appliedAtMs: number | null
}

/** Implemented on Redis, and in memory for the driver; both pass one contract suite. */
export interface StateBackend {
  read(task: TaskName, reads: readonly StoreRead[]): Promise<readonly StoreReadResult[]>
  /** Applies each change iff its store stands at `from`; a store already at `to` counts as applied. */
  apply(task: TaskName, changes: readonly StoreChange[], nowMs: number): Promise<ApplyResult>
  position(task: TaskName, store: string): Promise<StorePosition>
  /** Every entry of a store, in no order. */
  scan(task: TaskName, store: string): AsyncIterable<readonly [key: string, value: Buffer]>
  /** Removes the store with its position, before a rebuild. */
  clear(task: TaskName, store: string): Promise<void>
}
