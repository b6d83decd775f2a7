/**
 * @module Sends ride requests at a fixed rate over kept connections. A request takes the connection that
 * has the fewest in flight; one that waits for an answer may get another (pipelining), so that a slow
 * server does not slow the load down.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../../core/index.ts'
import { createUuidV7 } from '../../ingress/http/index.ts'
import { Histogram, type HistogramSummary } from '../histogram.ts'
import type { LoadFiles } from './load-files.ts'

export interface OpenLoopClientOptions {
  readonly clock: Clock
  readonly port: number
  readonly connections: number
  readonly files: LoadFiles
}

type Connection = { readonly socket: Socket; readonly dueMs: number[]; text: string }

/** The generator looks for requests that are due this often, ms: part of the latency told. */
const tickMs = 1
/** Wait for the last answers after the last request was due, ms. */
const drainMs = 5_000

export class OpenLoopClient {
  readonly #options: OpenLoopClientOptions
  readonly #latency = new Histogram()
  #connections: Connection[] = []
  #next = 0
  #answered = 0
  #wrong = 0

  constructor(options: OpenLoopClientOptions) {
    this.#options = options
  }

  async run(
    ratePerSecond: number,
    seconds: number
  ): Promise<{ wrong: number; latencyMs: HistogramSummary }> {
    const { clock } = this.#options
    await this.#connect()
    const total = Math.round(ratePerSecond * seconds)
    const startMs = clock.monotonic()
    for (let sent = 0; sent < total; ) {
      const due = Math.min(
        total,
        Math.floor(((clock.monotonic() - startMs) / 1_000) * ratePerSecond)
      )
      for (; sent < due; sent += 1) this.#send(startMs + (sent / ratePerSecond) * 1_000)
      await clock.sleep(tickMs)
    }
    const until = clock.monotonic() + drainMs
    while (this.#answered < total && clock.monotonic() < until) await clock.sleep(tickMs)
    for (const { socket } of this.#connections) socket.destroy()
    return {
      wrong: this.#wrong + total - this.#answered,
      latencyMs: this.#latency.summary(1_000)
    }
  }

  async #connect(): Promise<void> {
    const { port, connections } = this.#options
    this.#connections = Array.from({ length: connections }, () => {
      const connection: Connection = { socket: connect(port, '127.0.0.1'), dueMs: [], text: '' }
      connection.socket.setNoDelay(true)
      connection.socket.setEncoding('latin1')
      connection.socket.on('data', (text: string) => this.#read(connection, text))
      // Told by the answers that are missing.
      connection.socket.on('error', () => undefined)
      return connection
    })
    await Promise.all(this.#connections.map(({ socket }) => once(socket, 'connect')))
  }

  #send(dueMs: number): void {
    const { clock, files } = this.#options
    const { customers, rideBodies } = files
    const at = this.#next
    this.#next += 1
    const connection = this.#connections[at % this.#connections.length]
    const bearer = customers[at % customers.length]
    const body = rideBodies[at % rideBodies.length] ?? ''
    connection?.dueMs.push(dueMs)
    connection?.socket.write(
      `POST /api/v1/rides HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n` +
        `authorization: Bearer ${bearer?.token}\r\nidempotency-key: ${createUuidV7(clock)}\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`
    )
  }

  #read(connection: Connection, text: string): void {
    connection.text += text
    for (;;) {
      const head = connection.text.indexOf('\r\n\r\n')
      if (head === -1) return
      const length = Number(/content-length: (\d+)/i.exec(connection.text.slice(0, head))?.[1] ?? 0)
      const end = head + 4 + length
      if (connection.text.length < end) return
      const dueMs = connection.dueMs.shift() ?? 0
      this.#answered += 1
      if (!connection.text.startsWith('HTTP/1.1 202')) this.#wrong += 1
      this.#latency.record((this.#options.clock.monotonic() - dueMs) * 1_000)
      connection.text = connection.text.slice(end)
    }
  }
}
