/**
 * Requests whose headers are here and whose body is not yet. The web server ends such a connection
 * by itself, after 10 s or more by its build and without a word; here it is sooner and with an
 * answer. The bytes they have announced are a budget, since each holds a buffer of that size; one
 * subject can have a share of it, so that it cannot keep everybody else out by announcing and not sending.
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
  owner: string
  startedAt: number
  isGone: () => boolean
  fail: (problem: Problem) => void
}

/** One timer looks after all of them; a timer each would cost every request more than its body. */
const sweepMs = 250

/** Of the budget, for one subject: at 64 MiB, 64 bodies of the longest kind or thousands of ordinary ones. */
const ownerShare = 1 / 16

/** Bodies under way; see the module. */
export class BodyWaits {
  readonly #options: BodyWaitsOptions
  /** In the order of their start. */
  readonly #waits = new Set<Wait>()
  readonly #bytesByOwner = new Map<string, number>()
  #bytes = 0
  #timer: TimerHandle | null = null

  constructor(options: BodyWaitsOptions) {
    this.#options = options
  }

  /**
   * The body once it is there. Rejects with 408 when it takes too long, with 429 when too many bytes are
   * waited for from its owner, with 503 when they are from everybody, and within a sweep when the client
   * has gone: such a body never settles.
   */
  take<Body>(
    body: () => Promise<Body>,
    { bytes, owner, isGone }: Pick<Wait, 'bytes' | 'owner' | 'isGone'>
  ): Promise<Body> {
    const { clock, bytesMax } = this.#options
    const owned = this.#bytesByOwner.get(owner) ?? 0
    // One alone is let through whatever its size.
    if (owned > 0 && owned + bytes > bytesMax * ownerShare) {
      throw new Problem('rate_limited', {
        detail: 'Expected fewer bodies under way at a time',
        headers: { 'retry-after': '1' }
      })
    }
    if (this.#bytes + bytes > bytesMax) {
      throw new Problem('overloaded', {
        detail: 'Too many bodies are under way',
        headers: { 'retry-after': retryAfterSeconds(clock.random) }
      })
    }
    return new Promise((resolve, fail) => {
      const wait: Wait = { bytes, owner, startedAt: clock.monotonic(), isGone, fail }
      this.#waits.add(wait)
      this.#bytes += bytes
      this.#bytesByOwner.set(owner, owned + bytes)
      body().then((buffer) => {
        this.#end(wait)
        resolve(buffer)
      }, fail)
      this.#timer ??= clock.setTimer(() => this.#sweep(), sweepMs)
    })
  }

  /**
   * Waits for the end of a body that is not kept, and so costs none of the budget. Resolves when it has gone by,
   * when it takes too long and when the client has gone.
   */
  async pass(end: () => Promise<void>, isGone: () => boolean): Promise<void> {
    await this.take(end, { bytes: 0, owner: '', isGone }).catch(() => undefined)
  }

  /** Bytes that are waited for now. */
  get bytes(): number {
    return this.#bytes
  }

  #end(wait: Wait): void {
    if (!this.#waits.delete(wait)) return
    this.#bytes -= wait.bytes
    const owned = (this.#bytesByOwner.get(wait.owner) ?? 0) - wait.bytes
    if (owned > 0) this.#bytesByOwner.set(wait.owner, owned)
    else this.#bytesByOwner.delete(wait.owner)
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
