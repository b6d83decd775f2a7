/**
 * @module Sends records to the leaders of their partitions: one request per leader and round, and
 * again for the partitions that weren't taken. A batch keeps its bytes, so with a producer id a
 * broker recognises one it has already.
 */

import type { Clock } from '../clock/index.ts'
import { assertThat } from '../errors.ts'
import { errorOfCode, type RawCluster } from './library.ts'
import { hasType, isRetriable } from './library-errors.ts'
import {
  type EncodedBatch,
  type ProducedPartition,
  type ProduceVersion,
  produceCall
} from './produce-protocol.ts'
import { callBroker } from './raw-call.ts'
import { type RetryPolicy, retrying } from './retrying.ts'
import type { SendRounds } from './send-rounds.ts'
import { keyOf } from './topic-partition.ts'
import type { Appended, TopicPartitionKey } from './types.ts'

/** Acknowledged by the leader and all replicas in sync. */
const acksFromAll = -1

export type RecordSenderParts = {
  readonly cluster: RawCluster
  readonly clock: Clock
  readonly policy: RetryPolicy
  /** How long the broker may wait for its replicas. */
  readonly ackTimeoutMs: number
  readonly transactionalId: string | null
  /** Asked before each request: a transactional producer learns it when it takes over. */
  version(): ProduceVersion
}

type Failure = { readonly batches: readonly EncodedBatch[]; readonly error: unknown }

export class RecordSender {
  readonly #parts: RecordSenderParts

  constructor(parts: RecordSenderParts) {
    this.#parts = parts
  }

  /** Runs with the retries of this sender. */
  retrying<T>(run: () => Promise<T>): Promise<T> {
    const { clock, cluster, policy } = this.#parts
    return retrying({ clock, cluster, policy }, run)
  }

  /** Throws kafkajs' error of the first partition that was refused for good or too often. */
  async send(rounds: SendRounds): Promise<Map<TopicPartitionKey, Appended>> {
    const appendedByPartition = new Map<TopicPartitionKey, Appended>()
    const topics = new Set(rounds.partitions().map(({ topic }) => topic))
    for (let batches = rounds.next(); batches.length > 0; batches = rounds.next()) {
      let missing: readonly EncodedBatch[] = batches
      await this.retrying(async () => {
        await this.#learn(topics)
        const failures = await this.#sendOnce(missing, appendedByPartition)
        missing = failures.flatMap((failure) => failure.batches)
        const worst = failures.find(({ error }) => !isRetriable(error)) ?? failures[0]
        if (worst !== undefined) throw worst.error
      })
    }
    return appendedByPartition
  }

  /** Loads what is needed to find the leaders of these topics. Costs nothing while they are known. */
  async #learn(topics: ReadonlySet<string>): Promise<void> {
    const { cluster } = this.#parts
    try {
      const unknown = [...topics].filter((topic) => !cluster.targetTopics.has(topic))
      if (unknown.length > 0) await cluster.addMultipleTargetTopics(unknown)
      await cluster.refreshMetadataIfNecessary()
    } catch (error) {
      // A topic of an earlier send may be gone, and would fail the metadata of all others for ever.
      if (hasType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) cluster.targetTopics.clear()
      throw error
    }
  }

  async #sendOnce(
    batches: readonly EncodedBatch[],
    appendedByPartition: Map<TopicPartitionKey, Appended>
  ): Promise<Failure[]> {
    const groups = this.#byLeader(batches)
    const failures = await Promise.all(
      [...groups].map(([nodeId, group]) => this.#sendTo(nodeId, group, appendedByPartition))
    )
    return failures.flat()
  }

  async #sendTo(
    nodeId: number,
    batches: readonly EncodedBatch[],
    appendedByPartition: Map<TopicPartitionKey, Appended>
  ): Promise<Failure[]> {
    const { cluster, transactionalId, ackTimeoutMs, version } = this.#parts
    let answered: readonly ProducedPartition[]
    try {
      const broker = await cluster.findBroker({ nodeId })
      const call = {
        version: version(),
        transactionalId,
        acks: acksFromAll,
        timeoutMs: ackTimeoutMs,
        batches
      }
      answered = (await callBroker(broker, produceCall(call))).partitions
    } catch (error) {
      return [{ batches, error }]
    }
    const answerByPartition = new Map(answered.map((answer) => [keyOf(answer), answer]))
    return batches.flatMap((batch) => {
      const key = keyOf(batch)
      const answer = answerByPartition.get(key)
      assertThat(answer !== undefined, 'Kafka answers for every partition that was sent to')
      if (answer.errorCode !== 0) {
        return [{ batches: [batch], error: errorOfCode(answer.errorCode) }]
      }
      assertThat(answer.base >= 0n, 'an acknowledged batch has an offset')
      appendedByPartition.set(key, {
        base: appendedByPartition.get(key)?.base ?? answer.base,
        last: answer.base + BigInt(batch.count) - 1n
      })
      return []
    })
  }

  #byLeader(batches: readonly EncodedBatch[]): Map<number, EncodedBatch[]> {
    const batchesByLeader = new Map<number, EncodedBatch[]>()
    for (const batch of batches) {
      const leader = this.#leaderOf(batch)
      const group = batchesByLeader.get(leader)
      if (group === undefined) batchesByLeader.set(leader, [batch])
      else group.push(batch)
    }
    return batchesByLeader
  }

  #leaderOf({ topic, partition }: EncodedBatch): number {
    const found = this.#parts.cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)
    if (found === undefined) throw errorOfCode(unknownPartitionCode)
    if (found.leader < 0) throw errorOfCode(noLeaderCode)
    return found.leader
  }
}

const unknownPartitionCode = 3
const noLeaderCode = 5
