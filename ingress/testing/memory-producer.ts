/**
 * A producer for tests that keeps what it is sent, and can be told to fail or to hang.
 *
 * @module
 */
import { RetryError } from '../../core/index.ts'
import type { KafkaProducer, OutRecord } from '../../core/kafka/index.ts'

/** How the producer behaves for sends to come. */
export type ProducerMode = 'acknowledge' | 'fail' | 'fail-every-second' | 'hang'

/** Fits the port of the real producer. */
export class MemoryProducer implements KafkaProducer {
  mode: ProducerMode = 'acknowledge'
  /** Acknowledged records, in order. */
  readonly records: OutRecord[] = []
  /** Size of each send, whatever became of it. */
  readonly batches: number[] = []
  #hanging: (() => void)[] = []

  async send(records: readonly OutRecord[]): Promise<void> {
    this.batches.push(records.length)
    if (this.mode === 'hang') {
      await new Promise<void>((resolve) => this.#hanging.push(resolve))
    } else {
      // An acknowledgement never comes within the call.
      await Promise.resolve()
    }
    const isSecond = this.batches.length % 2 === 0
    if (this.mode === 'fail' || (this.mode === 'fail-every-second' && isSecond))
      throw new RetryError('HAIL_KAFKA_UNAVAILABLE', 'no broker answers')
    this.records.push(...records)
  }

  /** Lets hanging sends go on, in the mode of now. */
  release(): void {
    for (const go of this.#hanging.splice(0)) go()
  }

  /** Sends that hang now. */
  get hanging(): number {
    return this.#hanging.length
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
