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
import { FatalError } from '../../core/index.ts'
import { type KafkaRecord, type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import type { TaskState } from './task-state.ts'
import type { TaskTime } from './task-time.ts'
import { TimerQueue, timerId } from './timer-queue.ts'
import {
  type Context,
  type DeadLetterOf,
  type EmitOptions,
  type SubTopology,
  type Timer,
  timersStore
} from './topology.ts'

/** A domain counter's increment, applied to the metrics after the commit. */
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
  /** Partition count of a topic; differs from the catalogue in tests only. */
  readonly partitionsOf: (topic: TopicName) => number
}

export class TaskContext implements Context {
  readonly partition: number
  readonly scratch = new Map<string, unknown>()
  readonly timers: TimerQueue
  wallMs = 0
  effect: unknown
  readonly #options: ContextOptions
  readonly #outputs: Set<TopicName>
  #input: KafkaRecord | null = null
  #pendingOut: OutRecord[] = []
  #pendingTimers: Timer[] = []
  #pendingCounts: CountedEvent[] = []
  #out: OutRecord[] = []
  #counts: CountedEvent[] = []
  #deadLetters = 0

  constructor(options: ContextOptions) {
    this.#options = options
    this.partition = options.partition
    this.#outputs = new Set(options.topology.outputs)
    this.timers = new TimerQueue((id) =>
      options.topology.onTimer
        ? (options.state.get(timersStore, id) as Timer | undefined)
        : undefined
    )
  }

  get taskTimeMs(): number {
    return this.#options.time.taskMs
  }

  get streamTimeMs(): number {
    return this.#options.time.streamMs
  }

  /** Starts an input; null for a timer, a punctuation or the end of a batch. */
  begin(input: KafkaRecord | null, effect: unknown): void {
    this.#input = input
    this.effect = effect
  }

  /** Keeps all that the input's handler did. */
  keep(): void {
    this.#options.state.keep()
    for (const timer of this.#pendingTimers) this.timers.add(timer)
    this.#out.push(...this.#pendingOut)
    this.#counts.push(...this.#pendingCounts)
    this.#clearPending()
  }

  /** Takes all that the input's handler did back. */
  discard(): void {
    this.#options.state.discard()
    this.#clearPending()
  }

  get hasOutputs(): boolean {
    return this.#out.length > 0
  }

  /** The kept outputs, counts and dead letters since the last call. */
  drain(): { outputs: OutRecord[]; counts: CountedEvent[]; deadLetters: number } {
    const drained = { outputs: this.#out, counts: this.#counts, deadLetters: this.#deadLetters }
    this.#out = []
    this.#counts = []
    this.#deadLetters = 0
    this.scratch.clear()
    return drained
  }

  get(store: string, key: string): never {
    return this.#options.state.get(store, key) as never
  }

  put(store: string, key: string, value: object): void {
    this.#options.state.put(store, key, value)
  }

  delete(store: string, key: string): void {
    this.#options.state.put(store, key, undefined)
  }

  all(store: string): IterableIterator<[string, never]> {
    return this.#options.state.all(store) as IterableIterator<[string, never]>
  }

  emit<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicRecords[T] | null,
    options: EmitOptions = {}
  ): void {
    const { topology, codec, partitionsOf } = this.#options
    if (!this.#outputs.has(topic)) {
      throw new FatalError(
        'HAIL_TOPOLOGY',
        `sub-topology ${topology.id}: expected an output of ${topology.outputs.join(', ')}, got ${topic}; declare it in outputs`
      )
    }
    const record = topics[topic].record
    const timestampMs = options.timestampMs ?? this.taskTimeMs
    this.#pendingOut.push({
      topic,
      partition: options.partition ?? partitionForKey(key, partitionsOf(topic)),
      key,
      value: value === null ? null : codec.encode(record, value as never),
      timestampMs,
      headers: this.#headers(record, timestampMs, options.headers)
    })
  }

  setTimer(key: string, name: string, dueMs: number): void {
    const { topology, state } = this.#options
    if (!topology.onTimer) {
      throw new FatalError('HAIL_TOPOLOGY', `sub-topology ${topology.id}: a timer needs onTimer`)
    }
    const timer: Timer = { key, name, dueMs }
    state.put(timersStore, timerId(key, name), timer)
    this.#pendingTimers.push(timer)
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
    this.#pendingOut.push(
      deadLetterRecord(input, { app: topology.id, code, message, atMs: this.wallMs })
    )
    this.#deadLetters += 1
  }

  count(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.#pendingCounts.push({ name, labels })
  }

  /** The record a timer stands for, encoded anew. */
  #standIn(of: DeadLetterOf): KafkaRecord {
    const { codec, topology, partition } = this.#options
    const value = codec.encode(topics[of.topic].record, of.value as never)
    const bare = timerInput(topology, partition, this.taskTimeMs)
    return { ...bare, topic: of.topic, key: Buffer.from(of.key), value }
  }

  #headers(
    record: string,
    timestampMs: number,
    extra: Readonly<Record<string, string>> | undefined
  ): Record<string, string> {
    const { topology, partition } = this.#options
    const input = this.#input
    const serial = this.#pendingOut.length
    const cause = input
      ? `${input.topic}-${input.partition}-${input.offset}`
      : `timer-${partition}-${timestampMs}-${this.#out.length}`
    const headers: Record<string, string> = {
      'content-type': 'application/avro',
      ce_specversion: '1.0',
      ce_id: `${topology.id}/${cause}/${serial}`,
      ce_source: `/${topology.app}/${topology.name}`,
      ce_type: record,
      ce_time: new Date(timestampMs).toISOString()
    }
    const correlationId = input?.headers['correlation-id']
    if (correlationId !== undefined) headers['correlation-id'] = correlationId
    const traceparent = input?.headers['traceparent']
    if (traceparent !== undefined) headers['traceparent'] = traceparent
    return extra ? Object.assign(headers, extra) : headers
  }

  #clearPending(): void {
    this.#pendingOut = []
    this.#pendingTimers = []
    this.#pendingCounts = []
  }
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
