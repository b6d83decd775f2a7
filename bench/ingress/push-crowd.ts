/**
 * @module Many clients of push, each with a book of its own that judges what it is told.
 */
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../core/index.ts'
import { PushClient, PushLog } from '../../simulator/index.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import type { Bearer } from './load-files.ts'

export interface PushCrowdOptions {
  /** Scheme, host and port. */
  readonly baseUrl: string
  readonly bearers: readonly Bearer[]
  readonly clock: Clock
  /** Called for each event of a ride with the client's place in the crowd. */
  readonly onEvent: (client: number, seq: number) => void
}

/** Connections are opened so many at a time. */
const wave = 50
const lookEveryMs = 5
const patienceMs = 10_000

export class PushCrowd {
  readonly #options: PushCrowdOptions
  readonly #stop = new AbortController()
  readonly #clients: PushClient[] = []

  constructor(options: PushCrowdOptions) {
    this.#options = options
    setMaxListeners(0, this.#stop.signal)
  }

  /** Gaps and repeats by the numbers of the rides, and snapshots that stood in for events. */
  get anomalies(): number {
    return this.#clients.reduce((sum, { book }) => sum + book.anomalyCount + book.resyncs, 0)
  }

  /** Resolves when all have their snapshot. @throws Error when one gets none */
  async connect(): Promise<void> {
    const { baseUrl, bearers, clock, onEvent } = this.#options
    const log = new PushLog()
    for (const [index, { token }] of bearers.entries()) {
      const client = new PushClient({
        baseUrl,
        token,
        clock,
        log,
        signal: this.#stop.signal,
        onFrame: ({ type, seq }) => {
          if (type === 'ride' && typeof seq === 'number') onEvent(index, seq)
        }
      })
      this.#clients.push(client)
      void client.run()
      if (index % wave === wave - 1) await this.#untilLive()
    }
    await this.#untilLive()
  }

  close(): void {
    this.#stop.abort(new Error('the load is over'))
  }

  #untilLive(): Promise<void> {
    const areLive = (): boolean => this.#clients.every(({ isLive }) => isLive)
    const bounds = { timeoutMs: patienceMs, everyMs: lookEveryMs }
    return waitFor('a snapshot for every client of push', areLive, bounds)
  }
}
