/**
 * @module The description of a store: what its values are, where they live while a task runs, when
 * they end. A store with segments is a window store: its entries lie in segments named by their
 * start, and a segment ends as a whole.
 */
import type { RecordName, Records } from '../../avro/index.ts'
import { type Format, recordFormat } from './format.ts'
import type { Context } from './processor.ts'

/** Where a store's values live while a task runs. `resident` keeps the whole partition in memory, so it can be scanned. */
export type StoreKind = 'remote' | 'resident'

/** An entry of a segment that has closed. */
export interface ClosedEntry<V = unknown> {
  readonly startMs: number
  readonly key: string
  readonly value: V
}

/** When the segments of a window store end and what becomes of their entries. */
export interface SegmentsDefinition<V = unknown> {
  /** Window time at which the segment that starts at `startMs` takes no more part; rising with `startMs`. */
  closesAtMs(startMs: number): number
  /**
   * Takes each entry of a closed segment, once, and the entry is deleted in the same transaction.
   * Absent: the segment is dropped whole, without a tombstone for each entry.
   */
  onClose?(ctx: Context, entry: ClosedEntry<V>): void
}

interface StoreOptions<V> {
  readonly kind: StoreKind
  /** Place of a value in the derived geographic index; null leaves the key out of it. */
  geo?(value: V): { readonly lon: number; readonly lat: number } | null
  /** Makes it a window store; its keys come from `segmentKey`. */
  readonly segments?: SegmentsDefinition<V>
  /** An entry not written for this long, in window time, reads as absent and is swept; ms. */
  readonly ttlMs?: number
}

/** A key-value store of one sub-topology. Each has a changelog topic, which is the truth. */
export type StoreDefinition =
  | ({ readonly record: RecordName } & StoreOptions<unknown>)
  | ({ readonly format: Format<unknown> } & StoreOptions<unknown>)

export type StoreDefinitions = Readonly<Record<string, StoreDefinition>>

/** The value type of one store. */
export type StoreValue<S extends StoreDefinitions, N extends keyof S> = S[N] extends {
  record: infer R extends RecordName
}
  ? Records[R]
  : S[N] extends { format: Format<infer V> }
    ? V
    : never

/** A store as the engine sees it. */
export interface Store extends StoreOptions<unknown> {
  readonly format: Format<unknown>
}

/** The same store with its format looked up. */
export function toStore(definition: StoreDefinition): Store {
  const format = 'record' in definition ? recordFormat(definition.record) : definition.format
  return { ...(definition as StoreOptions<unknown>), format: format as Format<unknown> }
}

/** Key of an entry of a window store. Example: `segmentKey(60_000, 'a')` is `60000|a`. */
export function segmentKey(startMs: number, key: string): string {
  return `${startMs}|${key}`
}

/** Start of the segment that a window store's key lies in. */
export function segmentStart(segmented: string): number {
  return Number(segmented.slice(0, segmented.indexOf('|')))
}

/** The key within its segment. */
export function keyInSegment(segmented: string): string {
  return segmented.slice(segmented.indexOf('|') + 1)
}
