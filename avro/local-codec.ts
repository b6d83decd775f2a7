/**
 * A codec that needs no registry.
 * @module
 */
import type { Type } from 'avsc'
import { type Codec, createCodec, recordTypes } from './codec.ts'
import { compileSchema } from './compiled-types.ts'
import { type AvroSchema, recordNames } from './schemas.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

export type LocalCodecOptions = {
  /** Schemas that other versions of the program wrote with, by id; learnt when they are met. */
  readonly foreign?: ReadonlyMap<number, AvroSchema>
}

/**
 * A codec with ids of its own: the records in alphabetical order, from 1. For tests and
 * simulations; equal programs give equal bytes, programs with other records give other ids.
 */
export function createLocalCodec(options: LocalCodecOptions = {}): Codec {
  const ids = new Map(recordNames.map((record, index) => [record, index + 1]))
  const writers = new Map<number, Type>()
  for (const [record, type] of recordTypes) writers.set(ids.get(record) as number, type)
  return createCodec({
    ids,
    writers,
    fetchWriter: async (schemaId) => {
      const schema = options.foreign?.get(schemaId)
      if (schema === undefined) throw new UnknownSchemaError(schemaId)
      return compileSchema(schema)
    }
  })
}
