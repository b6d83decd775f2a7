/**
 * Start and stop of a process. Parts start in the order they were added and stop in reverse, so a
 * part may use those added before it for as long as it runs.
 *
 * ```
 * new --start--> starting --all started--> running --stop, signal, fail--> stopping --> stopped
 *                    \--a start throws, signal--------------------------------^
 * ```
 *
 * @module
 */

import { type Clock, systemClock } from './clock/index.ts'
import { assertThat } from './errors.ts'
import type { Logger } from './logger.ts'

/** One part of a process, such as a server or a consumer. */
export type LifecyclePart = {
  readonly name: string
  readonly start?: () => unknown
  readonly stop?: () => unknown
}

/** What the life cycle needs of `process`. */
export type ProcessPort = {
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
  exit(code: number): unknown
}

/** `stopTimeoutMs` bounds the stop of each part; after it the next one is stopped. */
export type LifecycleOptions = {
  readonly logger: Logger
  readonly clock?: Clock
  readonly stopTimeoutMs?: number
  readonly process?: ProcessPort
}

/** The life of a process. */
export type Lifecycle = {
  /** Adds a part; only before `start`. */
  add(part: LifecyclePart): void
  /** Starts all parts. When one throws, stops those started, in reverse, and throws its error. */
  start(): Promise<void>
  /** Stops what was started, in reverse. Idempotent; says whether all stopped in time. */
  stop(): Promise<boolean>
  /** Ends the process with `EXIT_SOFTWARE` after an orderly stop: for errors nobody can handle. */
  fail(error: unknown): void
  /**
   * Starts (unless started), waits for SIGTERM, SIGINT or `fail`, stops and exits: 0 after a clean
   * stop, 1 when a part did not stop or at a second signal, 70 after a failure.
   */
  runUntilSignal(): Promise<void>
}

/** Exit code of an internal error, as sysexits.h has it. */
export const EXIT_SOFTWARE = 70

const STOP_TIMEOUT_MS = 10_000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Creates an empty life cycle. */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  return new ProcessLifecycle(options)
}

class ProcessLifecycle implements Lifecycle {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #stopTimeoutMs: number
  readonly #process: ProcessPort
  readonly #parts: LifecyclePart[] = []
  readonly #started: LifecyclePart[] = []
  #starting: Promise<void> | null = null
  #inProgress: Promise<unknown> | null = null
  #stopping: Promise<boolean> | null = null
  #exitCode = 0
  #end: () => void = () => undefined
  readonly #ended: Promise<void>

  constructor(options: LifecycleOptions) {
    this.#logger = options.logger
    this.#clock = options.clock ?? systemClock
    this.#stopTimeoutMs = options.stopTimeoutMs ?? STOP_TIMEOUT_MS
    this.#process = options.process ?? process
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  add(part: LifecyclePart): void {
    assertThat(this.#starting === null, `${part.name} is added before the start, not after it`)
    this.#parts.push(part)
  }

  start(): Promise<void> {
    this.#starting ??= this.#startAll()
    return this.#starting
  }

  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  fail(error: unknown): void {
    this.#logger.fatal({ error }, 'the process cannot go on and stops')
    this.#exitCode = EXIT_SOFTWARE
    this.#end()
  }

  async runUntilSignal(): Promise<void> {
    const unlisten = this.#listen()
    try {
      await Promise.race([this.start(), this.#ended])
      await this.#ended
    } catch (error) {
      this.#logger.fatal({ error }, 'the start failed')
      this.#exitCode = EXIT_SOFTWARE
    }
    const isClean = await this.stop()
    unlisten()
    this.#process.exit(this.#exitCode === 0 && !isClean ? 1 : this.#exitCode)
  }

  async #startAll(): Promise<void> {
    try {
      for (const part of this.#parts) {
        if (this.#stopping !== null) return
        const startedMs = this.#clock.monotonic()
        this.#inProgress = Promise.resolve().then(() => part.start?.())
        await this.#inProgress
        this.#started.push(part)
        const durationMs = Math.round(this.#clock.monotonic() - startedMs)
        this.#logger.info({ component: part.name, durationMs }, 'started')
      }
    } catch (error) {
      // The part that failed is not stopped: its start has to clean up after itself.
      this.#inProgress = null
      await this.stop()
      throw error
    }
  }

  async #stopAll(): Promise<boolean> {
    // A signal may come during a start, which is let finish so that its part can be stopped.
    const starting = this.#inProgress ?? Promise.resolve()
    let isClean = await this.#within('start', () => starting.catch(() => undefined))
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) {
      const startedMs = this.#clock.monotonic()
      const isStopped = await this.#within(part.name, () => part.stop?.())
      const durationMs = Math.round(this.#clock.monotonic() - startedMs)
      if (isStopped) this.#logger.info({ component: part.name, durationMs }, 'stopped')
      isClean &&= isStopped
    }
    return isClean
  }

  /** Whether `end` ended well and in time. If not, the others are stopped all the same. */
  #within(component: string, end: () => unknown): Promise<boolean> {
    return new Promise((resolve) => {
      const limitMs = this.#stopTimeoutMs
      const timer = this.#clock.setTimer(() => {
        this.#logger.error({ component, limitMs }, 'did not stop in time')
        resolve(false)
      }, limitMs)
      Promise.resolve()
        .then(end)
        .then(
          () => resolve(true),
          (error: unknown) => {
            this.#logger.error({ component, error }, 'failed to stop')
            resolve(false)
          }
        )
        .finally(() => timer.cancel())
    })
  }

  #listen(): () => void {
    let signals = 0
    const onSignal = (signal: unknown): void => {
      signals += 1
      this.#logger.info({ signal: String(signal) }, 'signal received')
      if (signals > 1) this.#process.exit(1)
      this.#end()
    }
    // State may be half-changed, so there is no orderly stop: other members take over.
    const onUncaught = (error: unknown): void => {
      this.#logger.fatal({ error }, 'nobody caught this error')
      this.#process.exit(EXIT_SOFTWARE)
    }
    for (const signal of SIGNALS) this.#process.on(signal, onSignal)
    this.#process.on('uncaughtException', onUncaught)
    this.#process.on('unhandledRejection', onUncaught)
    return () => {
      for (const signal of SIGNALS) this.#process.off(signal, onSignal)
      this.#process.off('uncaughtException', onUncaught)
      this.#process.off('unhandledRejection', onUncaught)
    }
  }
}
