/**
 * A worker as its primary sees it: a process, its answers, its end.
 *
 * @module
 */
import { fork } from 'node:child_process'
import type { CheckResult, Clock, MetricsDump } from '../../core/index.ts'
import { inheritedEnvironment } from './config.ts'
import type { ToPrimary, ToWorker } from './messages.ts'

/** How a process ended, for people. */
export type WorkerEnd = { code: number | null; signal: string | null }

/** The process under a worker; tests bring their own. */
export type WorkerChild = {
  readonly pid: number | undefined
  send(message: ToWorker): void
  kill(signal: NodeJS.Signals): void
  onMessage(listener: (message: ToPrimary) => void): void
  onEnd(listener: (end: WorkerEnd) => void): void
}

/** Starts the process of worker `index` on the shared port. */
export type StartChild = (worker: { index: number; port: number }) => WorkerChild

/** An answer of a worker; `metrics` when they were asked for. */
export type Told = { readiness: CheckResult; metrics?: MetricsDump; status?: unknown }

/** Runs the entry of this very process once more, as a worker. */
export const startWorkerChild =
  (entry: string): StartChild =>
  ({ index, port }) => {
    const child = fork(entry, [], {
      env: {
        ...inheritedEnvironment(),
        INGRESS_WORKER: String(index),
        INGRESS_PORT: String(port)
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C reaches the primary, which stops its workers in order.
      detached: true
    })
    return {
      pid: child.pid,
      send: (message) => {
        // One that has just ended takes no more messages; its end is told apart.
        if (child.connected) child.send(message, () => undefined)
      },
      kill: (signal) => void child.kill(signal),
      onMessage: (listener) =>
        void child.on('message', (message) => listener(message as ToPrimary)),
      onEnd: (listener) => {
        let isTold = false
        const tell = (end: WorkerEnd): void => {
          if (isTold) return
          isTold = true
          listener(end)
        }
        child.once('exit', (code, signal) => tell({ code, signal }))
        child.once('error', (error) => tell({ code: null, signal: error.name }))
      }
    }
  }

/** See the module. */
export class Worker {
  readonly index: number
  readonly startedMs: number
  readonly #child: WorkerChild
  readonly #clock: Clock
  readonly #waiting = new Map<number, (told: Told | null) => void>()
  #nextId = 1
  #metrics: MetricsDump = []
  #last: Told | null = null
  #isListening = false
  #end: WorkerEnd | null = null
  #heardMs: number
  readonly ended: Promise<void>

  constructor(options: {
    index: number
    port: number
    start: StartChild
    clock: Clock
    onEnd: (worker: Worker, end: WorkerEnd) => void
  }) {
    const { index, port, start, clock, onEnd } = options
    this.index = index
    this.#clock = clock
    this.startedMs = clock.monotonic()
    this.#heardMs = this.startedMs
    this.#child = start({ index, port })
    this.#child.onMessage((message) => this.#take(message))
    this.ended = new Promise((resolve) => {
      this.#child.onEnd((end) => {
        this.#end = end
        for (const resolveTold of this.#waiting.values()) resolveTold(null)
        this.#waiting.clear()
        onEnd(this, end)
        resolve()
      })
    })
  }

  get pid(): number | null {
    return this.#child.pid ?? null
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  get isListening(): boolean {
    return this.#isListening
  }

  /** Whether it listens and says that it is ready. */
  get isReady(): boolean {
    return this.#end === null && this.#isListening && this.#last?.readiness.ok === true
  }

  /** The last answer. */
  get last(): Told | null {
    return this.#last
  }

  /** The last figures it told, which after its end are its final ones. */
  get metrics(): MetricsDump {
    return this.#metrics
  }

  /** Since it was heard of last, ms. */
  get silentMs(): number {
    return this.#clock.monotonic() - this.#heardMs
  }

  /** Asks; null when there is no answer within `deadlineMs`. */
  ask(options: { withMetrics: boolean; deadlineMs: number }): Promise<Told | null> {
    if (this.#end !== null) return Promise.resolve(null)
    const id = this.#nextId++
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(() => settle(null), options.deadlineMs)
      const settle = (told: Told | null): void => {
        timer.cancel()
        this.#waiting.delete(id)
        resolve(told)
      }
      this.#waiting.set(id, settle)
      this.#child.send({ kind: 'ask', id, withMetrics: options.withMetrics })
    })
  }

  retire(): void {
    this.#child.send({ kind: 'retire' })
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#end === null) this.#child.kill(signal)
  }

  #take(message: ToPrimary): void {
    this.#heardMs = this.#clock.monotonic()
    switch (message.kind) {
      case 'listening':
        this.#isListening = true
        break
      case 'ended':
        this.#metrics = message.metrics
        break
      case 'told': {
        const { id, kind: _, ...told } = message
        if (told.metrics !== undefined) this.#metrics = told.metrics
        else this.#last = told
        this.#waiting.get(id)?.(told)
        break
      }
      default:
        // A message of another release is not for us.
        break
    }
  }
}
