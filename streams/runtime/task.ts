/**
 * @module A task: one partition number of a sub-topology, serial, exactly once. The engine feeds it
 * fetched records and calls `cycle`; the test driver does the same over a log in memory.
 *
 * ```
 *  created -- acquire --> running -- any error --> (closed; acquired anew as another Task)
 *                            |------- close ----> closed
 * ```
 */
import { changelogTopic, learning } from '../../avro/index.ts'
import { DeadLetterBreaker, MigrateError } from '../../core/index.ts'
import type { FetchedPartition, TransactionalProducer } from '../../core/kafka/index.ts'
import { runBatch } from './batch.ts'
import { commitTask } from './commit.ts'
import { TaskContext } from './context.ts'
import { nextCloseMs, refreshSegments } from './expiry.ts'
import { noGlobals } from './global-table-definition.ts'
import { InputBuffer } from './input-buffer.ts'
import { InputTally } from './input-tally.ts'
import { decodeMetadata, type TaskPositions } from './offset-metadata.ts'
import type { Timer } from './processor.ts'
import { restoreStore } from './restore.ts'
import { type RunningTask, surprise, type TaskDependencies } from './running-task.ts'
import type { TaskName } from './state-backend.ts'
import { TaskState } from './task-state.ts'
import { TaskTime } from './task-time.ts'
import { timersStore } from './topology.ts'

export class Task {
  readonly name: TaskName
  readonly partition: number
  readonly #deps: TaskDependencies
  #running: RunningTask | null = null
  #producer: TransactionalProducer | null = null
  #closed = false
  #cycling: Promise<boolean> | null = null
  #lastCommitMs = Number.NEGATIVE_INFINITY
  #nextPunctuateMs = Number.NEGATIVE_INFINITY
  #verifiedMs = Number.NEGATIVE_INFINITY

  constructor(deps: TaskDependencies) {
    this.#deps = deps
    this.partition = deps.partition
    this.name = `${deps.topology.id}-${deps.partition}`
  }

  get isRunning(): boolean {
    return this.#running !== null && !this.#closed
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** True once the age of the next record of every source is known; records wait until then. */
  get isPrimed(): boolean {
    return this.#running?.inputs.isPrimed ?? false
  }

  /** Age of the oldest fetched and unread record, ms; 0 when there is none. */
  get oldestUnreadAgeMs(): number {
    const oldestMs = this.#running?.inputs.oldestUnreadMs ?? Number.POSITIVE_INFINITY
    return Math.max(0, this.#deps.clock.now() - oldestMs)
  }

  /** Records behind the high watermarks; 0 before the task runs. */
  get lag(): number {
    return this.#running?.inputs.lag ?? 0
  }

  /**
   * Fences the predecessor, learns the committed offsets and restores every store exactly to them.
   * @returns the number of changelog records replayed
   */
  async acquire(): Promise<number> {
    const { topology, partition, admin, failpoints, settings } = this.#deps
    const startedMs = this.#deps.clock.monotonic()
    const producer = await this.#deps.transactionalProducer(`hs-${this.name}`, {
      transactionTimeoutMs: settings.transactionTimeoutMs
    })
    this.#producer = producer
    if (this.#closed) {
      // Revoked while it connected: init now would fence the new owner.
      await producer.close()
      throw new MigrateError('HAIL_CLOSED', `${this.name} was revoked before it began`)
    }
    await producer.init()
    await failpoints('assign.after-init')
    const committed = await admin.committed(topology.group, topology.sources)
    const offsets = new Map<string, bigint>()
    for (const topic of topology.sources) {
      offsets.set(topic, committed.get(`${topic}:${partition}`)?.offset ?? -1n)
    }
    const metadata = committed.get(`${topology.lead}:${partition}`)?.metadata ?? ''
    await failpoints('assign.after-offsets')
    const positions = decodeMetadata(metadata)
    const time = new TaskTime({ ...positions, closeOnIdle: topology.closeOnIdle !== false })
    const restored = await this.#restore(positions, time.windowMs)
    await this.#resolveStart(offsets)
    const state = await this.#loadState(positions, time)
    this.#start({ producer, offsets, time, state })
    this.#deps.metrics.restored(topology, this.#deps.clock.monotonic() - startedMs)
    return restored
  }

  /** Offsets to fetch next; empty while the task is not running or its buffer is full. */
  wanted(): { topic: string; partition: number; offset: bigint }[] {
    const running = this.#running
    if (running === null || this.#closed) return []
    const { bufferedRecordsMax, bufferedBytesMax } = this.#deps.settings
    const { inputs } = running
    const isFull = inputs.records >= bufferedRecordsMax || inputs.bytes >= bufferedBytesMax
    return inputs.fetchOffsets(isFull).map((want) => ({ ...want, partition: this.partition }))
  }

  /** Takes a fetch response in; stale ones are ignored. */
  deliver(fetched: FetchedPartition, requestedOffset: bigint, sentAtMs: number): void {
    this.#running?.inputs.deliver(fetched, requestedOffset, sentAtMs)
  }

  /** Wall clock at which `cycle` next has something to do, epoch ms; +Infinity when only input can tell. */
  dueMs(): number {
    const running = this.#running
    if (running === null || this.#closed) return Number.POSITIVE_INFINITY
    const { topology, settings, clock } = this.#deps
    const { inputs, time, context } = running
    const moment = { wallMs: clock.now(), frontier: inputs.frontier() }
    const hasTimer = context.timers.due(moment) !== undefined
    const hasRecords = inputs.records > 0 && inputs.isPrimed
    const isClosing = nextCloseMs(running) <= time.windowMsAt(moment.frontier, moment.wallMs)
    const isFull = hasRecords && inputs.records >= settings.recordsPerCommitMax
    const earliest = isFull ? 0 : this.#lastCommitMs + topology.commitIntervalMs
    const work = hasRecords || hasTimer || isClosing ? earliest : Number.POSITIVE_INFINITY
    return Math.min(
      work,
      topology.punctuate ? this.#nextPunctuateMs : Number.POSITIVE_INFINITY,
      this.#verifiedMs + settings.verifyEveryMs
    )
  }

  /** Wall clock of the next durable timer, punctuation or window close, whether input allows it yet or not; epoch ms. */
  nextTimeMs(): number {
    const running = this.#running
    if (running === null) return Number.POSITIVE_INFINITY
    const { topology } = this.#deps
    const punctuation = topology.punctuate ? this.#nextPunctuateMs : Number.POSITIVE_INFINITY
    const close = topology.closeOnIdle === false ? Number.POSITIVE_INFINITY : nextCloseMs(running)
    return Math.min(running.context.timers.nextMs, punctuation, close)
  }

  /** True when the task runs, has nothing to read, and no time comes up that a fetch must bring nearer. */
  isIdleUntil(wallMs: number): boolean {
    const inputs = this.#running?.inputs
    return inputs?.isPrimed === true && inputs.records === 0 && this.nextTimeMs() > wallMs
  }

  /**
   * Handles what is buffered and due in one transaction.
   * @returns true when something was committed
   * @throws MigrateError when fenced, CorruptError when the outcome or the state is in doubt: drop the task
   */
  cycle(): Promise<boolean> {
    if (this.#cycling) return this.#cycling
    this.#cycling = this.#cycle().finally(() => {
      this.#cycling = null
    })
    return this.#cycling
  }

  /** Stops after the cycle at hand; nothing is committed later. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#cycling?.catch(() => undefined)
    await this.#producer?.close().catch(() => undefined)
  }

  /** Entries held in memory, by store. */
  sizes(): { store: string; entries: number }[] {
    const caches = this.#running?.state.caches ?? []
    return caches.map((cache) => ({ store: cache.name, entries: cache.size }))
  }

  async #cycle(): Promise<boolean> {
    const running = this.#running
    if (running === null || this.#closed) return false
    const { clock, topology, settings } = this.#deps
    const wallMs = clock.now()
    await this.#deps.failpoints('poll.after')
    const isPunctual = topology.punctuate !== undefined && wallMs >= this.#nextPunctuateMs
    await runBatch(running, { wallMs, isPunctual })
    if (topology.punctuate && isPunctual) {
      const { everyMs } = topology.punctuate
      this.#nextPunctuateMs = wallMs - (wallMs % everyMs) + everyMs
    }
    if (this.#closed) return false
    await this.#deps.failpoints('process.after')
    const committed = await commitTask(running, () => this.#closed)
    // Counted from when the batch was taken: what a commit takes is not added to what its records waited.
    if (committed) this.#lastCommitMs = wallMs
    else if (wallMs >= this.#verifiedMs + settings.verifyEveryMs) await this.#verify(running)
    if (committed) this.#verifiedMs = clock.now()
    return committed
  }

  /** A quiet task notices a wiped or rolled-back backend by itself, so that readers find its state again. */
  async #verify(running: RunningTask): Promise<void> {
    const { backend, clock } = this.#deps
    this.#verifiedMs = clock.now()
    const reads = running.state.caches.map((cache) => ({
      store: cache.name,
      segmented: cache.isSegmented,
      keys: []
    }))
    // Together, so that the client sends them in one packet.
    const [results] = await Promise.all([backend.read(this.name, reads), refreshSegments(running)])
    results.forEach((result, i) => {
      const store = reads[i]?.store ?? ''
      if (result.position !== running.state.position(store)) {
        throw surprise(this.name, store, running.state.position(store), result.position)
      }
    })
  }

  #changelog(store: string): string {
    const { topology } = this.#deps
    return changelogTopic({ app: topology.app, sub: topology.name, store })
  }

  async #restore(positions: TaskPositions, windowTimeMs: number): Promise<number> {
    const { topology, partition, settings, backend, codec, clock, failpoints } = this.#deps
    let restored = 0
    for (const [store, definition] of Object.entries(topology.stores)) {
      const changelog = this.#changelog(store)
      restored += await restoreStore({
        task: this.name,
        store,
        definition,
        changelog,
        partition,
        target: positions.stores.get(store) ?? 0n,
        backend,
        windowTimeMs,
        fetchers: this.#deps.restoreFetchers,
        changelogBounds: async () => {
          const bounds = (await this.#deps.admin.endOffsets(changelog)).get(partition)
          return bounds ?? { logStart: 0n, high: 0n }
        },
        codec,
        clock,
        failpoints,
        isAbandoned: () => this.#closed,
        trustedAgeMs: settings.trustedAgeMs,
        patienceMs: settings.restorePatienceMs,
        chunkBytes: settings.restoreChunkBytes,
        onProgress: (records, left) =>
          this.#deps.metrics.restoring(topology, { partition, store, records, left })
      })
    }
    return restored
  }

  async #loadState(positions: TaskPositions, time: TaskTime): Promise<TaskState> {
    const { topology, backend, codec, settings } = this.#deps
    const { cacheEntriesMax } = settings
    const state = new TaskState({ stores: topology.stores, codec, time, cacheEntriesMax })
    for (const cache of state.caches) {
      cache.position = positions.stores.get(cache.name) ?? 0n
      if (cache.isSegmented) cache.addSegments(await backend.segments(this.name, cache.name))
      if (!cache.isResident && !cache.isSegmented) continue
      if (cache.isResident) {
        for await (const [key, value] of backend.scan(this.name, cache.name)) {
          await learning(codec, () => state.load(cache, key, value))
        }
      }
      // What was taken in is taken for granted from here on, so it has to be of this position.
      const after = await backend.position(this.name, cache.name)
      if (after.position !== cache.position) {
        throw surprise(this.name, cache.name, cache.position, after.position)
      }
    }
    return state
  }

  /** Without a committed offset a source starts at its first record. */
  async #resolveStart(offsets: Map<string, bigint>): Promise<void> {
    for (const [topic, offset] of offsets) {
      if (offset >= 0n) continue
      const ends = await this.#deps.admin.endOffsets(topic)
      offsets.set(topic, ends.get(this.partition)?.logStart ?? 0n)
    }
  }

  #start(parts: {
    producer: TransactionalProducer
    offsets: Map<string, bigint>
    time: TaskTime
    state: TaskState
  }): void {
    const { topology, partition, codec, partitionsOf, settings } = this.#deps
    const { time, state } = parts
    const { globals = noGlobals } = this.#deps
    const context = new TaskContext({
      topology,
      partition,
      codec,
      state,
      time,
      partitionsOf,
      globals
    })
    if (timersStore in topology.stores) {
      for (const [, timer] of state.all(timersStore)) context.timers.add(timer as Timer)
    }
    this.#verifiedMs = this.#deps.clock.now()
    this.#running = {
      name: this.name,
      deps: this.#deps,
      inputs: new InputBuffer(parts.offsets, {
        appendLagMsOf: (topic) =>
          topology.topic(topic).isInternal
            ? Math.max(settings.appendLagMs, settings.repartitionLagMs)
            : settings.appendLagMs,
        waitsForAll: topology.waitsForAll === true
      }),
      time,
      state,
      context,
      producer: parts.producer,
      breaker: new DeadLetterBreaker({
        windowRecords: settings.deadLetterWindow,
        ratioMax: settings.deadLetterRatioMax
      }),
      committedOffsets: new Map(parts.offsets),
      tally: new InputTally(),
      sweeps: new Map()
    }
  }
}
