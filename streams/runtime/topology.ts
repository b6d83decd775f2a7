/**
 * @module The description of a sub-topology: source topics, stores, outputs and the handlers that
 * fold records into state and outputs. A description is data; the engine runs one task of it for
 * each partition number. Vocabulary and co-partitioning rule: Kafka Streams.
 */

import { topics as catalogue, type TopicName } from '../../avro/index.ts'
import { FatalError } from '../../core/index.ts'
import { recordFormat } from './format.ts'
import type { GlobalTableDefinition } from './global-table-definition.ts'
import type { Context, InputRecord, Timer, TopicSpec, TopicValue } from './processor.ts'
import { type Store, type StoreDefinitions, type StoreValue, toStore } from './store-definition.ts'

export type Handler<
  S extends StoreDefinitions,
  T extends string,
  D extends readonly TopicSpec[] = []
> = (ctx: Context<S>, record: InputRecord<T, TopicValue<T, D>>) => void

/** An input of `effect`: a record or a due timer. */
export type EffectInput =
  | { readonly kind: 'record'; readonly record: InputRecord }
  | { readonly kind: 'timer'; readonly timer: Timer }

export type StoreReads<S extends StoreDefinitions> = {
  readonly [N in keyof S]?: readonly string[]
}

/** One operator of a sub-topology that was made of operators, for descriptions. */
export interface OperatorDescription {
  readonly id: number
  readonly kind: string
  readonly name: string | null
  readonly stores: readonly string[]
  readonly topics: readonly string[]
  /** Ids of the operators below. */
  readonly to: readonly number[]
}

/** What is the same in a description and in what the engine runs. */
interface SubTopologyBase {
  readonly app: string
  readonly name: string
  /** Shortest time between two commits of a task, ms. */
  readonly commitIntervalMs: number
  /** False: window time is stream time, so windows wait for a further record however long input is idle. */
  readonly closeOnIdle?: boolean
  /** True: records are handled in the order of their timestamps over all sources, as far as they are in the log. */
  readonly waitsForAll?: boolean
  /** Calls out in flight at once; 16 when absent. */
  readonly effectConcurrency?: number
  /** The operators it was made of, where it was. */
  readonly operators?: readonly OperatorDescription[]
}

export interface SubTopologyDefinition<
  S extends StoreDefinitions,
  T extends string,
  D extends readonly TopicSpec[] = []
> extends SubTopologyBase {
  /** Topics outside of the Avro catalogue that this sub-topology reads or writes. */
  readonly topics?: D
  /** Co-partitioned source topics; the first is the lead, whose offset carries the metadata. */
  readonly sources: readonly T[]
  readonly stores: S
  /** Topics the handlers may emit to; another one is a wiring error. */
  readonly outputs: readonly string[]
  readonly on: { readonly [K in T]: Handler<S, K, D> }
  readonly onTombstone?: (ctx: Context<S>, topic: T, key: string, timestampMs: number) => void
  readonly onTimer?: (ctx: Context<S>, timer: Timer) => void
  /** Keys to read ahead; default is the record's key in every remote store without segments. */
  readonly reads?: (
    record: {
      [K in T]: InputRecord<K, TopicValue<K, D>>
    }[T]
  ) => StoreReads<S>
  /** Keys to read ahead for a tombstone, besides its key in every remote store without segments. */
  readonly tombstoneReads?: (topic: T, key: string) => StoreReads<S>
  /** Global tables that the handlers read. */
  readonly globals?: readonly GlobalTableDefinition[]
  /** Wall-clock punctuation. */
  readonly punctuate?: { readonly everyMs: number; readonly run: (ctx: Context<S>) => void }
  /** Runs before each commit, to emit what was batched. */
  readonly beforeCommit?: (ctx: Context<S>) => void
  /** A call out, made before the input is handled; its result is `ctx.effect`. Must be idempotent by its own key. */
  readonly effect?: (
    input: EffectInput,
    get: <N extends keyof S & string>(store: N, key: string) => StoreValue<S, N> | undefined
  ) => Promise<unknown>
}

/** A checked description, its types erased: what the engine runs. */
export interface SubTopology extends SubTopologyBase {
  readonly id: string
  readonly group: string
  readonly lead: string
  readonly partitions: number
  readonly sources: readonly string[]
  readonly outputs: readonly string[]
  readonly stores: Readonly<Record<string, Store>>
  /** Topics declared outside of the catalogue. */
  readonly topics: readonly TopicSpec[]
  /** What a source or output is; throws FatalError HAIL_TOPOLOGY for a topic nobody declared. */
  readonly topic: (name: string) => TopicSpec
  readonly on: Readonly<Record<string, (ctx: Context, record: InputRecord) => void>>
  readonly onTombstone?: (ctx: Context, topic: string, key: string, timestampMs: number) => void
  readonly onTimer?: (ctx: Context, timer: Timer) => void
  readonly reads?: (record: InputRecord) => Readonly<Record<string, readonly string[] | undefined>>
  readonly globals?: readonly GlobalTableDefinition[]
  readonly tombstoneReads?: (
    topic: string,
    key: string
  ) => Readonly<Record<string, readonly string[] | undefined>>
  readonly punctuate?: { readonly everyMs: number; readonly run: (ctx: Context) => void }
  readonly beforeCommit?: (ctx: Context) => void
  readonly effect?: (
    input: EffectInput,
    get: (store: string, key: string) => unknown
  ) => Promise<unknown>
}

/** The store every sub-topology with timers has besides its own. */
export const timersStore = 'timers'

/** True for a topic of the Avro catalogue. */
export function isCatalogueTopic(name: string): name is TopicName {
  return Object.hasOwn(catalogue, name)
}

/** A topic of the Avro catalogue as sub-topologies see topics. */
export function catalogueTopic(name: TopicName): TopicSpec {
  const { record, partitions } = catalogue[name]
  return { name, partitions, format: recordFormat(record) as TopicSpec['format'] }
}

/**
 * Checks the wiring of a sub-topology and names it.
 * @throws FatalError HAIL_TOPOLOGY when sources are not co-partitioned, a topic is unknown, a name
 * is not usable, or timers are handled without a handler.
 */
export function defineSubTopology<
  const S extends StoreDefinitions,
  const T extends string,
  const D extends readonly TopicSpec[] = []
>(definition: SubTopologyDefinition<S, T, D>): SubTopology {
  const id = `${definition.app}-${definition.name}`
  const lead = definition.sources[0]
  if (lead === undefined) throw wiring(id, 'expected at least one source topic, got none')
  checkNames(id, definition)
  const declared = (definition.topics ?? []) as unknown as readonly TopicSpec[]
  const specs = new Map<string, TopicSpec>()
  const topic = (name: string): TopicSpec => {
    const found = specs.get(name) ?? topicSpec(name, declared)
    if (found === undefined) {
      throw wiring(id, `expected a topic of the catalogue or of \`topics\`, got "${name}"`)
    }
    specs.set(name, found)
    return found
  }
  const { partitions } = topic(lead)
  for (const source of definition.sources) {
    const found = topic(source).partitions
    if (found === partitions) continue
    throw wiring(
      id,
      `expected co-partitioned sources, got ${lead} with ${partitions} and ${source} with ` +
        `${found} partitions; give them the same number`
    )
  }
  for (const output of definition.outputs) topic(output)
  const erased = definition as unknown as Omit<SubTopology, 'stores'>
  const stores = Object.fromEntries(
    Object.entries(definition.stores).map(([name, store]) => [name, toStore(store)])
  )
  if (definition.onTimer) {
    stores[timersStore] = {
      format: recordFormat('TimerState') as Store['format'],
      kind: 'resident'
    }
  }
  return { ...erased, stores, topics: declared, topic, id, group: `hs-${id}`, lead, partitions }
}

function topicSpec(name: string, declared: readonly TopicSpec[]): TopicSpec | undefined {
  if (!isCatalogueTopic(name)) return declared.find((topic) => topic.name === name)
  return catalogueTopic(name)
}

function checkNames(
  id: string,
  definition: { app: string; name: string; stores: StoreDefinitions }
): void {
  for (const [name, store] of Object.entries(definition.stores)) {
    // A segment is dropped whole, without its entries being looked at.
    if (!store.segments || !store.geo) continue
    throw wiring(id, `expected no geographic index of the window store "${name}", got one`)
  }
  for (const name of [definition.app, definition.name, ...Object.keys(definition.stores)]) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw wiring(id, `expected names of a-z, 0-9 and _, got "${name}"`)
    }
  }
  if (timersStore in definition.stores) {
    throw wiring(id, `expected no store named "${timersStore}", which the runtime keeps itself`)
  }
}

function wiring(id: string, message: string): FatalError {
  return new FatalError('HAIL_TOPOLOGY', `sub-topology ${id}: ${message}`)
}
