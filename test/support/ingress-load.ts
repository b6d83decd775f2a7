/**
 * @module Riders and drivers who never stop: sends rides and positions with distinct ids to an ingress
 * at a steady pace and keeps every answer, so that a judge can hold the answers against the topics.
 */
import { randomUUID } from 'node:crypto'
import { systemClock } from '../../core/index.ts'
import { createIds } from '../../domain/index.ts'
import { mintToken, uuidv7 } from './api-client.ts'
import { waitFor } from './wait-for.ts'

/** Topics the load ends up in. */
export const loadTopics = ['ride_requests', 'driver_location_updates'] as const
export type LoadTopic = (typeof loadTopics)[number]

/** One request and what came of it. */
export interface Answer {
  readonly topic: LoadTopic
  /** What the record carries as `ce_id`. */
  readonly id: string
  /** Monotonic ms. */
  readonly sentAtMs: number
  readonly latencyMs: number
  /** 0 when the connection broke. */
  readonly status: number
  /** Of the problem document. */
  readonly code: string | null
  readonly retryAfter: string | null
  readonly contentType: string
}

export interface LoadOptions {
  readonly url: string
  readonly jwtSecret: string
  readonly idSecret: string
  /** Requests open at a time. */
  readonly clients: number
  /** Pause of a client between an answer and its next request, ms. */
  readonly paceMs: number
  /** Bytes of quote token in each ride, to press on budgets; without one a ride is priced. */
  readonly tokenBytes?: number
  readonly topics?: readonly LoadTopic[]
}

interface Sender {
  readonly rider: string
  readonly driver: string
  readonly riderToken: string
  readonly driverToken: string
}

const tickMs = 20
/** Both in New York. */
export const pickup = { lat: 40.758, lon: -73.9855 }
export const dropoff = { lat: 40.7359, lon: -73.9911 }

/** Starts sending; `stop` waits for the last answers. */
export async function startLoad(options: LoadOptions): Promise<IngressLoad> {
  const run = randomUUID().slice(0, 8)
  const senders = await Promise.all(
    Array.from({ length: options.clients }, async (_, index) => {
      const [rider, driver] = [`c-${run}-${index}`, `d-${run}-${index}`]
      const riderToken = await mintToken('customer', rider, options.jwtSecret)
      const driverToken = await mintToken('driver', driver, options.jwtSecret)
      return { rider, driver, riderToken, driverToken }
    })
  )
  return new IngressLoad(options, senders)
}

export class IngressLoad {
  readonly answers: Answer[] = []
  readonly #options: LoadOptions
  readonly #ids: ReturnType<typeof createIds>
  readonly #keys: ReadonlySet<string>
  readonly #done: Promise<unknown>
  #isOver = false
  #position = 0
  #stallMs = 0

  constructor(options: LoadOptions, senders: readonly Sender[]) {
    this.#options = options
    this.#ids = createIds(options.idSecret)
    this.#keys = new Set(senders.flatMap(({ rider, driver }) => [rider, driver]))
    this.#done = Promise.all([
      ...senders.map((sender) => this.#run(sender)),
      this.#watchForStalls()
    ])
  }

  /** Whether a record with this key is of this load. */
  owns(key: string): boolean {
    return this.#keys.has(key)
  }

  /**
   * The longest that this process was kept from running while it waited for nothing but the clock, ms:
   * what a busy machine adds to an answer whatever the ingress does.
   */
  get stallMs(): number {
    return this.#stallMs
  }

  /** How many answers so far fit. */
  count(fits: (answer: Answer) => boolean): number {
    return this.answers.filter(fits).length
  }

  /** Waits for `count` more answers that fit, to requests sent from now on. */
  async more(what: string, count: number, fits: (answer: Answer) => boolean): Promise<void> {
    const fromMs = systemClock.monotonic()
    const isNew = (answer: Answer): boolean => answer.sentAtMs >= fromMs && fits(answer)
    await waitFor(`${count} more ${what}`, () => this.count(isNew) >= count, { everyMs: 10 })
  }

  async stop(): Promise<readonly Answer[]> {
    this.#isOver = true
    await this.#done
    return this.answers
  }

  async #watchForStalls(): Promise<void> {
    while (!this.#isOver) {
      const fromMs = systemClock.monotonic()
      await systemClock.sleep(tickMs)
      this.#stallMs = Math.max(this.#stallMs, systemClock.monotonic() - fromMs - tickMs)
    }
  }

  async #run(sender: Sender): Promise<void> {
    const { topics = loadTopics, paceMs } = this.#options
    for (let round = 0; !this.#isOver; round += 1) {
      const topic = topics[round % topics.length]
      this.answers.push(
        topic === 'ride_requests' ? await this.#ride(sender) : await this.#locate(sender)
      )
      await systemClock.sleep(paceMs)
    }
  }

  #ride({ rider, riderToken }: Sender): Promise<Answer> {
    const { tokenBytes } = this.#options
    const idempotencyKey = uuidv7()
    const id = this.#ids.rideId({ customerId: rider, idempotencyKey })
    const quoteToken = tokenBytes === undefined ? {} : { quoteToken: 'q'.repeat(tokenBytes) }
    return this.#post({
      topic: 'ride_requests',
      id,
      path: '/rides',
      token: riderToken,
      body: { pickup, dropoff, ...quoteToken },
      headers: { 'idempotency-key': idempotencyKey }
    })
  }

  #locate({ driver, driverToken }: Sender): Promise<Answer> {
    // Only the load's own counter keeps two positions of a millisecond apart.
    this.#position += 1
    const deviceTime = systemClock.now() - 100_000 + this.#position
    return this.#post({
      topic: 'driver_location_updates',
      id: `${driver}:${deviceTime}`,
      path: `/drivers/${driver}/location`,
      token: driverToken,
      body: { ...pickup, deviceTime },
      headers: {}
    })
  }

  async #post(request: {
    topic: LoadTopic
    id: string
    path: string
    token: string
    body: unknown
    headers: Record<string, string>
  }): Promise<Answer> {
    const { topic, id, path, token, body, headers } = request
    const sentAtMs = systemClock.monotonic()
    const answer = (status: number, rest: Partial<Answer> = {}): Answer => ({
      topic,
      id,
      sentAtMs,
      latencyMs: systemClock.monotonic() - sentAtMs,
      status,
      code: null,
      retryAfter: null,
      contentType: '',
      ...rest
    })
    try {
      const response = await fetch(this.#options.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers
        },
        body: JSON.stringify(body)
      })
      const document = (await response.json()) as { code?: string }
      return answer(response.status, {
        code: document.code ?? null,
        retryAfter: response.headers.get('retry-after'),
        contentType: response.headers.get('content-type') ?? ''
      })
    } catch {
      return answer(0)
    }
  }
}

export const isAccepted = ({ status }: Answer): boolean => status === 202
export const isRefused = ({ status }: Answer): boolean => status === 503
