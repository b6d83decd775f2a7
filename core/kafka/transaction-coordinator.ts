/**
 * @module The requests of one transactional id to its transaction coordinator and to the coordinator
 * of the group, and what the open transaction touches so far. kafkajs has such a keeper too, but its
 * offsets are announced and sent in one call, so nothing can go on meanwhile, and its retries wait
 * 300 ms and more for markers that take 1 to 5 ms.
 *
 * Kafka has two protocols (KIP-890). In version 1 partitions and groups are announced before they
 * are written to, and a producer keeps its epoch. In version 2 they join by being written to, which
 * saves two round trips a transaction, and each end begins a new epoch, so that nothing late of one
 * transaction can get into the next.
 */

import type { Clock } from '../clock/index.ts'
import { assertThat } from '../errors.ts'
import { apiVersionsCall } from './api-versions-protocol.ts'
import { type CommitVersion, endTxnCall, txnOffsetCommitCall } from './commit-protocol.ts'
import {
  coordinatorTypes,
  errorOfCode,
  type RawBroker,
  type RawCluster,
  type TransactionIdentity
} from './library.ts'
import { hasType } from './library-errors.ts'
import type { ProduceVersion } from './produce-protocol.ts'
import { callBroker, type RawCall } from './raw-call.ts'
import type { BatchProducer } from './record-batch-writer.ts'
import { byTopic, keyOf, type TopicPartition } from './topic-partition.ts'
import type { OffsetCommit, TransactionVersion } from './types.ts'

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

/** Brokers keep the highest epoch for fencing. */
const epochMax = 0x7ffe
const invalidEpochCode = 47

/** The cluster's feature that tells which protocol its brokers speak. */
const versionFeature = 'transaction.version'

type RequestVersions = { readonly produce: ProduceVersion; readonly commit: CommitVersion }

const requestVersions: Readonly<Record<TransactionVersion, RequestVersions>> = {
  1: { produce: 9, commit: 3 },
  2: { produce: 12, commit: 5 }
}

export type TransactionCoordinatorParts = {
  readonly cluster: RawCluster
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  /** The highest protocol to speak; a cluster that has not finalised it gets the one before. */
  readonly transactionVersionMax: TransactionVersion
  readonly clock: Clock
}

/** Throws kafkajs' errors; with any of them but those of `init` the outcome is unknown. */
export class TransactionCoordinator {
  readonly transactionalId: string
  readonly #parts: TransactionCoordinatorParts
  readonly #partitions = new Set<string>()
  readonly #groups = new Set<string>()
  #version: TransactionVersion = 1
  #producer: BatchProducer | null = null

  constructor(parts: TransactionCoordinatorParts) {
    this.#parts = parts
    this.transactionalId = parts.transactionalId
  }

  /** Fences earlier producers of this id and waits until their transaction is finished. */
  async init(): Promise<void> {
    const { cluster, transactionalId, transactionTimeoutMs } = this.#parts
    const { producerId, producerEpoch } = await this.#whileNotYet(notYetTypes, async () => {
      await cluster.refreshMetadataIfNecessary()
      const coordinator = await this.#coordinator()
      this.#version = await this.#versionAt(coordinator)
      return coordinator.initProducerId({
        transactionalId,
        transactionTimeout: transactionTimeoutMs
      })
    })
    const id = BigInt(producerId.toString())
    this.#producer = { id, epoch: producerEpoch, isTransactional: true }
  }

  /** Who the open transaction is from: another object once that has changed. */
  get producer(): BatchProducer {
    assertThat(this.#producer !== null, 'a transaction needs init() first')
    return this.#producer
  }

  get produceVersion(): ProduceVersion {
    return requestVersions[this.#version].produce
  }

  /** Must be answered before anything is written to these partitions. Announces each once, if at all. */
  async addPartitions(places: readonly TopicPartition[]): Promise<void> {
    const fresh = places.filter((place) => !this.#partitions.has(keyOf(place)))
    if (fresh.length === 0) return
    await this.#announce(async (coordinator, identity) => {
      const topics = byTopic(fresh).map(([topic, entries]) => {
        return { topic, partitions: entries.map(({ partition }) => partition) }
      })
      await coordinator.addPartitionsToTxn({ ...identity, topics })
    })
    for (const place of fresh) this.#partitions.add(keyOf(place))
  }

  /** Must be answered before offsets of the group are sent. Announces each once, if at all. */
  async addGroup(groupId: string): Promise<void> {
    // In version 2 it joins with its offsets, and a transaction that nothing has joined cannot be ended.
    if (this.#version === 2 || this.#groups.has(groupId)) return
    await this.#announce(async (coordinator, identity) => {
      await coordinator.addOffsetsToTxn({ ...identity, groupId })
    })
    this.#groups.add(groupId)
  }

  /** Sends offsets of a group that is added. */
  async sendOffsets(offsets: OffsetCommit): Promise<void> {
    if (offsets.offsets.length === 0) return
    const { cluster } = this.#parts
    this.#groups.add(offsets.groupId)
    const call = txnOffsetCommitCall(requestVersions[this.#version].commit, this, offsets)
    await this.#whileNotYet(notYetOfOffsets, async () => {
      await this.#ask(await cluster.findGroupCoordinator({ groupId: offsets.groupId }), call)
    })
  }

  /** Asked once: a second request would meet the outcome of the first. Sends nothing for an empty transaction. */
  async end(isCommit: boolean): Promise<void> {
    if (this.#partitions.size + this.#groups.size > 0) {
      const call = endTxnCall(requestVersions[this.#version].commit, this, isCommit)
      const { next } = await this.#ask(await this.#coordinator(), call)
      if (next !== null) this.#producer = { ...usable(next), isTransactional: true }
    }
    this.#partitions.clear()
    this.#groups.clear()
  }

  async #announce(
    run: (coordinator: RawBroker, identity: TransactionIdentity) => Promise<void>
  ): Promise<void> {
    if (this.#version === 2) return
    const { id, epoch } = this.producer
    const { transactionalId } = this
    const identity = { transactionalId, producerId: id.toString(), producerEpoch: epoch }
    await this.#whileNotYet(notYetTypes, async () => run(await this.#coordinator(), identity))
  }

  async #versionAt(broker: RawBroker): Promise<TransactionVersion> {
    if (this.#parts.transactionVersionMax === 1) return 1
    const { features } = await this.#ask(broker, apiVersionsCall())
    return (features.get(versionFeature) ?? 0) >= 2 ? 2 : 1
  }

  #coordinator(): Promise<RawBroker> {
    return this.#parts.cluster.findGroupCoordinator({
      groupId: this.transactionalId,
      coordinatorType: coordinatorTypes.transaction
    })
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

  async #ask<T extends { readonly throttleMs: number; readonly errorCode: number }>(
    broker: RawBroker,
    call: RawCall<T>
  ): Promise<T> {
    try {
      const answer = await callBroker(broker, call)
      if (answer.errorCode !== 0) throw errorOfCode(answer.errorCode)
      return answer
    } catch (error) {
      this.#parts.cluster.noticeCoordinatorError(error)
      throw error
    }
  }
}

/**
 * Who the next transaction is from. An abort after the coordinator's own, at the last epoch, is told the
 * epoch kept for fencing (KAFKA-20090, seen on 4.1.1): a transaction in it could never be ended. Another
 * `init` gets another id.
 */
function usable<P extends { readonly epoch: number }>(next: P): P {
  if (next.epoch < 0 || next.epoch > epochMax) throw errorOfCode(invalidEpochCode)
  return next
}
