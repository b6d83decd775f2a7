/**
 * @module The requests of one transactional id to its transaction coordinator and to the coordinator
 * of the group, and what the open transaction touches so far. kafkajs has such a keeper too, but its
 * offsets are announced and sent in one call, so nothing can go on meanwhile, and its retries wait
 * 300 ms and more for markers that take 1 to 5 ms.
 */

import type { Clock } from '../clock/index.ts'
import { assertThat } from '../errors.ts'
import {
  coordinatorTypes,
  type RawBroker,
  type RawCluster,
  type TransactionIdentity
} from './library.ts'
import { hasType } from './library-errors.ts'
import type { BatchProducer } from './record-batch-writer.ts'
import { keyOf, type TopicPartition } from './topic-partition.ts'
import type { OffsetCommit } from './types.ts'

/**
 * Answers that mean "not yet", with nothing done: the markers of the transaction before are still
 * being written, a coordinator is moving or loading, or a topic is too new for it. Any call but the
 * last of a transaction can be repeated after them without harm.
 */
const notYetTypes = [
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS'
]
/** A topic may be newer than what its coordinator knows. */
const notYetOfOffsets = [...notYetTypes, 'UNKNOWN_TOPIC_OR_PARTITION']
/**
 * Markers take milliseconds, an overtaken transaction is aborted in some tens, a coordinator moves
 * within seconds; who waits longer is better off with a restore.
 */
const firstDelayMs = 2
const delayMultiplier = 1.2
const delayMsMax = 100
const waitMsMax = 8_000

export type TransactionCoordinatorParts = {
  readonly cluster: RawCluster
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  readonly clock: Clock
}

/** Throws kafkajs' errors; with any of them but those of `init` the outcome is unknown. */
export class TransactionCoordinator {
  readonly transactionalId: string
  readonly #parts: TransactionCoordinatorParts
  readonly #partitions = new Set<string>()
  readonly #groups = new Set<string>()
  #identity: TransactionIdentity | null = null

  constructor(parts: TransactionCoordinatorParts) {
    this.#parts = parts
    this.transactionalId = parts.transactionalId
  }

  /** Fences earlier producers of this id and waits until their transaction is finished. */
  async init(): Promise<BatchProducer> {
    const { cluster, transactionalId, transactionTimeoutMs } = this.#parts
    const { producerId, producerEpoch } = await this.#whileNotYet(notYetTypes, async () => {
      await cluster.refreshMetadataIfNecessary()
      const coordinator = await this.#coordinator()
      return coordinator.initProducerId({
        transactionalId,
        transactionTimeout: transactionTimeoutMs
      })
    })
    this.#identity = { transactionalId, producerId, producerEpoch }
    return { id: BigInt(producerId.toString()), epoch: producerEpoch, isTransactional: true }
  }

  /** Must be answered before anything is written to these partitions. Asks for each once. */
  async addPartitions(places: readonly TopicPartition[]): Promise<void> {
    const fresh = places.filter((place) => !this.#partitions.has(keyOf(place)))
    if (fresh.length === 0) return
    const identity = this.#initialised()
    const topics = byTopic(fresh, ({ partition }) => partition)
    await this.#whileNotYet(notYetTypes, async () => {
      const coordinator = await this.#coordinator()
      await coordinator.addPartitionsToTxn({ ...identity, topics })
    })
    for (const place of fresh) this.#partitions.add(keyOf(place))
  }

  /** Must be answered before offsets of the group are sent. Asks for each once. */
  async addGroup(groupId: string): Promise<void> {
    if (this.#groups.has(groupId)) return
    const identity = this.#initialised()
    await this.#whileNotYet(notYetTypes, async () => {
      const coordinator = await this.#coordinator()
      await coordinator.addOffsetsToTxn({ ...identity, groupId })
    })
    this.#groups.add(groupId)
  }

  /** Sends offsets of a group that is added. */
  async sendOffsets({ groupId, offsets }: OffsetCommit): Promise<void> {
    const identity = this.#initialised()
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => {
      return { partition, offset: offset.toString(), metadata }
    })
    await this.#whileNotYet(notYetOfOffsets, async () => {
      const coordinator = await this.#parts.cluster.findGroupCoordinator({ groupId })
      await coordinator.txnOffsetCommit({ ...identity, groupId, topics })
    })
  }

  /** Asked once: a second request would meet the outcome of the first. Sends nothing for an empty transaction. */
  async end(isCommit: boolean): Promise<void> {
    if (this.#partitions.size + this.#groups.size > 0) {
      const coordinator = await this.#coordinator()
      await coordinator.endTxn({ ...this.#initialised(), transactionResult: isCommit })
    }
    this.#partitions.clear()
    this.#groups.clear()
  }

  #coordinator(): Promise<RawBroker> {
    return this.#parts.cluster.findGroupCoordinator({
      groupId: this.transactionalId,
      coordinatorType: coordinatorTypes.transaction
    })
  }

  #initialised(): TransactionIdentity {
    assertThat(this.#identity !== null, 'a transaction needs init() first')
    return this.#identity
  }

  async #whileNotYet<T>(types: readonly string[], ask: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts
    const endMs = clock.monotonic() + waitMsMax
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * delayMultiplier, delayMsMax)) {
      try {
        return await ask()
      } catch (error) {
        const isNotYet = types.some((type) => hasType(error, type))
        if (!isNotYet || clock.monotonic() + delayMs > endMs) throw error
      }
      await clock.sleep(delayMs)
    }
  }
}

function byTopic<P extends TopicPartition, Entry>(
  places: readonly P[],
  toEntry: (place: P) => Entry
): { topic: string; partitions: Entry[] }[] {
  const entriesByTopic = new Map<string, Entry[]>()
  for (const place of places) {
    const entries = entriesByTopic.get(place.topic)
    if (entries === undefined) entriesByTopic.set(place.topic, [toEntry(place)])
    else entries.push(toEntry(place))
  }
  return [...entriesByTopic].map(([topic, partitions]) => ({ topic, partitions }))
}
