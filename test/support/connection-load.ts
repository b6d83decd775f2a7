/**
 * @module Load over connections of its own, some kept alive and some fresh for each request, to see what
 * restarts do to clients. It does what a good client does and no more: a kept connection that was
 * closed before any byte of the answer is tried once more over a fresh one, as Node's own agent tells
 * clients to do; a fresh one that breaks is a failure.
 */
import { Agent, request } from 'node:http'
import { systemClock } from '../../core/index.ts'
import { createIds } from '../../domain/index.ts'
import { mintToken, uuidv7 } from './api-client.ts'
import { dropoff, pickup } from './ingress-load.ts'

/** What went wrong with a request for good. */
export interface Failure {
  readonly atMs: number
  readonly what: string
  readonly isFresh: boolean
}

export interface ConnectionLoadOptions {
  readonly port: number
  readonly jwtSecret: string
  readonly idSecret: string
  readonly customer: string
  /** Clients that keep their connection. */
  readonly kept: number
  /** Clients that open one for each request. */
  readonly fresh: number
  /** Pause between an answer and the next request, ms. */
  readonly paceMs: number
}

interface Answer {
  readonly status: number
  readonly body: string
}

const trip = JSON.stringify({ pickup, dropoff })

/** Sends rides, and reads each back, until it is stopped. */
export class ConnectionLoad {
  readonly accepted = new Set<string>()
  readonly failures: Failure[] = []
  answers = 0
  /** Kept connections found closed, and tried again. */
  retries = 0
  readonly #options: ConnectionLoadOptions
  readonly #token: string
  readonly #agent: Agent
  readonly #done: Promise<unknown>
  #isOver = false

  static async start(options: ConnectionLoadOptions): Promise<ConnectionLoad> {
    const token = await mintToken('customer', options.customer, options.jwtSecret)
    return new ConnectionLoad(options, token)
  }

  private constructor(options: ConnectionLoadOptions, token: string) {
    this.#options = options
    this.#token = token
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.kept })
    this.#done = Promise.all([
      ...Array.from({ length: options.kept }, () => this.#run(this.#agent)),
      ...Array.from({ length: options.fresh }, () => this.#run(false))
    ])
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
    this.#agent.destroy()
  }

  async #run(agent: Agent | false): Promise<void> {
    const { customer, idSecret, paceMs } = this.#options
    const ids = createIds(idSecret)
    for (let round = 0; !this.#isOver; round += 1) {
      const key = uuidv7()
      const rideId = ids.rideId({ customerId: customer, idempotencyKey: key })
      const headers = { 'idempotency-key': key, 'content-type': 'application/json' }
      const isWrite = round % 2 === 0
      const path = isWrite ? '/rides' : `/rides/${rideId}`
      const answer = await this.#try(agent, { path, body: isWrite ? trip : null, headers })
      if (answer?.status === 202) this.accepted.add(rideId)
      await systemClock.sleep(paceMs)
    }
  }

  async #try(agent: Agent | false, call: Call): Promise<Answer | null> {
    let current = agent
    for (;;) {
      try {
        const answer = await this.#send(current, call)
        this.answers += 1
        if (answer.status >= 400) this.#fail(`${answer.status} ${answer.body}`, current === false)
        return answer
      } catch (error) {
        const { isReused, cause } = error as BrokenConnection
        if (!isReused) {
          this.#fail(cause, current === false)
          return null
        }
        this.retries += 1
        current = false
      }
    }
  }

  #fail(what: string, isFresh: boolean): void {
    this.failures.push({ atMs: systemClock.now(), what, isFresh })
  }

  #send(agent: Agent | false, { path, body, headers }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port: this.#options.port,
        path: `/api/v1${path}`,
        method: body === null ? 'GET' : 'POST',
        agent,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === null ? {} : { ...headers, 'content-length': Buffer.byteLength(body) })
        }
      })
      let hasBegun = false
      const fail = (error: NodeJS.ErrnoException): void => {
        const isReused = sent.reusedSocket && !hasBegun
        reject({ isReused, cause: error.code ?? error.message } satisfies BrokenConnection)
      }
      sent.on('error', fail)
      sent.on('response', (response) => {
        hasBegun = true
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', fail)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      })
      sent.end(body ?? undefined)
    })
  }
}

interface Call {
  readonly path: string
  readonly body: string | null
  readonly headers: Record<string, string>
}

interface BrokenConnection {
  readonly isReused: boolean
  readonly cause: string
}
