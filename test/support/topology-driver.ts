/**
 * @module Runs real tasks of sub-topologies over a log in memory, bytes through the real codec,
 * with time only by hand. Partitions, commit cadence, restarts and zombies are parameters, since a
 * driver of one partition that commits each record hides what breaks in production.
 */
import {
  type Codec,
  changelogTopic,
  createLocalCodec,
  dlqTopic,
  type TopicName,
  type TopicRecords,
  topics
} from '../../avro/index.ts'
import { createFakeClock, type FakeClock, silentLogger } from '../../core/index.ts'
import { type KafkaRecord, partitionForKey } from '../../core/kafka/index.ts'
import {
  catalogueTopic,
  createRestoreFetchers,
  decodeStored,
  defaultGlobalTablesSettings,
  defaultTaskSettings,
  type Failpoints,
  GlobalTables,
  isCatalogueTopic,
  noFailpoints,
  type RuntimeMetrics,
  type SubTopology,
  Task,
  type TaskSettings,
  type TopicSpec
} from '../../streams/runtime/index.ts'
import { MemoryLog } from './memory-log.ts'
import { MemoryState } from './memory-state.ts'

export interface DriverOptions {
  readonly startMs: number
  /** Partition counts that differ from the catalogue's. */
  readonly partitions?: Readonly<Record<string, number>>
  /** Records of one transaction; all that are there when absent. */
  readonly commitEveryRecords?: number
  readonly seed?: number
  readonly settings?: Partial<TaskSettings>
  readonly failpoints?: Failpoints
  /** As another version of the program would have it; the local one when absent. */
  readonly codec?: Codec
}

export interface PipeOptions {
  readonly timestampMs?: number
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
  /** False appends only; `run` is called later. */
  readonly run?: boolean
}

/** Value of a topic: of the catalogue's record, else of the format that some sub-topology declares. */
export type ValueOf<T extends string> = [T] extends [TopicName] ? TopicRecords[T] : unknown

export interface DriverRecord<T extends string> {
  readonly key: string
  readonly value: ValueOf<T> | null
  readonly timestampMs: number
  readonly partition: number
  readonly offset: bigint
  readonly headers: Readonly<Record<string, string>>
}

/** What one task could be fed next, for tests that choose the order themselves. */
export interface PendingInput {
  readonly task: string
  readonly topic: string
  readonly count: number
  readonly head: KafkaRecord
}

/** A committed record of any catalogue topic. */
export type DrainedRecord = {
  [T in TopicName]: {
    readonly topic: T
    readonly partition: number
    readonly offset: bigint
    readonly key: string
    readonly value: TopicRecords[T] | null
    readonly timestampMs: number
  }
}[TopicName]

/** No Confluent payload begins so. */
const undecodable = Buffer.from('undecodable')

/** Rounds of a run after which a topology that feeds itself is taken for endless. */
const roundsMax = 10_000

export class TopologyDriver {
  readonly clock: FakeClock
  readonly log: MemoryLog
  readonly state = new MemoryState()
  readonly codec: Codec
  readonly counts = new Map<string, number>()
  /** Changelog records replayed by tasks since the start. */
  restoredRecords = 0
  readonly #topologies: readonly SubTopology[]
  readonly #options: DriverOptions
  readonly #tasks = new Map<string, Task>()
  readonly #readFrom = new Map<string, bigint>()
  readonly #specs = new Map<string, TopicSpec>()
  readonly #globals: GlobalTables
  #started = false

  constructor(topologies: readonly SubTopology[], options: DriverOptions) {
    this.#options = options
    this.clock = createFakeClock(options.startMs, options.seed ?? 1)
    this.log = new MemoryLog(() => this.clock.now())
    this.codec = options.codec ?? createLocalCodec()
    for (const { sources, outputs, topic, globals = [] } of topologies) {
      for (const name of [...sources, ...outputs]) this.#specs.set(name, topic(name))
      for (const global of globals) this.#specs.set(global.topic.name, global.topic)
    }
    this.#topologies = topologies.map((topology) => ({
      ...topology,
      partitions: this.partitionsOf(topology.lead)
    }))
    this.#globals = this.#createGlobals()
  }

  partitionsOf(topic: string): number {
    return this.#options.partitions?.[topic] ?? this.#spec(topic).partitions
  }

  /** Appends a record, then runs until nothing moves. */
  async pipe<T extends string>(
    topic: T,
    key: string,
    value: ValueOf<T> | null,
    options: PipeOptions = {}
  ): Promise<void> {
    const bytes = value === null ? null : this.#spec(topic).format.encode(value, this.codec)
    await this.pipeBytes(topic, key, bytes, options)
  }

  /** As `pipe`, with the value's bytes: for records that nobody can decode. */
  async pipeBytes(
    topic: string,
    key: string | null,
    value: Buffer | null,
    options: PipeOptions = {}
  ): Promise<void> {
    this.log.append({
      topic,
      partition:
        options.partition ?? (key === null ? 0 : partitionForKey(key, this.partitionsOf(topic))),
      key,
      value,
      timestampMs: options.timestampMs ?? this.clock.now(),
      headers: options.headers ?? {}
    })
    if (options.run !== false) await this.run()
  }

  /** Feeds and cycles every task until none commits any more. */
  async run(): Promise<void> {
    await this.#start()
    for (let round = 0; round < roundsMax; round += 1) {
      await this.#globals.poll(0)
      let moved = false
      for (const task of this.#order()) {
        await this.#feed(task)
        moved = (await task.cycle()) || moved
      }
      if (!moved) return
    }
    throw new Error(
      `expected the topologies to come to rest, they still move after ${roundsMax} rounds`
    )
  }

  /** Moves the wall clock, stopping at each timer and punctuation on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    await this.run()
    for (;;) {
      const next = Math.min(...[...this.#tasks.values()].map((task) => task.nextTimeMs()))
      // A timer that input holds back stays due: step over it.
      const stepMs = Math.max(1, next - this.clock.now())
      if (this.clock.now() + stepMs >= end) break
      await this.clock.advance(stepMs)
      await this.run()
    }
    await this.clock.advance(end - this.clock.now())
    await this.run()
  }

  /** Committed records of a topic since the last `read` of it. */
  read<T extends string>(topic: T): DriverRecord<T>[] {
    return this.#decode(topic, this.#take(topic, this.partitionsOf(topic), true))
  }

  /** All committed records of a topic, by partition and offset. */
  all<T extends string>(topic: T): DriverRecord<T>[] {
    return this.#decode(topic, this.#take(topic, this.partitionsOf(topic), false))
  }

  /** Dead letters of a topic, as bytes with their reason headers. */
  deadLetters(topic: string): KafkaRecord[] {
    return this.#take(dlqTopic(topic), 3, false)
  }

  /** A stored value as the backend has it after the last commit. */
  async store(app: string, sub: string, store: string, key: string): Promise<unknown> {
    const topology = this.#topology(app, sub)
    for (let partition = 0; partition < topology.partitions; partition += 1) {
      const definition = topology.stores[store]
      if (definition === undefined) throw new RangeError(`expected a store of ${app}/${sub}`)
      const segmented = definition.segments !== undefined
      const [result] = await this.state.read(`${topology.id}-${partition}`, [
        { store, segmented, keys: [key] }
      ])
      const value = result?.values[0]
      if (value) return decodeStored(definition, this.codec, value)
    }
    return undefined
  }

  /** Every entry of a store over all partitions. */
  async entries(app: string, sub: string, store: string): Promise<Map<string, unknown>> {
    const topology = this.#topology(app, sub)
    const found = new Map<string, unknown>()
    const definition = topology.stores[store]
    for (let partition = 0; partition < topology.partitions; partition += 1) {
      for await (const [key, value] of this.state.scan(`${topology.id}-${partition}`, store)) {
        if (definition) found.set(key, decodeStored(definition, this.codec, value))
      }
    }
    return found
  }

  /** Drops the tasks' memory; new ones restore from the log. */
  async restart(app?: string, sub?: string): Promise<void> {
    await this.#start()
    for (const topology of this.#topologies) {
      if (app !== undefined && topology.app !== app) continue
      if (sub !== undefined && topology.name !== sub) continue
      for (let partition = 0; partition < topology.partitions; partition += 1) {
        await this.#tasks.get(`${topology.id}-${partition}`)?.close()
        await this.#acquire(topology, partition)
      }
    }
  }

  /** Lets a new owner acquire a task while the old one stays alive; returns the old one. */
  async takeover(app: string, sub: string, partition = 0): Promise<Task> {
    await this.#start()
    const topology = this.#topology(app, sub)
    const zombie = this.#tasks.get(`${topology.id}-${partition}`)
    if (zombie === undefined) throw new RangeError(`expected a task ${topology.id}-${partition}`)
    await this.#acquire(topology, partition)
    return zombie
  }

  /** Empties one store in the backend and restarts its tasks. */
  async wipe(app: string, sub: string, store: string): Promise<void> {
    const topology = this.#topology(app, sub)
    for (let partition = 0; partition < topology.partitions; partition += 1) {
      await this.state.clear(`${topology.id}-${partition}`, store)
    }
    await this.restart(app, sub)
  }

  /** Empties a store and restarts its tasks on a changelog that says it always was empty. */
  async forget(app: string, sub: string, store: string): Promise<void> {
    const topology = this.#topology(app, sub)
    await this.run()
    for (let partition = 0; partition < topology.partitions; partition += 1) {
      for await (const [key] of this.state.scan(`${topology.id}-${partition}`, store)) {
        this.log.append({
          topic: changelogTopic({ app, sub, store }),
          partition,
          key,
          value: null,
          timestampMs: this.clock.now()
        })
      }
      this.log.moveMetadata(topology.group, `${topology.lead}:${partition}`, (metadata) =>
        forgetIn(metadata, store, this.log.end(changelogTopic({ app, sub, store }), partition))
      )
      await this.state.clear(`${topology.id}-${partition}`, store)
    }
    await this.restart(app, sub)
  }

  /** A running task by its name `<app>-<sub>-<partition>`. */
  async task(name: string): Promise<Task> {
    await this.#start()
    const task = this.#tasks.get(name)
    if (task === undefined) throw new RangeError(`expected a task of this driver, got "${name}"`)
    return task
  }

  /** Appends a record and runs nothing. */
  append<T extends string>(
    topic: T,
    key: string,
    value: ValueOf<T> | null,
    options: { timestampMs?: number; partition?: number } = {}
  ): void {
    this.log.append({
      topic,
      partition: options.partition ?? partitionForKey(key, this.partitionsOf(topic)),
      key,
      value: value === null ? null : this.#spec(topic).format.encode(value, this.codec),
      timestampMs: options.timestampMs ?? this.clock.now(),
      headers: {}
    })
  }

  /** Moves the wall clock on and runs nothing. */
  async setWall(ms: number): Promise<void> {
    await this.clock.advance(ms - this.clock.now())
  }

  /** Unread committed records by task and topic, in a fixed order: where a test may step next. */
  async pending(): Promise<PendingInput[]> {
    await this.#start()
    const found: PendingInput[] = []
    for (const task of this.#tasks.values()) {
      for (const { topic, partition, offset } of task.wanted()) {
        const unread = this.log.committedFrom(topic, partition, offset)
        const [head] = unread
        if (head !== undefined) found.push({ task: task.name, topic, count: unread.length, head })
      }
    }
    return found
  }

  /**
   * Feeds one task at most `count` records of one topic and runs one cycle; the rest stays unread, so
   * task time is held back by it. As `dead-letter` the records reach the task undecodable.
   */
  async step(
    name: string,
    topic: TopicName,
    options: { count?: number; as?: 'deliver' | 'dead-letter' } = {}
  ): Promise<void> {
    const task = await this.task(name)
    const want = task.wanted().find((wanted) => wanted.topic === topic)
    if (want !== undefined) {
      const [fetched] = await this.log.fetcher().fetch([want], fetchAll)
      if (fetched !== undefined) {
        const taken = fetched.records.slice(0, options.count ?? 1)
        const last = taken.at(-1)
        const isPartial = last !== undefined && taken.length < fetched.records.length
        const offsetNext = isPartial ? last.offset + 1n : fetched.offsetNext
        const records =
          options.as === 'dead-letter'
            ? taken.map((record) => ({ ...record, value: undecodable }))
            : taken
        task.deliver({ ...fetched, records, offsetNext }, want.offset, this.clock.now())
      }
    }
    if (!task.isPrimed) await this.#prime(task)
    await task.cycle()
  }

  /** Shows a task the next record of each source it knows nothing of, as its first fetch would. */
  async #prime(task: Task): Promise<void> {
    for (const want of task.wanted()) {
      const [fetched] = await this.log.fetcher().fetch([want], fetchAll)
      const [head] = fetched?.records ?? []
      if (fetched === undefined) continue
      const shown = head ? { records: [head], offsetNext: head.offset + 1n } : {}
      task.deliver({ ...fetched, ...shown }, want.offset, this.clock.now())
    }
  }

  /** Fires what is due in one task: timers by task time, punctuation by the wall clock. */
  async tick(name: string): Promise<void> {
    const task = await this.task(name)
    for (const want of task.wanted()) {
      const [fetched] = await this.log.fetcher().fetch([want], fetchAll)
      if (fetched === undefined || fetched.records.length > 0) continue
      task.deliver(fetched, want.offset, this.clock.now())
    }
    await task.cycle()
  }

  /** Loses one task's memory; a new one restores from the log. */
  async crash(name: string): Promise<void> {
    const task = await this.task(name)
    await task.close()
    const topology = this.#topologies.find(({ id }) => name === `${id}-${task.partition}`)
    if (topology !== undefined) await this.#acquire(topology, task.partition)
  }

  /** All records committed since the last call, over all topics, in the order of their commits. */
  drain(): DrainedRecord[] {
    return this.log.drain().flatMap((record) => {
      const spec = topics[record.topic as TopicName]
      if (spec === undefined) return []
      const value = record.value === null ? null : this.codec.decode(spec.record, record.value)
      return [{ ...record, topic: spec.name, key: String(record.key), value } as DrainedRecord]
    })
  }

  async #start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    await this.#globals.load()
    for (const topology of this.#topologies) {
      for (let partition = 0; partition < topology.partitions; partition += 1) {
        await this.#acquire(topology, partition)
      }
    }
  }

  async #acquire(topology: SubTopology, partition: number): Promise<void> {
    const settings: TaskSettings = {
      ...defaultTaskSettings,
      ...this.#options.settings,
      recordsPerCommitMax:
        this.#options.commitEveryRecords ?? defaultTaskSettings.recordsPerCommitMax
    }
    const task = new Task({
      topology,
      partition,
      transactionalProducer: (id) => this.log.transactionalProducer(id),
      admin: this.log.admin,
      restoreFetchers: createRestoreFetchers(async () => this.log.fetcher(), 1),
      backend: this.state,
      codec: this.codec,
      clock: this.clock,
      logger: silentLogger,
      metrics: this.#metrics(),
      failpoints: this.#options.failpoints ?? noFailpoints,
      settings,
      globals: this.#globals,
      partitionsOf: ({ name }) => this.partitionsOf(name)
    })
    this.restoredRecords += await task.acquire()
    this.#tasks.set(task.name, task)
  }

  /** Global tables move between cycles: once at the start of each round of a run. */
  #createGlobals(): GlobalTables {
    return new GlobalTables({
      topologies: this.#topologies,
      openFetcher: async () => this.log.fetcher(),
      admin: this.log.admin,
      codec: this.codec,
      clock: this.clock,
      logger: silentLogger,
      metrics: {},
      settings: defaultGlobalTablesSettings,
      partitionsOf: ({ name }) => this.partitionsOf(name),
      onFatal: () => undefined
    })
  }

  async #feed(task: Task): Promise<void> {
    const wanted = task.wanted()
    const fetched = await this.log.fetcher().fetch(wanted, fetchAll)
    fetched.forEach((partition, i) => {
      task.deliver(partition, wanted[i]?.offset ?? -1n, this.clock.now())
    })
  }

  /** Tasks in the order of this round: shuffled when a seed was given. */
  #order(): Task[] {
    const tasks = [...this.#tasks.values()]
    if (this.#options.seed === undefined) return tasks
    for (let i = tasks.length - 1; i > 0; i -= 1) {
      const j = Math.floor(this.clock.random() * (i + 1))
      const chosen = tasks[i] as Task
      tasks[i] = tasks[j] as Task
      tasks[j] = chosen
    }
    return tasks
  }

  #take(topic: string, partitions: number, onlyNew: boolean): KafkaRecord[] {
    const found: KafkaRecord[] = []
    for (let partition = 0; partition < partitions; partition += 1) {
      const at = `${topic}:${partition}`
      const from = onlyNew ? (this.#readFrom.get(at) ?? 0n) : 0n
      const records = this.log.committedFrom(topic, partition, from)
      const last = records.at(-1)
      if (onlyNew && last) this.#readFrom.set(at, last.offset + 1n)
      found.push(...records)
    }
    return found
  }

  #decode<T extends string>(topic: T, records: readonly KafkaRecord[]): DriverRecord<T>[] {
    return records.map((record) => ({
      key: String(record.key),
      value:
        record.value === null
          ? null
          : (this.#spec(topic).format.decode(record.value, this.codec) as ValueOf<T>),
      timestampMs: record.timestampMs,
      partition: record.partition,
      offset: record.offset,
      headers: record.headers
    }))
  }

  /** A topic of some sub-topology here, or of the catalogue. */
  #spec(topic: string): TopicSpec {
    const known = this.#specs.get(topic)
    if (known) return known
    if (!isCatalogueTopic(topic)) {
      throw new RangeError(`expected a topic of the catalogue or of these topologies, got ${topic}`)
    }
    return catalogueTopic(topic)
  }

  #topology(app: string, sub: string): SubTopology {
    const found = this.#topologies.find((topology) => topology.app === app && topology.name === sub)
    if (found === undefined)
      throw new RangeError(`expected a sub-topology ${app}/${sub} in this driver`)
    return found
  }

  #metrics(): RuntimeMetrics {
    return {
      committed: (topology, { counts, operators }) => {
        for (const [key, count] of operators) {
          const name = `${topology.app}/${key}`
          this.counts.set(name, (this.counts.get(name) ?? 0) + count)
        }
        for (const { name } of counts) {
          const full = `${topology.app}_${name}`
          this.counts.set(full, (this.counts.get(full) ?? 0) + 1)
        }
      },
      restoring: () => undefined,
      restored: () => undefined,
      dropped: () => undefined,
      tasks: () => undefined,
      entries: () => undefined
    }
  }
}

const fetchAll = {
  maxWaitMs: 0,
  maxBytesPerPartition: 1 << 30,
  maxBytes: 1 << 30,
  isolation: 'committed'
} as const

/** Offset metadata with one store's position moved to the end of its changelog. */
function forgetIn(metadata: string, store: string, end: bigint): string {
  if (metadata === '') return metadata
  const parsed = JSON.parse(metadata) as { s: Record<string, string> }
  return JSON.stringify({ ...parsed, s: { ...parsed.s, [store]: String(end) } })
}

/** A driver of the given sub-topologies. */
export function createTopologyDriver(
  topologies: readonly SubTopology[],
  options: DriverOptions
): TopologyDriver {
  return new TopologyDriver(topologies, options)
}
