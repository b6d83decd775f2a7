/**
 * @module One sub-topology in one process: membership of its group, a fetch loop over the tasks held
 * here and the scheduling of their cycles.
 *
 * Ownership: a join says which tasks are ours. Tasks kept by the same member go on untouched; the
 * others are acquired (fence, committed offsets, restore) before their first fetch. After an error
 * a task is dropped and acquired anew, once a heartbeat newer than the error proves that this
 * process still is a member: a zombie stays out by itself.
 */
import type { Codec } from '../../avro/index.ts'
import { type Clock, FatalError, isHailError, type Logger } from '../../core/index.ts'
import type {
  FetchedPartition,
  Fetcher,
  GroupAssignment,
  GroupMember,
  Kafka,
  KafkaAdmin
} from '../../core/kafka/index.ts'
import type { Failpoints } from './failpoints.ts'
import type { GlobalReader } from './global-table-definition.ts'
import type { GroupSettings } from './group-settings.ts'
import type { TopicSpec } from './processor.ts'
import type { RestoreFetchers } from './restore-fetchers.ts'
import { offsetLost } from './running-task.ts'
import type { RuntimeMetrics } from './runtime-metrics.ts'
import type { StateBackend } from './state-backend.ts'
import { Task } from './task.ts'
import type { TaskSettings } from './task-settings.ts'
import type { SubTopology } from './topology.ts'

export interface GroupRuntimeOptions {
  readonly topology: SubTopology
  readonly kafka: Kafka
  readonly admin: KafkaAdmin
  readonly restoreFetchers: RestoreFetchers
  readonly backend: StateBackend
  readonly codec: Codec
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly failpoints: Failpoints
  readonly task: TaskSettings
  readonly settings: GroupSettings
  readonly partitionsOf: (topic: TopicSpec) => number
  readonly globals: GlobalReader
  /** Called for an error that no task can survive; the process stops. */
  readonly onFatal: (error: unknown) => void
}

export class GroupRuntime {
  readonly #options: GroupRuntimeOptions
  readonly #tasks = new Map<number, Task>()
  readonly #failures = new Map<number, number>()
  /** Partitions whose last batch held something that cannot be written; the next owner finds the record. */
  readonly #suspects = new Set<number>()
  readonly #wakeTimers = new Map<number, { readonly dueMs: number; cancel(): void }>()
  #member: GroupMember | null = null
  #memberId: string | null = null
  #generation = 0
  #assigned = new Set<number>()
  #stopping = false
  #wake: (() => void) | null = null
  #fetching: Promise<void> | null = null
  #fetcher: Fetcher | null = null

  constructor(options: GroupRuntimeOptions) {
    this.#options = options
  }

  /** Tasks assigned to this process and those of them that run. */
  get counts(): { assigned: number; running: number } {
    let running = 0
    for (const task of this.#tasks.values()) if (task.isRunning) running += 1
    return { assigned: this.#assigned.size, running }
  }

  get groupId(): string {
    return this.#options.topology.group
  }

  get memberId(): string | null {
    return this.#memberId
  }

  async start(): Promise<void> {
    const { kafka, topology, settings } = this.#options
    this.#fetcher = await kafka.fetcher()
    this.#member = kafka.member({
      groupId: topology.group,
      topics: topology.sources,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      heartbeatMs: settings.heartbeatMs,
      rebalanceTimeoutMs: settings.rebalanceTimeoutMs,
      onAssigned: (assignment) => this.#onAssigned(assignment),
      onLost: () =>
        this.#options.logger.warn(
          { topology: topology.id },
          'group membership is lost; joining again'
        )
    })
    this.#fetching = this.#fetchLoop(this.#fetcher)
    await this.#member.start()
  }

  /** Finishes the cycles at hand, leaves the group and closes. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const timer of this.#wakeTimers.values()) timer.cancel()
    this.#wake?.()
    await Promise.all([...this.#tasks.values()].map((task) => task.close()))
    await this.#options.failpoints('revoke.mid')
    await this.#member?.leave()
    await this.#fetching
    await this.#fetcher?.close()
    this.#tasks.clear()
  }

  /** Refreshes the gauges; called before each scrape. */
  report(): void {
    const { metrics, topology } = this.#options
    const entries = new Map<string, number>()
    const tasks = [...this.#tasks.values()]
    for (const task of tasks) {
      for (const size of task.sizes()) {
        entries.set(size.store, (entries.get(size.store) ?? 0) + size.entries)
      }
    }
    metrics.tasks(topology, { assigned: this.#assigned.size, tasks })
    for (const [store, count] of entries) metrics.entries(topology, store, count)
  }

  /** Runs inside the join, so it only marks and starts; nothing here may wait. */
  #onAssigned(assignment: GroupAssignment): void {
    const { partitions, lead, id } = this.#options.topology
    const added = assignment.partitions.find((partition) => partition >= partitions)
    if (added !== undefined) {
      this.#options.onFatal(
        new FatalError(
          'HAIL_TOPOLOGY',
          `${id}: expected ${lead} with ${partitions} partitions, got task ${added}; keys have moved ` +
            'between partitions, so the state has to be rebuilt under another name'
        )
      )
      return
    }
    this.#generation += 1
    const isSameMember = this.#memberId === assignment.memberId
    this.#memberId = assignment.memberId
    this.#assigned = new Set(assignment.partitions)
    for (const [partition, task] of this.#tasks) {
      if (!isSameMember || !this.#assigned.has(partition)) this.#drop(partition, task)
    }
    this.#options.logger.info(
      { topology: this.#options.topology.id, partitions: assignment.partitions.join(',') },
      'tasks assigned'
    )
    for (const partition of assignment.partitions) {
      if (!this.#tasks.has(partition)) void this.#acquire(partition)
    }
  }

  #drop(partition: number, task: Task): void {
    if (this.#tasks.get(partition) === task) this.#tasks.delete(partition)
    this.#wakeTimers.get(partition)?.cancel()
    this.#wakeTimers.delete(partition)
    void task.close()
  }

  async #acquire(partition: number): Promise<void> {
    const { topology, kafka, admin, logger } = this.#options
    const task = new Task({
      ...this.#options,
      topology,
      partition,
      admin,
      settings: { ...this.#options.task, checksEachInput: this.#suspects.delete(partition) },
      transactionalProducer: (id, producer) => kafka.transactionalProducer(id, producer)
    })
    this.#tasks.set(partition, task)
    try {
      const restored = await task.acquire()
      if (this.#tasks.get(partition) !== task) return void (await task.close())
      logger.info({ task: task.name, records: restored }, 'task runs')
      this.#wake?.()
      this.#schedule(task)
    } catch (error) {
      this.#fail(task, error)
    }
  }

  /** Drops the task; acquires it anew while this process provably still is its owner. */
  #fail(task: Task, error: unknown): void {
    const { partition } = task
    if (this.#tasks.get(partition) !== task) return void task.close()
    const { logger, metrics, topology, clock, settings } = this.#options
    const failedAt = clock.monotonic()
    this.#drop(partition, task)
    if (this.#stopping) return
    const code = isHailError(error) ? error.code : 'HAIL_INTERNAL'
    metrics.dropped(topology, code)
    if (!isHailError(error) || error.reaction === 'fatal') {
      logger.error({ task: task.name, code, err: error }, 'task stopped')
      this.#options.onFatal(error)
      return
    }
    if (error.reaction === 'skip-to-dlq') this.#suspects.add(partition)
    logger.warn({ task: task.name, code, err: error }, 'task dropped; it is acquired anew')
    const failures = (this.#failures.get(partition) ?? 0) + 1
    this.#failures.set(partition, failures)
    const waitMs = Math.min(settings.reacquireMs * 2 ** (failures - 1), settings.reacquireMsMax)
    void this.#reacquire(partition, failedAt, waitMs * (0.5 + clock.random() / 2))
  }

  async #reacquire(partition: number, failedAt: number, waitMs: number): Promise<void> {
    const { clock } = this.#options
    const generation = this.#generation
    await clock.sleep(waitMs)
    while (!this.#stopping && this.#generation === generation) {
      if ((this.#member?.lastHeartbeatAt() ?? 0) > failedAt) break
      await clock.sleep(20)
    }
    // A join in between has acquired the task already, or given it to somebody else.
    if (this.#stopping || this.#generation !== generation) return
    if (this.#assigned.has(partition) && !this.#tasks.has(partition)) await this.#acquire(partition)
  }

  async #fetchLoop(fetcher: Fetcher): Promise<void> {
    const { clock, settings, logger, topology } = this.#options
    while (!this.#stopping) {
      const wanted = [...this.#tasks.values()].flatMap((task) => task.wanted())
      if (wanted.length === 0) {
        await this.#idle()
        continue
      }
      const sentAtMs = clock.now()
      const owners = new Map(this.#tasks)
      try {
        const fetched = await fetcher.fetch(wanted, {
          maxWaitMs: settings.fetchMaxWaitMs,
          soleLeaderWaitMs: this.#soleLeaderWaitMs(sentAtMs),
          maxBytesPerPartition: settings.fetchMaxBytes,
          maxBytes: settings.fetchMaxBytes,
          isolation: 'committed'
        })
        fetched.forEach((partition, i) => {
          const task = owners.get(partition.partition)
          if (task) this.#deliver(task, partition, wanted[i]?.offset ?? -1n, sentAtMs)
        })
        // Behind, there is nothing to wait for: the log holds more already.
        const isBehind = fetched.some(({ offsetNext, lastStableOffset }) => {
          return offsetNext < lastStableOffset
        })
        const restMs = isBehind ? 0 : settings.fetchIntervalMs - (clock.now() - sentAtMs)
        if (restMs > 0) await clock.sleep(restMs)
      } catch (error) {
        if (this.#stopping) return
        logger.warn({ topology: topology.id, err: error }, 'fetch failed; trying again')
        await clock.sleep(200)
      }
    }
  }

  #soleLeaderWaitMs(nowMs: number): number {
    const { fetchMaxWaitMs, fetchIdleWaitMs } = this.#options.settings
    const untilMs = nowMs + fetchIdleWaitMs
    // A task that is still being acquired is fetched for with the next fetch.
    const isComplete = this.#tasks.size === this.#assigned.size
    const isIdle =
      isComplete && [...this.#tasks.values()].every((task) => task.isIdleUntil(untilMs))
    return isIdle ? Math.max(fetchIdleWaitMs, fetchMaxWaitMs) : fetchMaxWaitMs
  }

  #deliver(task: Task, fetched: FetchedPartition, requested: bigint, sentAtMs: number): void {
    if (fetched.error === 'OFFSET_OUT_OF_RANGE') {
      this.#fail(task, offsetLost(task.name, fetched.topic, requested))
      return
    }
    if (fetched.error !== null) return
    task.deliver(fetched, requested, sentAtMs)
    this.#schedule(task)
  }

  /** Waits until a task runs or has room again. */
  async #idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, 50)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
    this.#wake = null
  }

  /** Runs the task's next cycle when it is due; one wake-up a task is pending at most. */
  #schedule(task: Task): void {
    if (this.#stopping || this.#tasks.get(task.partition) !== task) return
    const { clock } = this.#options
    const dueMs = task.dueMs()
    const pending = this.#wakeTimers.get(task.partition)
    // An idle task is fetched for many times between two things to do.
    if (pending?.dueMs === dueMs) return
    pending?.cancel()
    this.#wakeTimers.delete(task.partition)
    if (dueMs === Number.POSITIVE_INFINITY) return
    const timer = clock.setTimer(
      () => {
        this.#wakeTimers.delete(task.partition)
        task.cycle().then(
          (committed) => {
            // Only a commit proves the task well: an acquisition succeeds before every poison batch.
            if (committed) this.#failures.delete(task.partition)
            this.#schedule(task)
          },
          (error: unknown) => this.#fail(task, error)
        )
      },
      Math.max(0, dueMs - clock.now())
    )
    this.#wakeTimers.set(task.partition, { dueMs, cancel: () => timer.cancel() })
  }
}
