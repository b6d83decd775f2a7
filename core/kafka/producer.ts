/** @module The plain producer: acks from all in-sync replicas, at least once. */

import type { Clock } from '../clock/index.ts'
import { MigrateError } from '../errors.ts'
import type { RawCluster } from './library.ts'
import { isRetriable, toKafkaError } from './library-errors.ts'
import { anonymousProducer } from './record-batch-writer.ts'
import { RecordSender } from './record-sender.ts'
import { SendRounds } from './send-rounds.ts'
import type { KafkaProducer, OutRecord } from './types.ts'

/** 100 ms doubling to 2 s. */
const retryDelays = { firstDelayMs: 100, multiplier: 2, delayMsMax: 2_000 }

export type PlainProducerParts = {
  readonly cluster: RawCluster
  readonly clock: Clock
  readonly ackTimeoutMs: number
  /** Resends after a retriable error. */
  readonly retries: number
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class PlainProducer implements KafkaProducer {
  readonly #parts: PlainProducerParts
  readonly #sender: RecordSender
  #isClosed = false

  constructor(parts: PlainProducerParts) {
    const { cluster, clock, ackTimeoutMs, retries } = parts
    this.#parts = parts
    const policy = {
      ...retryDelays,
      triesMax: retries + 1,
      forMsMax: Number.POSITIVE_INFINITY,
      isWorthwhile: isRetriable
    }
    this.#sender = new RecordSender({
      cluster,
      clock,
      policy,
      ackTimeoutMs,
      transactionalId: null,
      version: () => 9
    })
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#isClosed) throw new MigrateError('HAIL_CLOSED', 'the producer is closed')
    const rounds = new SendRounds(records, {
      nowMs: this.#parts.clock.now(),
      producer: anonymousProducer,
      sequences: null
    })
    try {
      await this.#sender.send(rounds)
    } catch (error) {
      const topics = [...new Set(rounds.partitions().map(({ topic }) => topic))].join(', ')
      throw toKafkaError(error, `write ${records.length} records to ${topics}`)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parts.onClose()
    await this.#parts.cluster.disconnect()
  }
}
