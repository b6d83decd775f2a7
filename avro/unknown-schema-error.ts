/**
 * The error that asks for a schema to be learnt.
 * @module
 */
import { RetryError } from '../core/index.ts'

/** A value was written with a schema id that is not known here: `learn` it, try again. */
export class UnknownSchemaError extends RetryError {
  readonly schemaId: number

  constructor(schemaId: number, options?: { readonly cause?: unknown }) {
    super('HAIL_UNKNOWN_SCHEMA', `schema id ${schemaId} is not known`, options)
    this.schemaId = schemaId
  }
}
