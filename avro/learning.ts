/**
 * @module Decoding what a newer process wrote: a schema id not known yet is learnt from the registry,
 * then the work is done again.
 */
import type { Codec } from './codec.ts'
import { UnknownSchemaError } from './unknown-schema-error.ts'

/**
 * Runs pure decoding work until no schema is missing.
 * @throws RetryError HAIL_REGISTRY when the registry does not answer
 */
export async function learning<T>(codec: Pick<Codec, 'learn'>, run: () => T): Promise<T> {
  for (;;) {
    try {
      return run()
    } catch (error) {
      if (!(error instanceof UnknownSchemaError)) throw error
      await codec.learn(error.schemaId)
    }
  }
}
