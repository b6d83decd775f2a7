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

import type { Clock } from '../clock/index.ts'
import { assertThat, FatalError, type HailError, MigrateError } from '../errors.ts'
import type { RawCluster } from './library.ts'
import { isRetriable, toKafkaError, toTransactionError } from './library-errors.ts'
import type { BatchProducer } from './record-batch-writer.ts'
import { RecordSender } from './record-sender.ts'
import type { RetryPolicy } from './retrying.ts'
import { SendRounds } from './send-rounds.ts'
import { Sequences } from './sequences.ts'
import { TransactionCoordinator } from './transaction-coordinator.ts'
import type {
  Appended,
  OffsetCommit,
  OutRecord,
  TopicPartitionKey,
  Transaction,
  TransactionalProducer,
  TransactionVersion
} from './types.ts'

/**
 * Within a send: 5 ms to 100 ms, for 8 s at most. AddPartitionsToTxn, in version 2 Produce, is answered
 * CONCURRENT_TRANSACTIONS for milliseconds after a commit; a leader moves within seconds. A batch sent again
 * keeps its producer id, epoch and sequence, so it is appended once whatever became of the first try.
 */
const sendPolicy: RetryPolicy = {
  triesMax: 90,
  firstDelayMs: 5,
  multiplier: 1.2,
  delayMsMax: 100,
  forMsMax: 8_000,
  isWorthwhile: isRetriable
}

export type TransactionalProducerParts = {
  readonly cluster: RawCluster
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  readonly transactionVersionMax: TransactionVersion
  readonly ackTimeoutMs: number
  readonly clock: Clock
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class TaskProducer implements TransactionalProducer {
  readonly #parts: TransactionalProducerParts
  readonly #sender: RecordSender
  readonly #coordinator: TransactionCoordinator
  #sequences = new Sequences()
  #identity: BatchProducer | null = null
  #isOpen = false
  #death: HailError | null = null
  #isClosed = false

  constructor(parts: TransactionalProducerParts) {
    this.#parts = parts
    const coordinator = new TransactionCoordinator(parts)
    const version = () => coordinator.produceVersion
    this.#sender = new RecordSender({ ...parts, policy: sendPolicy, version })
    this.#coordinator = coordinator
  }

  async init(): Promise<void> {
    this.#throwIfDead()
    assertThat(
      this.#identity === null,
      'init() must be the first call of a transactional producer, and its only one'
    )
    try {
      await this.#coordinator.init()
      this.#identity = this.#coordinator.producer
    } catch (error) {
      // Nothing of this producer was open, so nothing is in doubt: fenced already, or try again
      // with a new one.
      const own = toTransactionError(error, this.#what('take over'))
      throw this.#die(
        own instanceof MigrateError ? own : toKafkaError(error, this.#what('take over'))
      )
    }
  }

  async begin(groupId?: string): Promise<Transaction> {
    this.#throwIfDead()
    assertThat(
      this.#identity !== null && !this.#isOpen,
      'begin() needs init() first and no other open transaction'
    )
    const identity = this.#coordinator.producer
    // Brokers expect the first batch of each epoch to begin at 0.
    if (identity !== this.#identity) this.#sequences = new Sequences()
    this.#identity = identity
    this.#isOpen = true
    return new TaskTransaction({
      coordinator: this.#coordinator,
      groupId,
      clock: this.#parts.clock,
      sender: this.#sender,
      sequences: this.#sequences,
      identity,
      attempt: (what, run) => this.#attempt(what, run),
      onEnd: () => {
        this.#isOpen = false
      }
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parts.onClose()
    this.#death ??= new MigrateError('HAIL_CLOSED', this.#what('use the closed producer of'))
    await this.#parts.cluster.disconnect()
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
    return `${verb} ${this.#parts.transactionalId}`
  }
}

type TaskTransactionParts = {
  readonly coordinator: TransactionCoordinator
  readonly groupId: string | undefined
  readonly clock: Clock
  readonly sender: RecordSender
  readonly sequences: Sequences
  readonly identity: BatchProducer
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
    return this.#exclusively('send records of', () => this.#sendRecords(records))
  }

  sendOffsets(commit: OffsetCommit): Promise<void> {
    return this.#exclusively('send offsets of', () => this.#sendOffsets(commit))
  }

  commit(): Promise<void> {
    return this.#end('commit', () => this.#parts.coordinator.end(true))
  }

  abort(): Promise<void> {
    return this.#end('abort', () => this.#parts.coordinator.end(false))
  }

  async #sendRecords(records: readonly OutRecord[]): Promise<Map<TopicPartitionKey, Appended>> {
    const { coordinator, groupId, clock, sender, sequences, identity } = this.#parts
    const rounds = new SendRounds(records, { nowMs: clock.now(), producer: identity, sequences })
    const places = rounds.partitions()
    await sender.retrying(() => coordinator.addPartitions(places))
    // The coordinator changes a transaction one step at a time, but the leaders don't wait for it. Both
    // are over before an error is told: nothing of a dead producer is under way when it is closed.
    const [appended, added] = await Promise.allSettled([
      sender.send(rounds),
      groupId === undefined ? undefined : this.#addGroup(groupId)
    ])
    if (appended.status === 'rejected') throw appended.reason
    if (added.status === 'rejected') throw added.reason
    return appended.value
  }

  async #sendOffsets(commit: OffsetCommit): Promise<void> {
    await this.#addGroup(commit.groupId)
    await this.#parts.coordinator.sendOffsets(commit)
  }

  #addGroup(groupId: string): Promise<void> {
    const { coordinator, sender } = this.#parts
    return sender.retrying(() => coordinator.addGroup(groupId))
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
