/**
 * A phone's connection to push: keeps one open, says what it has, takes what comes, and comes back
 * after every end with the last numbers of its book. Whoever acts on what it tells polls while it is
 * not live.
 *
 * ```
 *   connect --open--> hello --snapshot--> live --close or silence--> wait (with chance) --> connect
 * ```
 *
 * @module
 */
import { WebSocket } from 'ws'
import type { Clock, TimerHandle } from '../core/index.ts'
import { PushBook, type PushFrame } from './push-book.ts'
import type { PushLog } from './push-log.ts'
import { Wakers } from './wakers.ts'

/** What a connection needs. */
export type PushClientOptions = {
  /** Scheme, host and port of the API. */
  readonly baseUrl: string
  readonly token: string
  readonly clock: Clock
  readonly log: PushLog
  /** Ends the connection for good. */
  readonly signal: AbortSignal
  /** Of the book; a phone's own where left out. */
  readonly bookLimits?: { readonly endedMax: number }
  /** Each frame but heartbeats, after the book has taken it. */
  readonly onFrame?: (frame: PushFrame) => void
}

/** Outcomes remembered for who asks later. */
const outcomesMax = 50
const handshakeMs = 10_000
/** Silence of so many heartbeats is a dead connection. */
const heartbeatsMissedMax = 2.5
const heartbeatMsDefault = 10_000
/** First wait after an end, growing up to the longest; half of it is chance. */
const backoffMs = 200
const backoffMsMax = 5_000

/** See the module. */
export class PushClient {
  readonly book: PushBook
  readonly #options: PushClientOptions
  readonly #outcomes = new Map<string, PushFrame>()
  readonly #wakers: Wakers
  #isLive = false
  #live = new AbortController()
  #heartbeatMs = heartbeatMsDefault
  #heardAtMs = 0
  #timer: TimerHandle | null = null

  constructor(options: PushClientOptions) {
    this.#options = options
    this.book = new PushBook(options.bookLimits)
    this.#wakers = new Wakers(options)
  }

  /** Whether what the book says is kept current by push. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** Aborts when the connection comes live: a poll in its place is in vain then. */
  get liveSignal(): AbortSignal {
    return this.#live.signal
  }

  /** What became of an action, if push has told. */
  outcomeOf(actionId: string): PushFrame | undefined {
    return this.#outcomes.get(actionId)
  }

  /** Keeps a connection until the signal aborts. */
  async run(): Promise<void> {
    const { clock, signal, log } = this.#options
    let failures = 0
    for (let connections = 0; !signal.aborted; connections += 1) {
      if (connections > 0) log.reconnects += 1
      const wasLive = await this.#connectOnce()
      if (signal.aborted) return
      failures = wasLive ? 0 : failures + 1
      const fullMs = Math.min(backoffMs * 2 ** failures, backoffMsMax)
      await clock.sleep(fullMs * (0.5 + clock.random() / 2), signal).catch(() => {})
    }
  }

  /** Waits for a frame or an end, at most so long. */
  news(waitMs: number): Promise<void> {
    return this.#wakers.wait(waitMs)
  }

  /** One connection from its start to its end; whether it was live. */
  #connectOnce(): Promise<boolean> {
    const { baseUrl, token, log, signal, clock } = this.#options
    const socket = new WebSocket(`${baseUrl.replace(/^http/, 'ws')}/api/v1/stream`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: handshakeMs,
      perMessageDeflate: false
    })
    this.#heardAtMs = clock.monotonic()
    this.#watch(socket)
    const stop = (): void => socket.terminate()
    signal.addEventListener('abort', stop, { once: true })
    socket.on('open', () => {
      log.connects += 1
      socket.send(JSON.stringify({ type: 'hello', rides: this.book.connect() }))
    })
    socket.on('message', (data: Buffer) => {
      this.#take(JSON.parse(data.toString()) as PushFrame, socket)
    })
    // The end follows, with its code.
    socket.on('error', () => undefined)
    return new Promise((resolve) => {
      socket.once('close', (code) => {
        const wasLive = this.#isLive
        this.#timer?.cancel()
        signal.removeEventListener('abort', stop)
        if (wasLive) log.noteClose(code)
        else log.failures += 1
        this.#isLive = false
        if (this.#live.signal.aborted) this.#live = new AbortController()
        this.#wakers.wake()
        resolve(wasLive)
      })
    })
  }

  /** Ends a connection on which nothing comes any more. */
  #watch(socket: WebSocket): void {
    const { clock } = this.#options
    this.#timer = clock.setTimer(() => {
      const silentMs = clock.monotonic() - this.#heardAtMs
      if (silentMs > this.#heartbeatMs * heartbeatsMissedMax) socket.terminate()
      else this.#watch(socket)
    }, this.#heartbeatMs)
  }

  #take(frame: PushFrame, socket: WebSocket): void {
    const { clock, log, onFrame } = this.#options
    this.#heardAtMs = clock.monotonic()
    log.note(frame, clock.now())
    this.book.take(frame)
    if (frame.type === 'heartbeat') return
    if (frame.type === 'snapshot') this.#goLive(frame, socket)
    if (frame.type === 'action') this.#remember(frame)
    onFrame?.(frame)
    this.#wakers.wake()
  }

  #goLive(snapshot: PushFrame, socket: WebSocket): void {
    const { heartbeatMs, actions } = snapshot
    if (typeof heartbeatMs === 'number') this.#heartbeatMs = heartbeatMs
    this.#timer?.cancel()
    this.#watch(socket)
    for (const action of Array.isArray(actions) ? actions : []) this.#remember(action as PushFrame)
    this.#isLive = true
    this.#live.abort(new Error('push is live'))
  }

  #remember(outcome: PushFrame): void {
    const { actionId } = outcome
    if (typeof actionId !== 'string') return
    this.#outcomes.delete(actionId)
    this.#outcomes.set(actionId, outcome)
    const [oldest] = this.#outcomes.keys()
    if (this.#outcomes.size > outcomesMax && oldest !== undefined) this.#outcomes.delete(oldest)
  }
}
