/**
 * @module One connection through a fault proxy: two sockets and what happens to the bytes between.
 */
import type { Socket } from 'node:net'
import { systemClock } from '../../core/index.ts'
import type { Direction, FaultState } from './fault-proxy.ts'
import type { ReplyLoser } from './reply-loser.ts'

export class FaultyLink {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #state: FaultState
  /** Replies on their way back, oldest first. */
  readonly #late: Buffer[] = []
  /** Bytes are missing: the rest of the stream means nothing any more. */
  #isDead = false

  constructor(parts: {
    readonly client: Socket
    readonly upstream: Socket
    readonly state: FaultState
    readonly loser: ReplyLoser | null
  }) {
    const { client, upstream, state, loser } = parts
    this.#client = client
    this.#upstream = upstream
    this.#state = state
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      // Its other half is told by the close; errors of either are the point of the exercise.
      socket.on('error', () => undefined)
    }
    client.on('data', (bytes: Buffer) => {
      if (this.#isSwallowed('requests', bytes)) return
      loser?.request(bytes)
      upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      if (this.#isSwallowed('replies', bytes)) return
      const kept = loser === null ? bytes : loser.reply(bytes, () => this.#lose())
      if (kept.length > 0) this.#reply(kept)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    if (state.isStalled) this.pause()
  }

  pause(): void {
    this.#client.pause()
    this.#upstream.pause()
  }

  resume(): void {
    this.#client.resume()
    this.#upstream.resume()
  }

  break(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #lose(): void {
    if (this.#upstream.destroyed) return
    this.#state.lost += 1
    this.#upstream.destroy()
  }

  #isSwallowed(direction: Direction, bytes: Buffer): boolean {
    const { swallowing } = this.#state
    const isOver = this.#isDead && swallowing === null
    if (swallowing !== direction && !isOver) return false
    this.#isDead = true
    this.#state.swallowed += bytes.length
    return true
  }

  #reply(bytes: Buffer): void {
    const { delayMs } = this.#state
    if (delayMs === 0 && this.#late.length === 0) {
      this.#client.write(bytes)
      return
    }
    // Whichever timer fires first passes the oldest: order holds when the delay changes.
    this.#late.push(bytes)
    systemClock.setTimer(() => {
      const oldest = this.#late.shift()
      if (oldest !== undefined && !this.#client.destroyed) this.#client.write(oldest)
    }, delayMs)
  }
}
