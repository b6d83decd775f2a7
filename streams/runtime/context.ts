/**
 * @module The context of one task: the handler's view of time, stores and outputs for the input at
 * hand. Writes and emits of an input are kept together or discarded together.
 */
import {
  type Codec,
  deadLetterRecord,
  type TopicName,
  type TopicRecords,
  topics
} from '../../avro/index.ts'
import { FatalError, SkipToDlqError } from '../../core/index.ts'
import { type KafkaRecord, type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import { encodeWith } from './format.ts'
import type { GlobalReader } from './global-table-definition.ts'
import { outputHeaders } from './output-headers.ts'
import type {
  Context,
  DeadLetterOf,
  EmitOptions,
  Timer,
  TimerClock,
  TopicSpec
} from './processor.ts'
import type { TaskState } from './task-state.ts'
import type { TaskTime } from './task-time.ts'
import { timerId } from './timer-queue.ts'
import { Timers } from './timers.ts'
import { isCatalogueTopic, type SubTopology, timersStore } from './topology.ts'

/** A counter's increment, applied to the metrics after the commit. */
export interface CountedEvent {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ContextOptions {
  readonly topology: SubTopology
  readonly partition: number
  readonly codec: Codec
  readonly state: TaskState
  readonly time: TaskTime
  /** Partition count of a topic; differs from its description in tests only. */
  readonly partitionsOf: (topic: TopicSpec) => number
  readonly globals: GlobalReader
}

/** What a batch has made, to be committed. */
export interface Drained {
  readonly outputs: OutRecord[]
  readonly counts: CountedEvent[]
  readonly operators: ReadonlyMap<string, number>
  readonly deadLetters: number
}

interface Output {
  readonly spec: TopicSpec
  readonly partitions: number
  /** Record type of a catalogue topic, whose records carry CloudEvents headers; else null. */
  readonly type: string | null
}

export class TaskContext implements Context {
  readonly partition: number
  readonly scratch = new Map<string, unknown>()
  readonly timers: Timers
  wallMs = 0
  effect: unknown
  readonly #options: ContextOptions
  readonly #outputs: ReadonlyMap<string, Output>
  #input: KafkaRecord | null = null
  #out: OutRecord[] = []
  #outKept = 0
  #counts: CountedEvent[] = []
  #countsKept = 0
  #newTimers: Timer[] = []
  #operators = new Map<string, number>()
  #deadLetters = 0

  constructor(options: ContextOptions) {
    const { topology, state, time, partitionsOf } = options
    this.#options = options
    this.partition = options.partition
    this.#outputs = new Map(
      topology.outputs.map((name) => {
        const spec = topology.topic(name)
        const type = isCatalogueTopic(name) ? topics[name].record : null
        return [name, { spec, partitions: partitionsOf(spec), type }]
      })
    )
    this.timers = new Timers(time, (id) =>
      topology.onTimer ? (state.get(timersStore, id) as Timer | undefined) : undefined
    )
  }

  get taskTimeMs(): number {
    return this.#options.time.taskMs
  }

  get streamTimeMs(): number {
    return this.#options.time.streamMs
  }

  get windowTimeMs(): number {
    return this.#options.time.windowMs
  }

  /** Starts an input; null for a timer, a punctuation or the end of a batch. */
  begin(input: KafkaRecord | null, effect: unknown): void {
    this.#input = input
    this.effect = effect
  }

  /** Keeps all that the input's handler did. */
  keep(): void {
    this.#options.state.keep()
    this.#outKept = this.#out.length
    this.#countsKept = this.#counts.length
    if (this.#newTimers.length === 0) return
    for (const timer of this.#newTimers) this.timers.add(timer)
    this.#newTimers = []
  }

  /** Takes all that the input's handler did back. */
  discard(): void {
    this.#options.state.discard()
    this.#out.length = this.#outKept
    this.#counts.length = this.#countsKept
    this.#newTimers = []
  }

  get hasOutputs(): boolean {
    return this.#out.length > 0
  }

  /** The kept outputs, counts and dead letters since the last call. */
  drain(): Drained {
    const drained = {
      outputs: this.#out,
      counts: this.#counts,
      operators: this.#operators,
      deadLetters: this.#deadLetters
    }
    this.#out = []
    this.#outKept = 0
    this.#counts = []
    this.#countsKept = 0
    this.#operators = new Map()
    this.#deadLetters = 0
    this.scratch.clear()
    return drained
  }

  get(store: string, key: string): never {
    return this.#options.state.get(store, key) as never
  }

  put(store: string, key: string, value: unknown): void {
    this.#options.state.put(store, key, value)
  }

  delete(store: string, key: string): void {
    this.#options.state.put(store, key, undefined)
  }

  all(store: string): IterableIterator<[string, never]> {
    return this.#options.state.all(store) as IterableIterator<[string, never]>
  }

  global<V>(table: string, key: string): V | undefined {
    return this.#options.globals.get(table, key) as V | undefined
  }

  emit<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicRecords[T] | null,
    options?: EmitOptions
  ): void
  emit<V>(topic: TopicSpec<V>, key: string, value: V | null, options?: EmitOptions): void
  emit(topic: string | TopicSpec, key: string, value: unknown, options: EmitOptions = {}): void {
    const name = typeof topic === 'string' ? topic : topic.name
    const output = this.#outputs.get(name)
    if (output === undefined) throw this.#undeclared(name)
    const timestampMs = options.timestampMs ?? this.taskTimeMs
    if (!Number.isSafeInteger(timestampMs)) throw badTimestamp(name, timestampMs)
    this.#out.push({
      topic: name,
      partition: options.partition ?? partitionForKey(key, output.partitions),
      key,
      value: value === null ? null : encodeWith(output.spec.format, value, this.#options.codec),
      timestampMs,
      headers: outputHeaders({
        topology: this.#options.topology,
        partition: this.partition,
        input: this.#input,
        type: output.type,
        timestampMs,
        serial: this.#out.length - this.#outKept,
        batchSerial: this.#outKept,
        extra: options.headers
      })
    })
  }

  setTimer(key: string, name: string, dueMs: number, clock: TimerClock = 'task'): void {
    const { topology, state } = this.#options
    if (!topology.onTimer) {
      throw new FatalError('HAIL_TOPOLOGY', `sub-topology ${topology.id}: a timer needs onTimer`)
    }
    const timer: Timer = { key, name, dueMs, clock }
    state.put(timersStore, timerId(key, name), timer)
    this.#newTimers.push(timer)
  }

  cancelTimer(key: string, name: string): void {
    const id = timerId(key, name)
    if (this.#options.state.get(timersStore, id))
      this.#options.state.put(timersStore, id, undefined)
  }

  deadLetter(code: string, message: string, of?: DeadLetterOf): void {
    const { topology, partition } = this.#options
    const input = of
      ? this.#standIn(of)
      : (this.#input ?? timerInput(topology, partition, this.taskTimeMs))
    this.#out.push(deadLetterRecord(input, { app: topology.id, code, message, atMs: this.wallMs }))
    this.#deadLetters += 1
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.#counts.push({ name, labels })
  }

  countOperator(operator: string, outcome: string): void {
    const key = `${operator}|${outcome}`
    this.#operators.set(key, (this.#operators.get(key) ?? 0) + 1)
  }

  /** The record a timer stands for, encoded anew. */
  #standIn(of: DeadLetterOf): KafkaRecord {
    const { codec, topology, partition } = this.#options
    const value = codec.encode(topics[of.topic as TopicName].record, of.value as never)
    const bare = timerInput(topology, partition, this.taskTimeMs)
    return { ...bare, topic: of.topic, key: Buffer.from(of.key), value }
  }

  #undeclared(topic: string): FatalError {
    const { topology } = this.#options
    return new FatalError(
      'HAIL_TOPOLOGY',
      `sub-topology ${topology.id}: expected an output of ${topology.outputs.join(', ')}, got ${topic}; declare it in outputs`
    )
  }
}

function badTimestamp(topic: string, timestampMs: number): SkipToDlqError {
  return new SkipToDlqError(
    'HAIL_ENCODE',
    `output ${topic}: expected a timestamp in whole milliseconds, got ${timestampMs}`
  )
}

/** A timer has no record; its dead letter stands on the lead topic without a value. */
function timerInput(topology: SubTopology, partition: number, timestampMs: number): KafkaRecord {
  return {
    topic: topology.lead,
    partition,
    offset: -1n,
    timestampMs,
    key: null,
    value: null,
    headers: {}
  }
}
