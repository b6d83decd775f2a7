/** @module The plain producer: acks from all in-sync replicas, at least once. */

import type { Producer } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import { MigrateError } from '../errors.ts'
import { toKafkaError } from './library-errors.ts'
import { toRounds } from './send-rounds.ts'
import type { KafkaProducer, OutRecord } from './types.ts'

/** Acknowledged by the leader and all replicas in sync. */
export const acksFromAll = -1

export type PlainProducerParts = {
  readonly producer: Producer
  readonly clock: Clock
  readonly ackTimeoutMs: number
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class PlainProducer implements KafkaProducer {
  readonly #producer: Producer
  readonly #clock: Clock
  readonly #onClose: () => void
  readonly #ackTimeoutMs: number
  #isClosed = false

  constructor({ producer, clock, ackTimeoutMs, onClose }: PlainProducerParts) {
    this.#onClose = onClose
    this.#producer = producer
    this.#clock = clock
    this.#ackTimeoutMs = ackTimeoutMs
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#isClosed) throw new MigrateError('HAIL_CLOSED', 'the producer is closed')
    for (const { topicMessages } of toRounds(records, this.#clock.now())) {
      try {
        await this.#producer.sendBatch({
          topicMessages,
          acks: acksFromAll,
          timeout: this.#ackTimeoutMs
        })
      } catch (error) {
        const topics = topicMessages.map(({ topic }) => topic).join(', ')
        throw toKafkaError(error, `write ${records.length} records to ${topics}`)
      }
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClose()
    await this.#producer.disconnect()
  }
}
