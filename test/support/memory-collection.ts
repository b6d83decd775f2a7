/**
 * @module A collection in memory behind the sinks' port. It passes the same contract suite as
 * MongoDB, and can be told to fail.
 */

import { RetryError } from '../../core/index.ts'
import type { Collection, StoredDocument, WriteFailure } from '../../sinks/runtime/index.ts'

/** What goes wrong, and what must be unique beside `_id`. */
export type MemoryCollectionOptions = {
  readonly unique?: readonly string[]
  /** Whether a document can never be stored. */
  readonly refuses?: (document: StoredDocument) => boolean
  /** Asked before each operation: true breaks the connection there. */
  readonly breaks?: () => boolean
}

/** The port, and a look behind it. */
export type MemoryCollection = Collection & {
  readonly documents: Map<string, StoredDocument>
  /** Operations tried and reads done. */
  readonly counts: { inserts: number; replaces: number; reads: number }
}

/** An empty collection. */
export function createMemoryCollection(options: MemoryCollectionOptions = {}): MemoryCollection {
  const { unique = [], refuses = () => false, breaks = () => false } = options
  const documents = new Map<string, StoredDocument>()
  const counts = { inserts: 0, replaces: 0, reads: 0 }

  function requireServer(): void {
    if (breaks()) throw new RetryError('HAIL_MONGO_UNAVAILABLE', 'the connection broke')
  }

  function isTaken(document: StoredDocument): boolean {
    return [...documents.values()].some(
      (other) => other._id !== document._id && unique.some((name) => other[name] === document[name])
    )
  }

  return {
    documents,
    counts,
    async read(ids, field) {
      requireServer()
      if (ids.length > 0) counts.reads += 1
      return ids.flatMap((id) => {
        const document = documents.get(id)
        if (document === undefined) return []
        return field === undefined ? [document] : [{ _id: id, [field]: document[field] }]
      })
    },
    async write(operations) {
      const failures = new Map<number, WriteFailure>()
      let replaced = 0
      for (const [index, operation] of operations.entries()) {
        requireServer()
        const { document, kind } = operation
        counts[kind === 'insert' ? 'inserts' : 'replaces'] += 1
        const stored = documents.get(document._id)
        if (kind === 'replace' && !matches(stored, operation.guard)) continue
        if (refuses(document)) {
          failures.set(index, { kind: 'data', code: 'HAIL_RULE', reason: 'refused' })
        } else if ((kind === 'insert' && stored !== undefined) || isTaken(document)) {
          failures.set(index, { kind: 'duplicate' })
        } else {
          documents.set(document._id, document)
          if (kind === 'replace') replaced += 1
        }
      }
      return { failures, replaced }
    }
  }
}

/** Equality, and `$lt`: all that the writers ask for. */
function matches(
  document: StoredDocument | undefined,
  guard: Readonly<Record<string, unknown>>
): boolean {
  if (document === undefined) return false
  return Object.entries(guard).every(([field, wanted]) => {
    const value = document[field]
    if (typeof wanted !== 'object' || wanted === null || !('$lt' in wanted)) return value === wanted
    return Number(value) < Number(wanted.$lt)
  })
}
