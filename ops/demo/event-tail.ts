/**
 * Watches committed ride events as they become visible. A record's own timestamp is the time of its
 * task, which lags behind after an outage; what somebody downstream could know, and when, is told by
 * the moment of reading.
 *
 * @module
 */
import type { Codec } from '../../avro/index.ts'
import { type Clock, isHailError } from '../../core/index.ts'
import type { Fetcher, Kafka } from '../../core/kafka/index.ts'
import { isEnded } from '../../simulator/index.ts'
import { fetchCommitted, type Offsets } from './committed-log.ts'

const topic = 'ride_events'
/** A read of committed records may come this late. */
const maxWaitMs = 50

/** See the module. */
export class EventTail {
  /** When events could be read, in that order. */
  readonly seenAtMs: number[] = []
  /** The first match of each ride. */
  readonly matchedAtMs = new Map<string, number>()
  /** When each event could be read, by `rideId:seq`. */
  readonly seenAtMsByEvent = new Map<string, number>()
  /** The end of each ride. */
  readonly endedAtMs = new Map<string, number>()
  readonly #options: { kafka: Kafka; codec: Codec; clock: Clock; from: Offsets }
  #isStopped = false
  #running: Promise<void> | null = null

  constructor(options: { kafka: Kafka; codec: Codec; clock: Clock; from: Offsets }) {
    this.#options = options
  }

  async start(): Promise<void> {
    const fetcher = await this.#options.kafka.fetcher()
    this.#running = this.#runAndClose(fetcher)
    // Told by stop(), which awaits it.
    this.#running.catch(() => {})
  }

  /** Throws what ended the watch before its time. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #runAndClose(fetcher: Fetcher): Promise<void> {
    try {
      await this.#run(fetcher)
    } finally {
      await fetcher.close()
    }
  }

  async #run(fetcher: Fetcher): Promise<void> {
    const { clock } = this.#options
    const offsets = new Map(this.#options.from)
    while (!this.#isStopped) {
      try {
        const answers = await fetchCommitted(fetcher, { topic, offsets, maxWaitMs })
        const nowMs = clock.now()
        for (const { partition, offsetNext, records } of answers) {
          offsets.set(partition, offsetNext)
          for (const { value } of records) if (value !== null) this.#note(value, nowMs)
        }
      } catch (error) {
        if (!isHailError(error) || error.reaction !== 'retry') throw error
        await clock.sleep(200)
      }
    }
  }

  #note(value: Buffer, nowMs: number): void {
    const { eventId, rideId, type, ride } = this.#options.codec.decode('RideEvent', value)
    this.seenAtMs.push(nowMs)
    this.seenAtMsByEvent.set(eventId, nowMs)
    if (type === 'RIDE_MATCHED' && !this.matchedAtMs.has(rideId))
      this.matchedAtMs.set(rideId, nowMs)
    const hasEnded = isEnded(ride.status.toLowerCase())
    if (hasEnded && !this.endedAtMs.has(rideId)) this.endedAtMs.set(rideId, nowMs)
  }
}
