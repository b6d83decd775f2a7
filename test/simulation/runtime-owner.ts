/**
 * @module One owner of one task, as one process would be: it may be struck, hang in the middle of an
 * operation while a successor takes over, and go on later. Its wall clock may run ahead of others'.
 */

import type { Codec } from '../../avro/index.ts'
import {
  type Clock,
  type FakeClock,
  isHailError,
  RetryError,
  silentLogger
} from '../../core/index.ts'
import type { FetchedPartition } from '../../core/kafka/index.ts'
import {
  defaultTaskSettings,
  type RuntimeMetrics,
  type StateBackend,
  type SubTopology,
  Task,
  type TaskSettings
} from '../../streams/runtime/index.ts'
import type { MemoryLog } from '../support/index.ts'
import type { Dice } from './dice.ts'
import type { Bites } from './runtime-bites.ts'
import {
  type CallFault,
  type FaultSource,
  faultyFetcher,
  faultyProducer,
  faultyState,
  type Plan,
  Struck
} from './runtime-faults.ts'

/** What all owners share: the servers and the world's time. */
export interface Servers {
  readonly topology: SubTopology
  readonly log: MemoryLog
  readonly state: StateBackend
  readonly codec: Codec
  readonly clock: FakeClock
  readonly dice: Dice
  readonly bites: Bites
  readonly settings: Partial<TaskSettings>
}

/** A response that is kept back, to be delivered late. */
export interface HeldFetch {
  readonly fetched: FetchedPartition
  readonly requested: bigint
  readonly sentAtMs: number
}

const quiet: RuntimeMetrics = {
  committed: () => undefined,
  restored: () => undefined,
  restoring: () => undefined,
  dropped: () => undefined,
  tasks: () => undefined,
  entries: () => undefined
}

export class Owner {
  readonly task: Task
  /** When it began to acquire its task, epoch ms. */
  readonly bornMs: number
  /** How far its wall clock is ahead, ms. */
  skewMs = 0
  /** At most one fault of the operation at hand. */
  plan: Plan | null = null
  held: HeldFetch | null = null
  /** Where it hangs, null while it does not. */
  pausedAt: string | null = null
  /** True once another owner has begun to acquire its task. */
  isSuperseded = false
  /** Why it ended, null while it lives. */
  error: unknown = null
  #isBusy = false
  #resume: (() => void) | null = null
  readonly #servers: Servers

  constructor(servers: Servers, partition: number) {
    this.#servers = servers
    this.bornMs = servers.clock.now()
    const { topology, log, state, codec, dice, settings } = servers
    const faults: FaultSource = {
      takes: (fault) => this.#takes(fault),
      pageRecords: () => 1 + dice.below(6),
      at: (name) => this.#reach(name)
    }
    this.task = new Task({
      topology,
      partition,
      codec,
      transactionalProducer: async (id) =>
        faultyProducer(await log.transactionalProducer(id), faults),
      admin: {
        committed: async (group, topics) => {
          if (faults.takes('admin-refused')) throw unavailable()
          return log.admin.committed(group, topics)
        },
        endOffsets: async (topic) => {
          if (faults.takes('admin-refused')) throw unavailable()
          return log.admin.endOffsets(topic)
        }
      },
      restoreFetchers: {
        use: (run) => run(faultyFetcher(log.fetcher(), faults)),
        close: async () => undefined
      },
      backend: faultyState(state, faults),
      clock: this.#clock(),
      logger: silentLogger,
      metrics: quiet,
      failpoints: faults.at,
      settings: { ...defaultTaskSettings, ...settings },
      partitionsOf: () => topology.partitions
    })
  }

  get partition(): number {
    return this.task.partition
  }

  /** True while an operation is under way: it hangs, or waits for time to pass. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  get isDead(): boolean {
    return this.error !== null
  }

  /** Its own wall clock, epoch ms. */
  now(): number {
    return this.#servers.clock.now() + this.skewMs
  }

  /** Starts an operation; it may stay under way when this returns. */
  async begin(run: () => Promise<unknown>): Promise<void> {
    this.#isBusy = true
    run().then(
      () => {
        this.#isBusy = false
        this.plan = null
      },
      (error: unknown) => {
        this.#isBusy = false
        this.error = error
      }
    )
    await this.#servers.clock.settle()
  }

  /** Lets it go on from where it hangs. */
  async resume(): Promise<void> {
    const { bites } = this.#servers
    if (this.isSuperseded && this.pausedAt !== null) bites.add(`zombie:${this.pausedAt}`)
    this.pausedAt = null
    const resume = this.#resume
    this.#resume = null
    resume?.()
    await this.#servers.clock.settle()
  }

  /** Closes the task as the engine does with one it drops; a struck process closes nothing. */
  async close(): Promise<void> {
    if (!(this.error instanceof Struck)) await this.task.close()
  }

  #clock(): Clock {
    const { clock } = this.#servers
    return {
      now: () => this.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (fire, delayMs) => clock.setTimer(fire, delayMs),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
      random: () => clock.random(),
      randomBytes: (count) => clock.randomBytes(count)
    }
  }

  #takes(fault: CallFault): boolean {
    if (this.plan?.kind !== fault) return false
    this.plan = null
    this.#servers.bites.add(fault)
    return true
  }

  #reach(name: string): void | Promise<void> {
    const plan = this.plan
    if (plan === null || !('point' in plan) || plan.point !== name) return undefined
    plan.hitsLeft -= 1
    if (plan.hitsLeft > 0) return undefined
    this.plan = null
    this.#servers.bites.add(`${plan.kind}:${name}`)
    if (plan.kind === 'crash') throw new Struck(name)
    this.pausedAt = name
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }
}

/** True when the engine would stop for good on this error. */
export function isFatal(error: unknown): boolean {
  if (error === null || error instanceof Struck) return false
  return !isHailError(error) || error.reaction === 'fatal' || error.reaction === 'skip-to-dlq'
}

function unavailable(): RetryError {
  return new RetryError('HAIL_KAFKA_UNAVAILABLE', 'no answer')
}
