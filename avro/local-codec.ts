/**
 * A codec that needs no registry.
 * @module
 */
import type { Type } from 'avsc'
import { type Codec, createCodec, recordTypes } from './codec.ts'
import { recordNames } from './schemas.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

/**
 * A codec with ids of its own: the records in alphabetical order, from 1. For tests and
 * simulations; equal programs give equal bytes, programs with other records give other ids.
 */
export function createLocalCodec(): Codec {
  const ids = new Map(recordNames.map((record, index) => [record, index + 1]))
  const writers = new Map<number, Type>()
  for (const [record, type] of recordTypes) writers.set(ids.get(record) as number, type)
  return createCodec({
    ids,
    writers,
    fetchWriter: async (schemaId) => {
      throw new UnknownSchemaError(schemaId)
    }
  })
}
