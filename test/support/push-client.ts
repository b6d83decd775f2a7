/**
 * A real client of push for tests: frames in the order they came, what they amount to, and how the
 * connection ended.
 *
 * @module
 */
import { WebSocket } from 'ws'
import { PushBook, type PushFrame } from '../../simulator/push-book.ts'
import { waitFor } from './wait-for.ts'

/** How to connect; the book goes from one connection to the next. */
export type TestPushOptions = {
  readonly url: string
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly protocols?: string[]
  readonly book?: PushBook
  readonly follow?: object
  /** Sends no hello. */
  readonly isSilent?: boolean
}

/** See the module. */
export class TestPush {
  readonly frames: PushFrame[] = []
  readonly book: PushBook
  readonly socket: WebSocket
  /** Code and reason once the connection has ended. */
  closed: { code: number; reason: string } | null = null
  /** Status and body of a refused upgrade. */
  refused: { status: number; body: Record<string, unknown> } | null = null

  constructor(options: TestPushOptions) {
    const { url, token, headers = {}, protocols = [], book = new PushBook() } = options
    this.book = book
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/stream`, protocols, {
      headers: { ...authorization, ...headers }
    })
    this.socket.on('open', () => {
      const { follow, isSilent = false } = options
      const rides = book.connect()
      if (!isSilent) this.say({ type: 'hello', rides, ...(follow === undefined ? {} : { follow }) })
    })
    this.socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as PushFrame
      this.frames.push(frame)
      book.take(frame)
    })
    this.socket.on('close', (code, reason) => {
      this.closed ??= { code, reason: reason.toString() }
    })
    // A connection that breaks is one of the things tests look at.
    this.socket.on('error', () => undefined)
    this.socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body: JSON.parse(text) }
      })
    })
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  of(type: string): PushFrame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  /** Waits until this many frames of a type are there; the last of them. */
  async frame(type: string, count = 1): Promise<PushFrame> {
    await this.#wait(
      `${count} ${type}`,
      () => this.of(type).length >= count || this.closed !== null
    )
    const frame = this.of(type)[count - 1]
    if (frame === undefined) throw new Error(`expected ${type}, the connection ended`)
    return frame
  }

  async end(): Promise<{ code: number; reason: string }> {
    await this.#wait('the end of the connection', () => this.closed !== null)
    return this.closed ?? { code: 0, reason: '' }
  }

  async refusal(): Promise<{ status: number; body: Record<string, unknown> }> {
    await this.#wait('a refused upgrade', () => this.refused !== null)
    return this.refused ?? { status: 0, body: {} }
  }

  close(): void {
    this.socket.terminate()
  }

  #wait(what: string, condition: () => boolean): Promise<void> {
    return waitFor(what, condition, { timeoutMs: 10_000, everyMs: 2 })
  }
}
