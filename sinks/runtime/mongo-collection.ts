/**
 * A collection of MongoDB behind the port. Writes go through the driver's bulk write, on values
 * that Avro has typed already: Mongoose's casting would cost more than the write itself. A test
 * proves that a cast changes nothing.
 *
 * @module
 */

import type { Model } from 'mongoose'
import { describeForeignError, RetryError } from '../../core/index.ts'
import { type Database, isMongoOutage, isOutageCode } from '../models/index.ts'
import type { Collection, Operation, WriteFailure, WriteReport } from './collection.ts'
import type { StoredDocument } from './connector.ts'

const duplicateKeyCode = 11_000

/** One entry of a bulk write's errors. */
type WriteError = { readonly index: number; readonly code?: number }

type BulkError = {
  readonly writeErrors?: WriteError | readonly WriteError[]
  readonly result?: {
    readonly matchedCount?: number
    getWriteConcernError?: () => unknown
  }
}

/** The port on a model's collection. */
export function createMongoCollection(
  database: Pick<Database, 'isConnected' | 'ping'>,
  model: Model<never>
): Collection {
  const name = model.collection.collectionName

  /** Mongoose would refuse with an error that only its message tells from a programming error. */
  function requireConnection(): void {
    if (database.isConnected()) return
    throw new RetryError('HAIL_MONGO_UNAVAILABLE', `${name}: MongoDB is not connected`)
  }

  async function bulkWrite(operations: readonly Operation[]): Promise<WriteReport> {
    requireConnection()
    try {
      const result = await model.collection.bulkWrite(operations.map(toBulk) as never, {
        ordered: false
      })
      return { failures: new Map(), replaced: result.matchedCount }
    } catch (error) {
      const failures = readFailures(error)
      if (failures !== null) {
        return { failures, replaced: (error as BulkError).result?.matchedCount ?? 0 }
      }
      if (isMongoOutage(error)) throw unavailable(error)
      return split(operations, error)
    }
  }

  /** Failures of single operations; null when the command as a whole failed. */
  function readFailures(error: unknown): Map<number, WriteFailure> | null {
    const { writeErrors, result } = (error ?? {}) as BulkError
    const list = writeErrors === undefined ? [] : [writeErrors].flat()
    if (list.length === 0) return null
    if (result?.getWriteConcernError?.() != null) throw unavailable(error)
    const failures = new Map<number, WriteFailure>()
    for (const { index, code } of list) {
      if (isOutageCode(code)) throw unavailable(error)
      failures.set(index, code === duplicateKeyCode ? { kind: 'duplicate' } : dataFailure(code))
    }
    return failures
  }

  /**
   * The command as a whole was refused, as for a document too large to serialise: halves it until
   * one operation is left. That one is only blamed when MongoDB answers otherwise.
   */
  async function split(operations: readonly Operation[], error: unknown): Promise<WriteReport> {
    if (operations.length === 1) {
      await database.ping()
      const { code } = (error ?? {}) as { code?: unknown }
      const failure = dataFailure(typeof code === 'number' ? code : describeForeignError(error))
      return { failures: new Map([[0, failure]]), replaced: 0 }
    }
    const middle = Math.ceil(operations.length / 2)
    const first = await bulkWrite(operations.slice(0, middle))
    const second = await bulkWrite(operations.slice(middle))
    const failures = new Map(first.failures)
    for (const [index, failure] of second.failures) failures.set(middle + index, failure)
    return { failures, replaced: first.replaced + second.replaced }
  }

  function unavailable(cause: unknown): RetryError {
    return new RetryError('HAIL_MONGO_UNAVAILABLE', `${name}: MongoDB is away or busy`, { cause })
  }

  return {
    async read(ids, field) {
      if (ids.length === 0) return []
      requireConnection()
      try {
        const projection = field === undefined ? {} : { projection: { [field]: 1 } }
        const found = model.collection.find({ _id: { $in: [...ids] } } as never, projection)
        return (await found.toArray()) as unknown as StoredDocument[]
      } catch (error) {
        // A read by id has nothing in it that a record could spoil.
        throw unavailable(error)
      }
    },
    write: (operations) =>
      operations.length === 0
        ? Promise.resolve({ failures: new Map(), replaced: 0 })
        : bulkWrite(operations)
  }
}

function toBulk(operation: Operation): unknown {
  const { document } = operation
  if (operation.kind === 'insert') return { insertOne: { document } }
  return {
    replaceOne: { filter: { _id: document._id, ...operation.guard }, replacement: document }
  }
}

/** Server messages may quote the document, so only the code is kept. */
function dataFailure(code: number | string | undefined): WriteFailure {
  const named = typeof code === 'number' ? `code ${code}` : (code ?? 'an error without a code')
  return { kind: 'data', code: 'HAIL_RULE', reason: `MongoDB refused the document with ${named}` }
}
