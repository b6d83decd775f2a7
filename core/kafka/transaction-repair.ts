/**
 * @module Looks at transactions across coordinators and leaders, ends one that hangs and moves a
 * group's offsets: the part of the admin for repair by hand.
 */

import type { Clock } from '../clock/index.ts'
import { FatalError } from '../errors.ts'
import type {
  ActiveProducer,
  HangingTransaction,
  ListedTransaction,
  TransactionDescription,
  TransactionFilter
} from './admin-types.ts'
import {
  coordinatorTypes,
  errorNameOf,
  errorOfCode,
  type RawBroker,
  type RawCluster
} from './library.ts'
import { hasType } from './library-errors.ts'
import { callBroker } from './raw-call.ts'
import { retrying } from './retrying.ts'
import {
  abortMarkerCall,
  type DescribedTransaction,
  describeProducersCall,
  describeTransactionsCall,
  listTransactionsCall
} from './transaction-protocol.ts'
import type { OffsetCommit } from './types.ts'

const unknownPartitionCode = 3
const unknownTransactionalIdCode = 105
/** A newer epoch of the producer or of its coordinator: the transaction isn't the one described. */
const overtakenCodes = new Set([47, 52, 90])

export class TransactionRepair {
  readonly #cluster: RawCluster
  readonly #clock: Clock

  constructor({ cluster, clock }: { readonly cluster: RawCluster; readonly clock: Clock }) {
    this.#cluster = cluster
    this.#clock = clock
  }

  list(filter: TransactionFilter): Promise<ListedTransaction[]> {
    return this.#retrying(async () => {
      await this.#cluster.refreshMetadata()
      const lists = await Promise.all(
        this.#cluster.getNodeIds().map(async (nodeId) => {
          const broker = await this.#cluster.findBroker({ nodeId })
          const { errorCode, value } = await callBroker(broker, listTransactionsCall(filter))
          throwUnlessDone(errorCode)
          return value
        })
      )
      return lists.flat()
    })
  }

  describe(transactionalIds: readonly string[]): Promise<TransactionDescription[]> {
    return this.#retrying(async () => {
      const idsByCoordinator = await this.#byCoordinator(transactionalIds)
      const descriptionById = new Map<string, TransactionDescription>()
      await Promise.all(
        [...idsByCoordinator].map(async ([broker, ids]) => {
          const { value } = await callBroker(broker, describeTransactionsCall(ids))
          for (const { errorCode, ...description } of value satisfies DescribedTransaction[]) {
            if (errorCode === unknownTransactionalIdCode) continue
            throwUnlessDone(errorCode)
            descriptionById.set(description.transactionalId, description)
          }
        })
      )
      return transactionalIds.flatMap((id) => descriptionById.get(id) ?? [])
    })
  }

  producers(topic: string, partition: number): Promise<ActiveProducer[]> {
    return this.#retrying(async () => {
      const broker = await this.#leaderOf(topic, partition)
      const { errorCode, value } = await callBroker(broker, describeProducersCall(topic, partition))
      throwUnlessDone(errorCode)
      return value
    })
  }

  abort(hanging: HangingTransaction): Promise<void> {
    const { topic, partition, producerId } = hanging
    return this.#retrying(async () => {
      const broker = await this.#leaderOf(topic, partition)
      const { errorCode } = await callBroker(broker, abortMarkerCall(hanging))
      if (overtakenCodes.has(errorCode)) {
        const name = errorNameOf(errorCode)
        const message = `could not abort the transaction of producer ${producerId} in ${topic}-${partition}: ${name}; describe the producers again`
        throw new FatalError('HAIL_KAFKA_REFUSED', message)
      }
      throwUnlessDone(errorCode)
    })
  }

  async moveOffsets({ groupId, offsets }: OffsetCommit): Promise<void> {
    if (offsets.length === 0) return
    const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: offsets
        .filter((entry) => entry.topic === topic)
        .map(({ partition, offset, metadata }) => ({
          partition,
          offset: offset.toString(),
          metadata
        }))
    }))
    const commit = { groupId, groupGenerationId: -1, memberId: '', topics }
    await this.#retrying(async () => {
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId })
      try {
        await coordinator.offsetCommit(commit)
      } catch (error) {
        if (!memberTypes.some((type) => hasType(error, type))) throw error
        const message = `could not move the offsets of group ${groupId}: it has members; stop them first`
        throw new FatalError('HAIL_KAFKA_REFUSED', message, { cause: error })
      }
    })
  }

  async #byCoordinator(transactionalIds: readonly string[]): Promise<Map<RawBroker, string[]>> {
    const idsByCoordinator = new Map<RawBroker, string[]>()
    for (const id of new Set(transactionalIds)) {
      const coordinator = await this.#cluster.findGroupCoordinator({
        groupId: id,
        coordinatorType: coordinatorTypes.transaction
      })
      idsByCoordinator.set(coordinator, [...(idsByCoordinator.get(coordinator) ?? []), id])
    }
    return idsByCoordinator
  }

  async #leaderOf(topic: string, partition: number): Promise<RawBroker> {
    await this.#cluster.addMultipleTargetTopics([topic])
    const found = this.#cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)
    if (found === undefined) throw errorOfCode(unknownPartitionCode)
    return this.#cluster.findBroker({ nodeId: found.leader })
  }

  #retrying<T>(run: () => Promise<T>): Promise<T> {
    return retrying({ clock: this.#clock, cluster: this.#cluster }, () =>
      run().catch((error: unknown) => {
        this.#cluster.noticeCoordinatorError(error)
        throw error
      })
    )
  }
}

/** What a commit in nobody's name is answered while the group has members. */
const memberTypes = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS']

function throwUnlessDone(errorCode: number): void {
  if (errorCode !== 0) throw errorOfCode(errorCode)
}
