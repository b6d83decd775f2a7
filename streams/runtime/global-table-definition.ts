/**
 * @module The description of a global table: a topic that every process holds whole.
 */
import { FatalError } from '../../core/index.ts'
import type { Format } from './format.ts'
import type { TopicSpec } from './processor.ts'

export interface GlobalTableDefinition<V = unknown> {
  /** What handlers call it by in `ctx.global`; the same table for all sub-topologies of a process. */
  readonly name: string
  readonly topic: TopicSpec<V>
  /** Entries held; with one more the process stops. */
  readonly entriesMax: number
}

/** What tasks see of the global tables of their process. */
export interface GlobalReader {
  /** The newest value of a key; undefined where there is none. */
  get(table: string, key: string): unknown
}

/** Where no sub-topology has any. */
export const noGlobals: GlobalReader = {
  get: (table) => {
    throw new FatalError(
      'HAIL_TOPOLOGY',
      `expected a global table of this process, got "${table}"; declare it in globals`
    )
  }
}

/** A topic description without its value type, as definitions of any tables share a list. */
export function globalTable<V>(definition: {
  readonly name: string
  readonly topic: { readonly name: string; readonly partitions: number; readonly format: Format<V> }
  readonly entriesMax?: number
}): GlobalTableDefinition {
  const { name, topic, entriesMax = globalEntriesMaxDefault } = definition
  return { name, topic: topic as TopicSpec, entriesMax }
}

/** Enough for reference data; a larger table belongs in a store. */
const globalEntriesMaxDefault = 100_000
