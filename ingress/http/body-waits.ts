/**
 * Requests whose headers are here and whose body is not yet. The web server ends such a connection
 * by itself, after 10 s or more by its build and without a word; here it is sooner and with an
 * answer. The bytes they have announced are a budget, since each holds a buffer of that size.
 *
 * @module
 */
import type { Clock, TimerHandle } from '../../core/index.ts'
import { Problem, retryAfterSeconds } from './problem.ts'

/** Bounds of waiting. */
export type BodyWaitsOptions = {
  clock: Clock
  /** How long one body may take, ms. */
  timeoutMs: number
  /** Bytes that the bodies waited for may have together. */
  bytesMax: number
}

/** One body that is waited for. */
type Wait = {
  bytes: number
  startedAt: number
  isGone: () => boolean
  fail: (problem: Problem) => void
}

/** One timer looks after all of them; a timer each would cost every request more than its body. */
const sweepMs = 250

/** Bodies under way; see the module. */
export class BodyWaits {
  readonly #options: BodyWaitsOptions
  /** In the order of their start. */
  readonly #waits = new Set<Wait>()
  #bytes = 0
  #timer: TimerHandle | null = null

  constructor(options: BodyWaitsOptions) {
    this.#options = options
  }

  /**
   * The body once it is there. Rejects with 408 when it takes too long, with 503 when too many bytes
   * are waited for, and within a sweep when the client has gone: such a body never settles.
   */
  take(body: () => Promise<Buffer>, bytes: number, isGone: () => boolean): Promise<Buffer> {
    const { clock, bytesMax } = this.#options
    if (this.#bytes + bytes > bytesMax) {
      throw new Problem('overloaded', {
        detail: 'Too many bodies are under way',
        headers: { 'retry-after': retryAfterSeconds(clock.random) }
      })
    }
    return new Promise((resolve, fail) => {
      const wait: Wait = { bytes, startedAt: clock.monotonic(), isGone, fail }
      this.#waits.add(wait)
      this.#bytes += bytes
      body().then((buffer) => {
        this.#end(wait)
        resolve(buffer)
      }, fail)
      this.#timer ??= clock.setTimer(() => this.#sweep(), sweepMs)
    })
  }

  /** Bytes that are waited for now. */
  get bytes(): number {
    return this.#bytes
  }

  #end(wait: Wait): void {
    if (this.#waits.delete(wait)) this.#bytes -= wait.bytes
  }

  #sweep(): void {
    const { clock, timeoutMs } = this.#options
    const startedBefore = clock.monotonic() - timeoutMs
    for (const wait of this.#waits) {
      if (wait.startedAt > startedBefore && !wait.isGone()) continue
      this.#end(wait)
      wait.fail(
        new Problem('request_timeout', {
          detail: `Expected the body within ${Math.round(timeoutMs / 1_000)} s`
        })
      )
    }
    this.#timer = this.#waits.size === 0 ? null : clock.setTimer(() => this.#sweep(), sweepMs)
  }
}
