/**
 * @module The description of a sub-topology: source topics, stores, outputs and the handlers that
 * fold records into state and outputs. A description is data; the engine runs one task of it for
 * each partition number. Vocabulary and co-partitioning rule: Kafka Streams.
 */

import {
  type RecordName,
  type Records,
  type TopicName,
  type TopicRecords,
  topics
} from '../../avro/index.ts'
import { FatalError } from '../../core/index.ts'

/** Where a store's values live while a task runs. `resident` keeps the whole partition in memory, so it can be scanned. */
export type StoreKind = 'remote' | 'resident'

/** A key-value store of one sub-topology. Each has a changelog topic, which is the truth. */
export interface StoreDefinition<R extends RecordName = RecordName> {
  readonly record: R
  readonly kind: StoreKind
  /** Place of a value in the derived geographic index; null leaves the key out of it. */
  geo?(value: Records[R]): { readonly lon: number; readonly lat: number } | null
}

export type StoreDefinitions = Readonly<Record<string, StoreDefinition>>

/** The value type of one store. */
export type StoreValue<S extends StoreDefinitions, N extends keyof S> = Records[S[N]['record']]

/** One record of a source topic, decoded. `value` is never a tombstone here. */
export interface InputRecord<T extends TopicName = TopicName> {
  readonly topic: T
  readonly key: string
  readonly value: TopicRecords[T]
  readonly timestampMs: number
  readonly partition: number
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** A durable timer: state like any other, one per (key, name), fired when task time passes `dueMs`. */
export interface Timer {
  readonly key: string
  readonly name: string
  readonly dueMs: number
}

export interface EmitOptions {
  /** Explicit partition; default is the partitioner's choice for the key. */
  readonly partition?: number
  /** Event time of the record in epoch ms; default is the task time. */
  readonly timestampMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The record that a dead letter is made of, where it is not the input at hand. */
export interface DeadLetterOf<T extends TopicName = TopicName> {
  readonly topic: T
  readonly key: string
  readonly value: TopicRecords[T]
}

/**
 * What a handler may see and do. Everything a handler does becomes visible in one Kafka
 * transaction, or not at all. Values are immutable: put a new object.
 */
export interface Context<S extends StoreDefinitions = StoreDefinitions> {
  /** min(wall clock, timestamp of the oldest unread input), never going back; epoch ms. */
  readonly taskTimeMs: number
  /** Highest record timestamp seen by this task; epoch ms. */
  readonly streamTimeMs: number
  readonly wallMs: number
  readonly partition: number
  /** Values batched until the next commit, then cleared. A handler that throws does not take them back: write here last. */
  readonly scratch: Map<string, unknown>
  /** What the sub-topology's `effect` returned for this input. */
  readonly effect: unknown
  get<N extends keyof S & string>(store: N, key: string): StoreValue<S, N> | undefined
  put<N extends keyof S & string>(store: N, key: string, value: StoreValue<S, N>): void
  delete(store: keyof S & string, key: string): void
  /** All entries of a resident store, in no promised order. */
  all<N extends keyof S & string>(store: N): IterableIterator<[string, StoreValue<S, N>]>
  emit<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicRecords[T] | null,
    options?: EmitOptions
  ): void
  setTimer(key: string, name: string, dueMs: number): void
  cancelTimer(key: string, name: string): void
  /**
   * Sends the current input to its dead letter topic, keeping what the handler did so far. A timer has
   * no input of its own: `of` names the record it stands for.
   */
  deadLetter<T extends TopicName>(code: string, message: string, of?: DeadLetterOf<T>): void
  /** Adds one to `hail_<app>_<name>_total` when the commit succeeds. */
  count(name: string, labels?: Readonly<Record<string, string>>): void
}

export type Handler<S extends StoreDefinitions, T extends TopicName> = (
  ctx: Context<S>,
  record: InputRecord<T>
) => void

/** An input of `effect`: a record or a due timer. */
export type EffectInput =
  | { readonly kind: 'record'; readonly record: InputRecord }
  | { readonly kind: 'timer'; readonly timer: Timer }

export type StoreReads<S extends StoreDefinitions> = {
  readonly [N in keyof S]?: readonly string[]
}

export interface SubTopologyDefinition<S extends StoreDefinitions, T extends TopicName> {
  readonly app: string
  readonly name: string
  /** Co-partitioned source topics; the first is the lead, whose offset carries the metadata. */
  readonly sources: readonly T[]
  readonly stores: S
  /** Topics the handlers may emit to; another one is a wiring error. */
  readonly outputs: readonly TopicName[]
  /** Shortest time between two commits of a task, ms. */
  readonly commitIntervalMs: number
  readonly on: { readonly [K in T]: Handler<S, K> }
  readonly onTombstone?: (ctx: Context<S>, topic: T, key: string) => void
  readonly onTimer?: (ctx: Context<S>, timer: Timer) => void
  /** Keys to read ahead; default is the record's key in every remote store. */
  readonly reads?: (record: InputRecord<T>) => StoreReads<S>
  /** Wall-clock punctuation. */
  readonly punctuate?: { readonly everyMs: number; readonly run: (ctx: Context<S>) => void }
  /** Runs before each commit, to emit what was batched in `scratch`. */
  readonly beforeCommit?: (ctx: Context<S>) => void
  /** A call out, made before the input is handled; its result is `ctx.effect`. Must be idempotent by its own key. */
  readonly effect?: (
    input: EffectInput,
    get: <N extends keyof S & string>(store: N, key: string) => StoreValue<S, N> | undefined
  ) => Promise<unknown>
  /** Calls out in flight at once; 16 when absent. */
  readonly effectConcurrency?: number
}

/** A checked description, its types erased: what the engine runs. */
export type SubTopology = SubTopologyDefinition<StoreDefinitions, TopicName> & {
  readonly id: string
  readonly group: string
  readonly lead: TopicName
  readonly partitions: number
}

/** The store every sub-topology with timers has besides its own. */
export const timersStore = 'timers'

/**
 * Checks the wiring of a sub-topology and names it.
 * @throws FatalError HAIL_TOPOLOGY when sources are not co-partitioned, a name is not usable, or
 * timers are handled without a handler.
 */
export function defineSubTopology<const S extends StoreDefinitions, const T extends TopicName>(
  definition: SubTopologyDefinition<S, T>
): SubTopology {
  const id = `${definition.app}-${definition.name}`
  const lead = definition.sources[0]
  if (lead === undefined) throw wiring(id, 'expected at least one source topic, got none')
  for (const name of [definition.app, definition.name, ...Object.keys(definition.stores)]) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw wiring(id, `expected names of a-z, 0-9 and _, got "${name}"`)
    }
  }
  if (timersStore in definition.stores) {
    throw wiring(id, `expected no store named "${timersStore}", which the runtime keeps itself`)
  }
  const partitions = topics[lead].partitions
  for (const source of definition.sources) {
    if (topics[source].partitions !== partitions) {
      throw wiring(
        id,
        `expected co-partitioned sources, got ${lead} with ${partitions} and ${source} with ` +
          `${topics[source].partitions} partitions; give them the same number in avro/topics.ts`
      )
    }
  }
  const stores: StoreDefinitions = definition.onTimer
    ? { ...definition.stores, [timersStore]: { record: 'TimerState', kind: 'resident' } }
    : definition.stores
  const erased = definition as unknown as SubTopologyDefinition<StoreDefinitions, TopicName>
  return { ...erased, stores, id, group: `hs-${id}`, lead, partitions }
}

function wiring(id: string, message: string): FatalError {
  return new FatalError('HAIL_TOPOLOGY', `sub-topology ${id}: ${message}`)
}
