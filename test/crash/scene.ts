/**
 * @module One case on the real servers: its topics, its sender, its processes, what was done to them
 * and whether it struck.
 */
import { changelogTopic, dlqTopic } from '../../avro/index.ts'
import { type Clock, systemClock } from '../../core/index.ts'
import type {
  Kafka,
  KafkaAdmin,
  KafkaProducer,
  OffsetCommit,
  TransactionVersion
} from '../../core/kafka/index.ts'
import type { Redis } from '../../core/redis/index.ts'
import {
  createRedisState,
  decodeMetadata,
  ensureInternalTopics,
  type StateBackend,
  type SubTopology,
  type TaskSettings
} from '../../streams/runtime/index.ts'
import type { Anomaly, NemesisBite, StorePositions } from '../checker/index.ts'
import { waitFor } from '../support/wait-for.ts'
import { wipe } from './case-state.ts'
import { InputSender } from './input-sender.ts'
import type { Instance, Servers } from './instance.ts'
import type { InstancePool } from './instance-pool.ts'
import { crashTopology, partitions, stores, topicsOf } from './workload.ts'

const isDone = (): boolean => true
/** A broker may not know a topic yet that its controller has just created. */
const isNotYet = (): boolean => false

/** What all cases share. */
export interface Stage {
  readonly servers: Servers
  readonly kafka: Kafka
  readonly redis: Redis
  readonly pool: InstancePool
}

export interface SceneOptions {
  readonly stage: Stage
  /** Unique, of a-z and 0-9. */
  readonly app: string
  readonly seed: number
  /** Faults of the runtime itself, to show that they are noticed. */
  readonly task?: Partial<TaskSettings>
  /** Of its producers; 2 unless said otherwise. */
  readonly transactionVersion?: TransactionVersion
  /** Settings of its changelogs that differ. */
  readonly changelog?: Readonly<Record<string, string>>
  /** Longest time to rest after the faults, ms. */
  readonly liveMs?: number
}

/** Far above what a process on two shared cores needs between two heartbeats. */
export const sessionTimeoutMs = 2_000
const liveMsDefault = 30_000
/** Longest an offset may take to be visible after its commit was answered, ms. */
const markerMs = 3_000

export class Scene {
  readonly stage: Stage
  /** Of this case alone: a connection keeps asking for every topic it ever knew, deleted ones too. */
  readonly admin: KafkaAdmin
  readonly app: string
  readonly topology: SubTopology
  readonly sender: InputSender
  readonly backend: StateBackend
  readonly clock: Clock = systemClock
  readonly liveMs: number
  readonly bites: NemesisBite[] = []
  readonly probes: StorePositions[] = []
  readonly anomalies: Anomaly[] = []
  readonly instances: Instance[] = []
  /** A refusal that this case is about: fatal errors with this code are no anomaly. */
  allowedFatal: string | null = null
  readonly #options: SceneOptions
  readonly #producer: KafkaProducer
  #runs = 0

  private constructor(options: SceneOptions, admin: KafkaAdmin, producer: KafkaProducer) {
    const { stage, app, seed } = options
    this.#options = options
    this.stage = stage
    this.admin = admin
    this.#producer = producer
    this.app = app
    this.topology = crashTopology(app)
    this.backend = createRedisState(stage.redis)
    this.liveMs = options.liveMs ?? liveMsDefault
    this.sender = new InputSender({ producer, app, seed })
  }

  /** Creates the topics. */
  static async open(options: SceneOptions): Promise<Scene> {
    const { kafka } = options.stage
    const [admin, producer] = await Promise.all([kafka.admin(), kafka.producer()])
    const scene = new Scene(options, admin, producer)
    const { input } = topicsOf(options.app)
    const base = { partitions, replicationFactor: 1 }
    const changelogs = options.changelog ? scene.changelogs : []
    const create = async (): Promise<void> => {
      await admin.ensureTopics([
        // The broker's clock: so no record is late, and the order of timers and records is known.
        { name: input.name, ...base, config: { 'message.timestamp.type': 'LogAppendTime' } },
        ...changelogs.map((name) => ({ name, ...base, config: { ...options.changelog } }))
      ])
      await ensureInternalTopics(admin, [scene.topology], 1)
    }
    await waitFor('the topics of a case', () => create().then(isDone, isNotYet), { everyMs: 200 })
    return scene
  }

  get topics(): string[] {
    const { input, output } = topicsOf(this.app)
    return [input.name, output.name, ...this.changelogs]
  }

  get changelogs(): string[] {
    return stores.map((store) => changelogTopic({ app: this.app, sub: this.topology.name, store }))
  }

  get tasks(): string[] {
    return Array.from({ length: partitions }, (_, partition) => `${this.topology.id}-${partition}`)
  }

  /** An idle process. */
  async instance(): Promise<Instance> {
    const instance = await this.stage.pool.take()
    this.instances.push(instance)
    return instance
  }

  /** Starts a run, which waits at each of the stops. */
  run(instance: Instance, stops: readonly string[] = [], task: Partial<TaskSettings> = {}): void {
    this.#runs += 1
    const { kafka, redis } = this.stage.servers
    instance.run({
      app: this.app,
      clientId: `${this.app}-${this.#runs}`,
      brokers: kafka,
      redisUrl: redis,
      sessionTimeoutMs,
      transactionVersion: this.#options.transactionVersion ?? 2,
      stops,
      // Small batches: more transactions, more chances.
      task: { recordsPerCommitMax: 25, ...this.#options.task, ...task }
    })
  }

  bite(name: string, hits: number): void {
    this.bites.push({ name, hits })
  }

  /** Waits until the instance runs every task, or `count` of them. */
  async owns(instance: Instance, count = partitions): Promise<void> {
    await waitFor(
      `a process to run ${count} tasks`,
      async () => {
        this.checkFatal()
        const { assigned, running } = await instance.counts()
        return assigned === count && running === count
      },
      { timeoutMs: this.liveMs }
    )
  }

  /** Waits until every store of every task has something committed. */
  async hasWorked(): Promise<void> {
    await waitFor('every task to commit to its stores', async () => {
      this.checkFatal()
      return (await this.committedPositions()).every((position) => position > 0n)
    })
  }

  /** Member ids in the group, by client id. */
  async members(): Promise<ReadonlyMap<string, string>> {
    const found = await this.admin.groupMembers(this.topology.group)
    return new Map(found.map(({ clientId, memberId }) => [clientId, memberId]))
  }

  /** What the supervisor does for a dead process. */
  async removeMember(clientId: string | null): Promise<void> {
    const memberId = (await this.members()).get(clientId ?? '')
    if (memberId) await this.stage.kafka.removeMember(this.topology.group, memberId)
  }

  async lag(): Promise<bigint> {
    const { name } = topicsOf(this.app).input
    const [ends, committed] = await Promise.all([
      this.admin.endOffsets(name),
      this.admin.committed(this.topology.group, [name])
    ])
    let lag = 0n
    for (const [partition, { high }] of ends) {
      const offset = committed.get(`${name}:${partition}`)?.offset ?? -1n
      lag += high - (offset < 0n ? 0n : offset)
    }
    return lag
  }

  /** @throws Error when the lag does not come down in time, or a process has ended by itself */
  async caughtUp(timeoutMs = this.liveMs): Promise<void> {
    await waitFor(
      `the lag of ${this.app} to be 0`,
      async () => {
        this.checkFatal()
        return (await this.lag()) === 0n
      },
      { timeoutMs, everyMs: 60 }
    )
  }

  /** Committed offsets of the source with their metadata. */
  async committedOffsets(): Promise<OffsetCommit['offsets']> {
    const { name } = topicsOf(this.app).input
    const committed = await this.admin.committed(this.topology.group, [name])
    return Array.from({ length: partitions }, (_, partition) => {
      const { offset = -1n, metadata = '' } = committed.get(`${name}:${partition}`) ?? {}
      return { topic: name, partition, offset, metadata }
    })
  }

  /** Compares where the stores stand now with what is committed once the broker has written it down. */
  async probe(): Promise<void> {
    const stood = await this.#positions()
    const deadline = this.clock.monotonic() + markerMs
    for (;;) {
      const committed = await this.committedPositions()
      const isAhead = stood.some(({ position }, i) => position > (committed[i] ?? 0n))
      if (isAhead && this.clock.monotonic() < deadline) {
        await this.clock.sleep(50)
        continue
      }
      this.probes.push(...stood.map((at, i) => ({ ...at, committed: committed[i] ?? 0n })))
      return
    }
  }

  /** Changelog positions in the committed offsets' metadata: of each store of each task in turn. */
  async committedPositions(): Promise<bigint[]> {
    const offsets = await this.committedOffsets()
    return offsets.flatMap(({ metadata }) => {
      const positions = decodeMetadata(metadata).stores
      return stores.map((store) => positions.get(store) ?? 0n)
    })
  }

  /** True when nothing is left that time will do: windows and timers are gone, stores stand where committed. */
  async isQuiet(): Promise<boolean> {
    const committed = await this.committedPositions()
    const stood = await this.#positions()
    if (stood.some(({ position }, i) => position !== committed[i])) return false
    for (const task of this.tasks) {
      if ((await this.backend.segments(task, 'windows')).length > 0) return false
      const timers = await this.backend.page(task, {
        store: 'timers',
        segment: null,
        cursor: '0',
        count: 10
      })
      if (timers.entries.length > 0 || timers.cursor !== '0') return false
    }
    return true
  }

  /** @throws Error when a process had an error that it would have ended with */
  checkFatal(): void {
    const fatal = this.instances.flatMap((instance) => instance.fatal)
    const found = fatal.find((line) => !line.startsWith(`${this.allowedFatal}:`))
    if (found) throw new Error(`a process would have ended by itself: ${found}`)
    const ended = this.instances.find(({ ownEnd }) => ownEnd !== null)
    if (ended) throw new Error(`a process ended by itself with ${ended.ownEnd}`)
  }

  /** Gives the processes back and removes topics, group and keys. */
  async close(isSound: boolean): Promise<void> {
    const { pool, redis } = this.stage
    const { admin } = this
    await Promise.all(this.instances.map((instance) => pool.giveBack(instance, isSound)))
    await wipe(redis, this.app)
    await admin.deleteTopics([...this.topics, dlqTopic(topicsOf(this.app).input.name)])
    await admin.deleteGroup(this.topology.group)
    await Promise.all([admin.close(), this.#producer.close()])
  }

  async #positions(): Promise<Omit<StorePositions, 'committed'>[]> {
    const places = this.tasks.flatMap((task) => stores.map((store) => ({ task, store })))
    return Promise.all(
      places.map(async ({ task, store }) => {
        const { position } = await this.backend.position(task, store)
        return { task, store, position }
      })
    )
  }
}
