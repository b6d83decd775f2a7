/**
 * Long polls of drivers. However many drivers wait, one loop reads for all of them, a batch of reads
 * every 100 ms; a driver never causes reads of its own while it waits.
 *
 * @module
 */
import type { Clock, Metrics, TimerHandle } from '../../core/index.ts'
import type { Policy } from '../../domain/index.ts'
import { Problem, retryAfterSeconds } from '../http/index.ts'
import { type Assignment, readAssignments } from './assignment.ts'
import type { LiveStores } from './ports.ts'
import type { ReadGuard } from './read-guard.ts'

/** Bounds of the poller. */
export type AssignmentPollerOptions = {
  clock: Clock
  live: LiveStores
  policy: Policy
  guard: ReadGuard
  metrics: Metrics
  /** Drivers that may wait at a time; more get 503. At about 500 bytes each, 20,000 are 10 MB. */
  waitersMax: number
}

/** What a driver waits for. */
export type AssignmentWait = {
  driverId: string
  /** Waits for anything else than this; without it, for anything but `none`. */
  version: string | undefined
  waitMs: number
  isAborted: () => boolean
}

type Waiter = AssignmentWait & {
  until: number
  resolve: (assignment: Assignment) => void
  reject: (error: unknown) => void
}

const pollMs = 100
/** Drivers read in one go: keeps a command to Redis short. */
const chunkSize = 500

/** See the module. */
export class AssignmentPoller {
  readonly #options: AssignmentPollerOptions
  #waiters: Waiter[] = []
  #timer: TimerHandle | null = null
  #isStopped = false

  constructor(options: AssignmentPollerOptions) {
    this.#options = options
    options.metrics.gauge({
      name: 'hail_ingress_assignment_waiters',
      help: 'Drivers in a long poll now.',
      collect: (gauge) => gauge.set({}, this.#waiters.length)
    })
  }

  /** Looks once, then waits for a change, the end of `waitMs` or the stop of the poller. */
  async wait(wait: AssignmentWait): Promise<Assignment> {
    const [now] = await this.#read([wait.driverId])
    if (now === undefined) throw new Problem('internal_error')
    if (isNews(now, wait) || wait.waitMs <= 0 || this.#isStopped) return now
    if (this.#waiters.length >= this.#options.waitersMax) throw this.#overloaded()
    return new Promise((resolve, reject) => {
      const until = this.#options.clock.monotonic() + wait.waitMs
      this.#waiters.push({ ...wait, until, resolve, reject })
      this.#timer ??= this.#options.clock.setTimer(() => void this.#poll(), pollMs)
    })
  }

  /** Answers everybody at the next look and lets nobody wait any more. */
  stop(): void {
    this.#isStopped = true
  }

  async #poll(): Promise<void> {
    const polled = this.#waiters
    this.#waiters = []
    const waiting = polled.filter(({ isAborted }) => !isAborted())
    for (const waiter of polled) {
      // Nobody reads this answer; it only ends the handler.
      if (waiter.isAborted()) waiter.resolve({ kind: 'none', version: 'none' })
    }
    for (let start = 0; start < waiting.length; start += chunkSize) {
      await this.#pollChunk(waiting.slice(start, start + chunkSize))
    }
    this.#timer =
      this.#waiters.length > 0
        ? this.#options.clock.setTimer(() => void this.#poll(), pollMs)
        : null
  }

  async #pollChunk(chunk: readonly Waiter[]): Promise<void> {
    try {
      const found = await this.#read(chunk.map(({ driverId }) => driverId))
      const nowMs = this.#options.clock.monotonic()
      for (const [index, waiter] of chunk.entries()) {
        const assignment = found[index]
        if (assignment === undefined) continue
        const isOver = nowMs >= waiter.until || this.#isStopped
        if (isOver || isNews(assignment, waiter)) waiter.resolve(assignment)
        else this.#waiters.push(waiter)
      }
    } catch (error) {
      for (const waiter of chunk) waiter.reject(error)
    }
  }

  #read(driverIds: readonly string[]): Promise<Assignment[]> {
    const { guard, live, policy } = this.#options
    return guard(() => readAssignments(driverIds, live, policy))
  }

  #overloaded(): Problem {
    return new Problem('overloaded', {
      headers: { 'retry-after': retryAfterSeconds(this.#options.clock.random) }
    })
  }
}

const isNews = (assignment: Assignment, { version }: AssignmentWait): boolean =>
  version === undefined ? assignment.kind !== 'none' : assignment.version !== version
