/**
 * @module The producer of one task. Its transactional id is stable, so whoever calls init() last
 * owns it; kafkajs sends no group generation with offsets (KIP-447), so this fence is what keeps a
 * predecessor from committing.
 *
 * ```
 *  new --init()--> ready --begin()--> open --commit()|abort()--> ready
 *   any error of init, or while open: dead, for good
 * ```
 */

import type { Transaction as LibraryTransaction, Producer } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import { assertThat, FatalError, type HailError, MigrateError } from '../errors.ts'
import { hasType, toKafkaError, toTransactionError } from './library-errors.ts'
import { acksFromAll } from './producer.ts'
import { toRounds } from './send-rounds.ts'
import type {
  Appended,
  OffsetCommit,
  OutRecord,
  TopicPartitionKey,
  Transaction,
  TransactionalProducer
} from './types.ts'

/**
 * Answers to sendOffsets that mean "not yet", with nothing done: the markers of the previous
 * transaction are still being written (for some milliseconds), or the group's coordinator is
 * moving. kafkajs retries neither. The call can be repeated without harm.
 */
const notYetTypes = [
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS'
]
/** 400 times 5 ms is 2 s and the round trips; a coordinator that takes longer costs a restore. */
const notYetRetryMs = 5
const notYetRetriesMax = 400

export type TransactionalProducerParts = {
  readonly producer: Producer
  readonly transactionalId: string
  readonly clock: Clock
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class TaskProducer implements TransactionalProducer {
  readonly #producer: Producer
  readonly #transactionalId: string
  readonly #clock: Clock
  readonly #onClose: () => void
  #state: 'new' | 'ready' | 'open' = 'new'
  #death: HailError | null = null
  #isClosed = false

  constructor({ producer, transactionalId, clock, onClose }: TransactionalProducerParts) {
    this.#onClose = onClose
    this.#producer = producer
    this.#transactionalId = transactionalId
    this.#clock = clock
  }

  async init(): Promise<void> {
    this.#throwIfDead()
    assertThat(this.#state === 'new', 'init() must be the first call of a transactional producer')
    try {
      await (await this.#producer.transaction()).abort()
      this.#state = 'ready'
    } catch (error) {
      // Nothing of this producer was open, so nothing is in doubt: fenced already, or try again
      // with a new one.
      const own = toTransactionError(error, this.#what('take over'))
      throw this.#die(
        own instanceof MigrateError ? own : toKafkaError(error, this.#what('take over'))
      )
    }
  }

  async begin(): Promise<Transaction> {
    this.#throwIfDead()
    assertThat(this.#state === 'ready', 'begin() needs init() first and no other open transaction')
    this.#state = 'open'
    const transaction = await this.#attempt('begin', () => this.#producer.transaction())
    return new TaskTransaction({
      transaction,
      clock: this.#clock,
      attempt: (what, run) => this.#attempt(what, run),
      onEnd: () => {
        this.#state = 'ready'
      }
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClose()
    this.#death ??= new MigrateError('HAIL_CLOSED', this.#what('use the closed producer of'))
    await this.#producer.disconnect()
  }

  async #attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.#throwIfDead()
    try {
      return await run()
    } catch (error) {
      // A broken invariant of ours stays what it is; the producer is dead all the same.
      if (error instanceof FatalError) throw this.#die(error)
      throw this.#die(toTransactionError(error, this.#what(what)))
    }
  }

  #die(error: HailError): HailError {
    this.#death ??= error
    return error
  }

  #throwIfDead(): void {
    if (this.#death !== null) throw this.#death
  }

  #what(verb: string): string {
    return `${verb} ${this.#transactionalId}`
  }
}

type TaskTransactionParts = {
  readonly transaction: LibraryTransaction
  readonly clock: Clock
  attempt<T>(what: string, run: () => Promise<T>): Promise<T>
  onEnd(): void
}

class TaskTransaction implements Transaction {
  readonly #parts: TaskTransactionParts
  #isBusy = false
  #isEnded = false

  constructor(parts: TaskTransactionParts) {
    this.#parts = parts
  }

  send(records: readonly OutRecord[]): Promise<Map<TopicPartitionKey, Appended>> {
    return this.#exclusively('send records of', () => this.#sendRounds(records))
  }

  sendOffsets(commit: OffsetCommit): Promise<void> {
    return this.#exclusively('send offsets of', () => this.#sendOffsets(commit))
  }

  commit(): Promise<void> {
    return this.#end('commit', () => this.#parts.transaction.commit())
  }

  abort(): Promise<void> {
    return this.#end('abort', () => this.#parts.transaction.abort())
  }

  async #sendRounds(records: readonly OutRecord[]): Promise<Map<TopicPartitionKey, Appended>> {
    const appendedByPartition = new Map<TopicPartitionKey, Appended>()
    for (const { topicMessages, countByPartition } of toRounds(records, this.#parts.clock.now())) {
      const answers = await this.#parts.transaction.sendBatch({ topicMessages, acks: acksFromAll })
      for (const { topicName, partition, baseOffset } of answers) {
        const key: TopicPartitionKey = `${topicName}:${partition}`
        const count = countByPartition.get(key)
        assertThat(count !== undefined && baseOffset !== undefined, 'Kafka answers what was sent')
        const base = BigInt(baseOffset)
        assertThat(base >= 0n, 'an acknowledged batch has an offset')
        appendedByPartition.set(key, {
          base: appendedByPartition.get(key)?.base ?? base,
          last: base + BigInt(count) - 1n
        })
      }
      assertThat(
        [...countByPartition.keys()].every((key) =>
          appendedByPartition.has(key as TopicPartitionKey)
        ),
        'Kafka acknowledges every partition that was sent to'
      )
    }
    return appendedByPartition
  }

  async #sendOffsets({ groupId, offsets }: OffsetCommit): Promise<void> {
    const topics = byTopic(offsets)
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#parts.transaction.sendOffsets({ consumerGroupId: groupId, topics })
        return
      } catch (error) {
        const isNotYet = notYetTypes.some((type) => hasType(error, type))
        if (!isNotYet || attempt > notYetRetriesMax) throw error
        await this.#parts.clock.sleep(notYetRetryMs)
      }
    }
  }

  async #end(what: string, run: () => Promise<void>): Promise<void> {
    await this.#exclusively(what, run)
    this.#isEnded = true
    this.#parts.onEnd()
  }

  async #exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    assertThat(!this.#isEnded, 'a transaction is over after commit() or abort()')
    assertThat(!this.#isBusy, 'calls of a transaction are made one after the other')
    this.#isBusy = true
    try {
      return await this.#parts.attempt(what, run)
    } finally {
      this.#isBusy = false
    }
  }
}

/** kafkajs types offsets without metadata, but writes it as it is. */
type TopicOffsets = {
  topic: string
  partitions: { partition: number; offset: string; metadata: string }[]
}

function byTopic(offsets: OffsetCommit['offsets']): TopicOffsets[] {
  const partitionsByTopic = new Map<string, TopicOffsets['partitions']>()
  for (const { topic, partition, offset, metadata } of offsets) {
    const partitions = partitionsByTopic.get(topic) ?? []
    partitions.push({ partition, offset: offset.toString(), metadata })
    partitionsByTopic.set(topic, partitions)
  }
  return [...partitionsByTopic].map(([topic, partitions]) => ({ topic, partitions }))
}
