/**
 * The sending side of one socket: frames go out while the client takes them, and not at all once its
 * token has ended. When the buffer is full it blocks; whoever sends keeps what was refused.
 *
 * @module
 */
import type { Clock } from '../../core/index.ts'
import type { UpgradeSocket, VerifiedIdentity } from '../http/index.ts'
import { type CloseReason, closeReasons } from './close-reason.ts'
import type { Frame } from './frames.ts'
import type { PushMetrics } from './push-metrics.ts'

/** What writing needs. */
export type FrameWriterDeps = {
  readonly clock: Clock
  readonly metrics: PushMetrics
  readonly socket: UpgradeSocket
  readonly identity: VerifiedIdentity
  /** Bytes the client may leave in the buffer. */
  readonly bufferBytes: number
}

/** What is left in the buffer when sending goes on, as a share. */
const lowWaterShare = 0.5

/** See the module. */
export class FrameWriter {
  readonly #deps: FrameWriterDeps
  #isBlocked = false
  #isClosed = false
  #toldAtMs: number

  constructor(deps: FrameWriterDeps) {
    this.#deps = deps
    this.#toldAtMs = deps.clock.monotonic()
  }

  /** False when the frame was not taken: it has to be sent again, or replaced. */
  send(frame: Frame): boolean {
    if (this.#isClosed || this.#isBlocked) return false
    if (this.isExpired) {
      this.close('token_expired')
      return false
    }
    const { socket, bufferBytes, clock, metrics } = this.#deps
    const { bufferedBytes } = socket
    const isFull = bufferedBytes > 0 && bufferedBytes + frame.text.length > bufferBytes
    if (isFull || socket.send(frame.text) === 'dropped') {
      this.#isBlocked = true
      metrics.blocked()
      return false
    }
    this.#toldAtMs = clock.monotonic()
    metrics.sent(frame, clock.now())
    return true
  }

  /** Goes on once the client has taken enough. */
  unblock(): void {
    const { socket, bufferBytes } = this.#deps
    if (socket.bufferedBytes <= bufferBytes * lowWaterShare) this.#isBlocked = false
  }

  close(reason: CloseReason): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#deps.metrics.closed(reason)
    const [code, text] = closeReasons[reason]
    this.#deps.socket.close(code, text)
  }

  /** The socket is gone. Whether this side ended it. */
  end(): boolean {
    const isOurs = this.#isClosed
    this.#isClosed = true
    return isOurs
  }

  get isBlocked(): boolean {
    return this.#isBlocked
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isExpired(): boolean {
    return this.#deps.clock.now() >= this.#deps.identity.expiresAtMs
  }

  /** Whether the client has taken everything. */
  get isEmpty(): boolean {
    return this.#deps.socket.bufferedBytes === 0
  }

  /** When the client was last told something, monotonic ms. */
  get toldAtMs(): number {
    return this.#toldAtMs
  }
}
