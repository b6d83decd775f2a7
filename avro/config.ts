/**
 * Environment of the command line of this folder; everything else gets its settings as arguments.
 * @module
 */
import { readSharedConfig, type SharedConfig } from '../core/index.ts'

/** One registry request; a healthy registry answers within milliseconds. */
export const registryTimeoutMs = 5_000

/** Shared settings without secrets, of which this folder needs none. */
export function readAvroConfig(): SharedConfig<never> {
  return readSharedConfig(process.env, { secrets: [] })
}
