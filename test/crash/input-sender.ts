/**
 * @module The sender of a case's inputs: a first batch, then a steady trickle while the faults happen.
 */
import { createSeededRandom, type SeededRandom, systemClock } from '../../core/index.ts'
import { type KafkaProducer, partitionForKey } from '../../core/kafka/index.ts'
import type { Outcome } from '../checker/index.ts'
import { type InputKind, partitions, topicsOf } from './workload.ts'

export interface SentInput {
  readonly id: string
  readonly key: string
  readonly kind: InputKind
  readonly partition: number
  outcome: Outcome
}

const trickleMs = 40
const trickleRecords = 6

export class InputSender {
  readonly sent: SentInput[] = []
  readonly #producer: KafkaProducer
  readonly #topic: string
  readonly #app: string
  readonly #random: SeededRandom
  #keys: readonly string[] = Array.from({ length: 16 }, (_, i) => `k${i}`)
  #isTrickling = false
  #trickle: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly producer: KafkaProducer
    readonly app: string
    readonly seed: number
  }) {
    this.#producer = options.producer
    this.#app = options.app
    this.#topic = topicsOf(options.app).input.name
    this.#random = createSeededRandom(options.seed)
  }

  /** Inputs as the seed says. */
  async send(count: number): Promise<void> {
    await this.#send(Array.from({ length: count }, () => this.#make()))
  }

  /** Removes the first half of the keys, for good. @returns them */
  async removeHalf(): Promise<readonly string[]> {
    const half = this.#keys.slice(0, this.#keys.length / 2)
    this.#keys = this.#keys.slice(half.length)
    await this.#send(half.map((key) => this.#input(key, 'remove')))
    return half
  }

  async #send(inputs: readonly SentInput[]): Promise<void> {
    const { input } = topicsOf(this.#app)
    const values = inputs.map(({ id, kind }) =>
      // JSON asks nothing of a codec.
      input.format.encode({ id, kind }, undefined as never)
    )
    try {
      await this.#producer.send(
        inputs.map(({ key, partition }, i) => ({
          topic: this.#topic,
          partition,
          key,
          value: values[i] ?? null
        }))
      )
      for (const sent of inputs) sent.outcome = 'ok'
    } catch {
      // No answer: the final read tells.
    }
  }

  /** Sends some inputs every now and then until `stop`. */
  start(): void {
    this.#isTrickling = true
    this.#trickle = this.#flow()
  }

  async stop(): Promise<void> {
    this.#isTrickling = false
    await this.#trickle
  }

  async #flow(): Promise<void> {
    while (this.#isTrickling) {
      await this.send(trickleRecords)
      await systemClock.sleep(trickleMs)
    }
  }

  #make(): SentInput {
    const key = this.#keys[Math.floor(this.#random.next() * this.#keys.length)] ?? 'k0'
    const chance = this.#random.next()
    return this.#input(key, chance < 0.08 ? 'remove' : chance < 0.3 ? 'remind' : 'add')
  }

  #input(key: string, kind: InputKind): SentInput {
    const sent: SentInput = {
      // Of one length, so that timers due at once fire in the order they were set.
      id: `i${String(this.sent.length).padStart(5, '0')}`,
      key,
      kind,
      partition: partitionForKey(key, partitions),
      outcome: 'unknown'
    }
    this.sent.push(sent)
    return sent
  }
}
