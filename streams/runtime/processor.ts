/**
 * @module What a handler is given: the record or timer at hand, and the context through which it
 * reads and writes stores, emits records and sets timers.
 */
import type { TopicName, TopicRecords } from '../../avro/index.ts'
import type { Format } from './format.ts'
import type { StoreDefinitions, StoreValue } from './store-definition.ts'

/** A topic outside of the Avro catalogue, declared by the sub-topologies that use it. */
export interface TopicSpec<V = unknown, N extends string = string> {
  readonly name: N
  readonly partitions: number
  readonly format: Format<V>
  /** True for a topic between sub-topologies: it is created with the changelogs and may be deleted with them. */
  readonly isInternal?: boolean
  /** `delete` when absent. */
  readonly cleanup?: 'delete' | 'compact'
}

/** The value type of a topic, of the catalogue or declared. */
export type TopicValue<T extends string, D extends readonly TopicSpec[]> = T extends TopicName
  ? TopicRecords[T]
  : Extract<D[number], { readonly name: T }> extends { readonly format: Format<infer V> }
    ? V
    : unknown

/** One record of a source topic, decoded. `value` is never a tombstone here. */
export interface InputRecord<T extends string = string, V = TopicValue<T, []>> {
  readonly topic: T
  readonly key: string
  readonly value: V
  readonly timestampMs: number
  readonly partition: number
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Which clock a timer goes by. `task`: min(wall clock, oldest unread input), so that a record
 * stamped before the deadline goes first. `stream`: the highest record timestamp seen. `wall`: the wall clock.
 */
export type TimerClock = 'task' | 'stream' | 'wall'

/** A durable timer: state like any other, one per (key, name), fired when its clock passes `dueMs`. */
export interface Timer {
  readonly key: string
  readonly name: string
  readonly dueMs: number
  readonly clock: TimerClock
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
  /** max(stream time, task time): windows close by it, also when input is idle; epoch ms. */
  readonly windowTimeMs: number
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
  /** The newest value of a key of a global table; undefined where there is none. */
  global<V = unknown>(table: string, key: string): V | undefined
  emit<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicRecords[T] | null,
    options?: EmitOptions
  ): void
  emit<V>(topic: TopicSpec<V>, key: string, value: V | null, options?: EmitOptions): void
  /** Sets or replaces the timer (key, name). By task time when no clock is named. */
  setTimer(key: string, name: string, dueMs: number, clock?: TimerClock): void
  cancelTimer(key: string, name: string): void
  /**
   * Sends the current input to its dead letter topic, keeping what the handler did so far. A timer has
   * no input of its own: `of` names the record it stands for.
   */
  deadLetter<T extends TopicName>(code: string, message: string, of?: DeadLetterOf<T>): void
  /** Adds one to `hail_<app>_<name>_total` when the commit succeeds. */
  count(name: string, labels?: Readonly<Record<string, string>>): void
  /** Adds one to `hail_streams_operator_records_total{operator, outcome}` when the commit succeeds. */
  countOperator(operator: string, outcome: string): void
}
