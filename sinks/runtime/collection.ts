/**
 * The port through which writers see a collection: reads by id, and unordered bulk writes that
 * say which operation failed and why.
 *
 * @module
 */

import type { StoredDocument } from './connector.ts'

/** One write. A replace whose guard matches no document does nothing. */
export type Operation =
  | { readonly kind: 'insert'; readonly document: StoredDocument }
  | {
      readonly kind: 'replace'
      readonly document: StoredDocument
      /** Filter beside `_id`, such as `{ seq: { $lt: 7 } }`. */
      readonly guard: Readonly<Record<string, unknown>>
    }

/** Why one operation failed: a unique index refused it, or it can never be written. */
export type WriteFailure =
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'data'; readonly code: string; readonly reason: string }

/** What a bulk write did. */
export type WriteReport = {
  /** Failures by the index of their operation. */
  readonly failures: ReadonlyMap<number, WriteFailure>
  /** Replaces whose guard matched. */
  readonly replaced: number
}

/** Both throw RetryError(HAIL_MONGO_UNAVAILABLE) when MongoDB is away or busy. */
export type Collection = {
  /** The stored documents among `ids`; with `field` only that field (and `_id`) of each. */
  read(ids: readonly string[], field?: string): Promise<StoredDocument[]>
  /** Unordered: an operation that fails does not keep the others from being written. */
  write(operations: readonly Operation[]): Promise<WriteReport>
}
