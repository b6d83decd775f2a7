/**
 * Workers that share one public port: started, watched, replaced.
 *
 * ```
 * slot:  starting --ready--> serving --reload--> (successor ready) --> retiring --> ended
 *            \                   \--died, silent--> waiting (backoff) --> starting
 *             \--died 5 times in a row within 10 s of its start--> the primary gives up
 * ```
 *
 * A reload goes slot by slot: the successor is ready before the old one stops listening, so the port
 * is never served by fewer workers than before. A successor that does not get ready ends the reload, and
 * the old one stays.
 *
 * @module
 */
import { type Clock, FatalError, type Logger, type TimerHandle } from '../../core/index.ts'
import { type StartChild, Worker, type WorkerEnd } from './worker-process.ts'

/** Bounds of the pool. */
export type WorkerPoolOptions = {
  start: StartChild
  clock: Clock
  logger: Logger
  workers: number
  port: number
  readyMsMax: number
  silenceMsMax: number
  crashesMax: number
  /** From the order to stop or retire to the kill, ms. */
  stopMsMax: number
  /** The pool cannot go on. */
  onGiveUp: (error: Error) => void
  /** A worker has ended; its figures are final. */
  onEnd: (worker: Worker) => void
}

/** First and longest wait before a worker that died is started anew, ms. */
const restartMs = 100
const restartMsMax = 10_000
/** One that lived this long did not die of its start. */
const steadyMs = 10_000
const watchMs = 1_000
const readyPollMs = 50

/** See the module. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #slots: (Worker | null)[]
  /** All processes there are: also successors that start and old ones that retire. */
  readonly #all = new Set<Worker>()
  readonly #retiring = new Set<Worker>()
  readonly #restarts = new Set<TimerHandle>()
  #crashes = 0
  #restartCount = 0
  #reloadCount = 0
  #isStopping = false
  #watch: TimerHandle | null = null
  #reloading: Promise<boolean> | null = null
  #reloadAgain = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.workers }, () => null)
  }

  /** Resolves once every worker is ready; rejects when one is not in time, and when stopped. */
  async start(): Promise<void> {
    await Promise.all([...this.#slots.keys()].map((index) => this.#fill(index)))
    this.#watchOn()
  }

  /** Workers in their slots, by index; null while one is started anew. */
  get serving(): readonly (Worker | null)[] {
    return this.#slots
  }

  /** Every process there is. */
  get all(): readonly Worker[] {
    return [...this.#all]
  }

  get counts(): { restarts: number; reloads: number; retiring: number; isReloading: boolean } {
    return {
      restarts: this.#restartCount,
      reloads: this.#reloadCount,
      retiring: this.#retiring.size,
      isReloading: this.#reloading !== null
    }
  }

  /**
   * Replaces every worker, one at a time. Asked again meanwhile, it goes round once more, since what is
   * to be loaded may have changed. Whether all were replaced.
   */
  reload(): Promise<boolean> {
    if (this.#isStopping) return Promise.resolve(false)
    if (this.#reloading !== null) {
      this.#reloadAgain = true
      return this.#reloading
    }
    this.#reloading = this.#reloadAll().finally(() => {
      this.#reloading = null
    })
    return this.#reloading
  }

  /** Ends all workers and waits for them; those that take too long are killed. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#watch?.cancel()
    for (const timer of this.#restarts) timer.cancel()
    await Promise.all(
      [...this.#all].map((worker) => {
        worker.kill('SIGTERM')
        return this.#awaitEnd(worker)
      })
    )
  }

  async #fill(index: number): Promise<void> {
    const worker = this.#spawn(index)
    this.#slots[index] = worker
    await this.#awaitReady(worker, () => this.#slots[index] ?? null)
  }

  #spawn(index: number): Worker {
    const { start, clock, port } = this.#options
    const worker = new Worker({
      index,
      port,
      start,
      clock,
      onEnd: (ended, end) => this.#onEnd(ended, end)
    })
    this.#all.add(worker)
    return worker
  }

  /** Waits for `worker` or, where its slot restarts it, for who has come in its place. */
  async #awaitReady(worker: Worker, current: () => Worker | null): Promise<void> {
    const { clock, readyMsMax } = this.#options
    const deadline = clock.monotonic() + readyMsMax
    while (clock.monotonic() < deadline && !this.#isStopping) {
      const now = current()
      if (now?.isReady === true) return
      await now?.ask({ withMetrics: false, deadlineMs: watchMs })
      await clock.sleep(readyPollMs)
    }
    const message = `expected worker ${worker.index} to be ready within ${readyMsMax} ms, it is not`
    throw new FatalError('HAIL_WORKERS', `${message}; its log lines say why`)
  }

  #onEnd(worker: Worker, { code, signal }: WorkerEnd): void {
    const { logger, clock, crashesMax, onEnd, onGiveUp } = this.#options
    this.#all.delete(worker)
    onEnd(worker)
    const wasRetiring = this.#retiring.delete(worker)
    const { index } = worker
    const fields = { worker: index, process: worker.pid, reason: signal ?? String(code) }
    if (this.#isStopping || wasRetiring) {
      logger.info(fields, 'a worker has ended')
      return
    }
    if (this.#slots[index] !== worker) {
      // A successor that died before it was ready: the reload sees it.
      logger.error(fields, 'a worker that was to take over has died')
      return
    }
    this.#slots[index] = null
    if (clock.monotonic() - worker.startedMs >= steadyMs) this.#crashes = 0
    this.#crashes += 1
    if (this.#crashes >= crashesMax) {
      this.#isStopping = true
      const message = `workers died ${this.#crashes} times in a row right after their start`
      onGiveUp(new FatalError('HAIL_WORKERS', `${message}, the last with ${fields.reason}`))
      return
    }
    const durationMs = Math.min(restartMs * 2 ** (this.#crashes - 1), restartMsMax)
    logger.error({ ...fields, durationMs }, 'a worker has died and is started anew')
    this.#restartCount += 1
    const timer = clock.setTimer(() => {
      this.#restarts.delete(timer)
      // A reload may have filled the slot meanwhile.
      if (!this.#isStopping) this.#slots[index] ??= this.#spawn(index)
    }, durationMs)
    this.#restarts.add(timer)
  }

  async #reloadAll(): Promise<boolean> {
    const { logger } = this.#options
    do {
      this.#reloadAgain = false
      for (const index of this.#slots.keys()) {
        if (this.#isStopping) return false
        if (!(await this.#replace(index))) return false
      }
      this.#reloadCount += 1
      logger.info({ count: this.#slots.length }, 'all workers are replaced')
    } while (this.#reloadAgain)
    return true
  }

  async #replace(index: number): Promise<boolean> {
    const { logger } = this.#options
    const successor = this.#spawn(index)
    try {
      await this.#awaitReady(successor, () => {
        if (successor.hasEnded) throw new FatalError('HAIL_WORKERS', 'the new worker has died')
        return successor
      })
    } catch (error) {
      successor.kill('SIGKILL')
      logger.error({ worker: index, error }, 'the reload has ended; the old workers go on')
      return false
    }
    const old = this.#slots[index] ?? null
    this.#slots[index] = successor
    logger.info({ worker: index, process: successor.pid }, 'a new worker has taken over')
    if (old === null) return true
    this.#retiring.add(old)
    old.retire()
    await this.#awaitEnd(old)
    return true
  }

  async #awaitEnd(worker: Worker): Promise<void> {
    const { clock, logger, stopMsMax } = this.#options
    const timer = clock.setTimer(() => {
      logger.error({ worker: worker.index, process: worker.pid }, 'did not end in time; killed')
      worker.kill('SIGKILL')
    }, stopMsMax)
    await worker.ended
    timer.cancel()
  }

  #watchOn(): void {
    const { clock } = this.#options
    this.#watch = clock.setTimer(() => {
      for (const worker of this.#slots) if (worker !== null) this.#look(worker)
      if (!this.#isStopping) this.#watchOn()
    }, watchMs)
  }

  #look(worker: Worker): void {
    const { logger, silenceMsMax, readyMsMax } = this.#options
    void worker.ask({ withMetrics: false, deadlineMs: silenceMsMax })
    // One that starts is busy with that.
    if (worker.silentMs < (worker.isListening ? silenceMsMax : readyMsMax)) return
    const durationMs = Math.round(worker.silentMs)
    logger.error(
      { worker: worker.index, process: worker.pid, durationMs },
      'a worker is silent; killed'
    )
    worker.kill('SIGKILL')
  }
}
