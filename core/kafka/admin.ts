/** @module Topics, offsets and groups, for start-up, restore, operators and tests. */

import type { Admin } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import { FatalError } from '../errors.ts'
import type {
  ActiveProducer,
  CommittedOffset,
  EnsureTopicsReport,
  GroupDescription,
  GroupMemberDescription,
  HangingTransaction,
  KafkaAdmin,
  ListedTransaction,
  PartitionOffsets,
  TopicDefinition,
  TransactionDescription,
  TransactionFilter
} from './admin-types.ts'
import { isolationLevels, listTimestamps, type RawCluster } from './library.ts'
import { hasType, toKafkaError } from './library-errors.ts'
import { membersOf } from './member-description.ts'
import { retrying } from './retrying.ts'
import { ensureTopics } from './topic-creation.ts'
import { keyOf } from './topic-partition.ts'
import { TransactionRepair } from './transaction-repair.ts'
import type { OffsetCommit, TopicPartitionKey } from './types.ts'

/** Deleting a topic waits for the controller to write it down. */
const topicTimeoutMs = 30_000

export type AdminParts = {
  readonly admin: Admin
  readonly cluster: RawCluster
  readonly clock: Clock
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class ClusterAdmin implements KafkaAdmin {
  readonly #admin: Admin
  readonly #cluster: RawCluster
  readonly #clock: Clock
  readonly #onClose: () => void
  readonly #repair: TransactionRepair

  constructor({ admin, cluster, clock, onClose }: AdminParts) {
    this.#onClose = onClose
    this.#admin = admin
    this.#cluster = cluster
    this.#clock = clock
    this.#repair = new TransactionRepair({ cluster, clock })
  }

  ensureTopics(definitions: readonly TopicDefinition[]): Promise<EnsureTopicsReport> {
    return this.#attempt('create topics', () =>
      ensureTopics({ admin: this.#admin, clock: this.#clock }, definitions)
    )
  }

  listTopics(): Promise<string[]> {
    return this.#attempt('list topics', () => this.#admin.listTopics())
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.#attempt('delete topics', () =>
      this.#admin.deleteTopics({ topics: [...topics], timeout: topicTimeoutMs })
    )
  }

  partitionCount(topic: string): Promise<number> {
    return this.#attempt(`count the partitions of ${topic}`, async () => {
      return (await this.#partitionsOf(topic)).length
    })
  }

  async endOffsets(topic: string): Promise<Map<number, PartitionOffsets>> {
    const what = `read the offsets of topic ${topic}`
    return this.#attempt(what, () =>
      retrying({ clock: this.#clock, cluster: this.#cluster }, () => this.#endOffsets(topic))
    )
  }

  async committed(
    groupId: string,
    topics: readonly string[]
  ): Promise<Map<TopicPartitionKey, CommittedOffset>> {
    const found = await this.#attempt(`read the offsets of group ${groupId}`, () =>
      this.#admin.fetchOffsets({ groupId, topics: [...topics] })
    )
    const committed = new Map<TopicPartitionKey, CommittedOffset>()
    for (const { topic, partitions } of found) {
      for (const { partition, offset, metadata } of partitions) {
        committed.set(keyOf({ topic, partition }), {
          offset: BigInt(offset),
          metadata: metadata ?? ''
        })
      }
    }
    return committed
  }

  async listGroups(): Promise<string[]> {
    const { groups } = await this.#attempt('list groups', () => this.#admin.listGroups())
    return groups.map(({ groupId }) => groupId)
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    const { groups } = await this.#attempt(`describe group ${groupId}`, () =>
      this.#admin.describeGroups([groupId])
    )
    const [group] = groups
    return { groupId, state: group?.state ?? 'Dead', members: membersOf(group?.members ?? []) }
  }

  async groupMembers(groupId: string): Promise<readonly GroupMemberDescription[]> {
    return (await this.describeGroup(groupId)).members
  }

  async deleteGroup(groupId: string): Promise<void> {
    try {
      await this.#admin.deleteGroups([groupId])
    } catch (error) {
      if (hasType(error, 'GROUP_ID_NOT_FOUND')) return
      if (hasType(error, 'NON_EMPTY_GROUP')) {
        const message = `could not delete group ${groupId}: it has members; stop them first`
        throw new FatalError('HAIL_KAFKA_REFUSED', message, { cause: error })
      }
      throw toKafkaError(error, `delete group ${groupId}`)
    }
  }

  async deleteRecords(
    topic: string,
    beforeOffsetByPartition: ReadonlyMap<number, bigint>
  ): Promise<void> {
    await this.#attempt(`delete records of ${topic}`, async () => {
      // Loads the topic's metadata, without which kafkajs finds no leader.
      await this.#admin.fetchTopicOffsets(topic)
      const partitions = [...beforeOffsetByPartition].map(([partition, offset]) => {
        return { partition, offset: offset.toString() }
      })
      await this.#admin.deleteTopicRecords({ topic, partitions })
    })
  }

  listTransactions(filter: TransactionFilter = {}): Promise<readonly ListedTransaction[]> {
    return this.#attempt('list transactions', () => this.#repair.list(filter))
  }

  describeTransactions(
    transactionalIds: readonly string[]
  ): Promise<readonly TransactionDescription[]> {
    return this.#attempt('describe transactions', () => this.#repair.describe(transactionalIds))
  }

  describeProducers(topic: string, partition: number): Promise<readonly ActiveProducer[]> {
    const what = `describe the producers of ${topic}-${partition}`
    return this.#attempt(what, () => this.#repair.producers(topic, partition))
  }

  abortTransaction(hanging: HangingTransaction): Promise<void> {
    const { topic, partition } = hanging
    return this.#attempt(`abort a transaction in ${topic}-${partition}`, () =>
      this.#repair.abort(hanging)
    )
  }

  moveOffsets(commit: OffsetCommit): Promise<void> {
    const what = `move the offsets of group ${commit.groupId}`
    return this.#attempt(what, () => this.#repair.moveOffsets(commit))
  }

  async close(): Promise<void> {
    this.#onClose()
    await Promise.all([this.#admin.disconnect(), this.#cluster.disconnect()])
  }

  async #partitionsOf(topic: string): Promise<readonly { partitionId: number; leader: number }[]> {
    await this.#cluster.addMultipleTargetTopics([topic])
    const partitions = this.#cluster.findTopicPartitionMetadata(topic)
    if (partitions.length > 0) return partitions
    await this.#cluster.refreshMetadata()
    return this.#cluster.findTopicPartitionMetadata(topic)
  }

  async #endOffsets(topic: string): Promise<Map<number, PartitionOffsets>> {
    const partitionsByLeader = new Map<number, number[]>()
    for (const { partitionId, leader } of await this.#partitionsOf(topic)) {
      partitionsByLeader.set(leader, [...(partitionsByLeader.get(leader) ?? []), partitionId])
    }
    const offsetsByPartition = new Map<number, PartitionOffsets>()
    await Promise.all(
      [...partitionsByLeader].map(async ([nodeId, partitions]) => {
        const ask = (isolation: keyof typeof isolationLevels, place: keyof typeof listTimestamps) =>
          this.#list({ nodeId, topic, partitions, isolation, place })
        // In this order on one connection, so that log start <= stable <= high even while the log
        // grows.
        const [logStart, stable, high] = await Promise.all([
          ask('uncommitted', 'earliest'),
          ask('committed', 'latest'),
          ask('uncommitted', 'latest')
        ])
        for (const partition of partitions) {
          offsetsByPartition.set(partition, {
            logStart: logStart.get(partition) ?? 0n,
            stable: stable.get(partition) ?? 0n,
            high: high.get(partition) ?? 0n
          })
        }
      })
    )
    return offsetsByPartition
  }

  async #list(options: {
    nodeId: number
    topic: string
    partitions: readonly number[]
    isolation: keyof typeof isolationLevels
    place: keyof typeof listTimestamps
  }): Promise<Map<number, bigint>> {
    const { nodeId, topic, isolation, place } = options
    const broker = await this.#cluster.findBroker({ nodeId })
    const timestamp = listTimestamps[place]
    const partitions = options.partitions.map((partition) => ({ partition, timestamp }))
    const { responses } = await broker.listOffsets({
      isolationLevel: isolationLevels[isolation],
      topics: [{ topic, partitions }]
    })
    const listed = responses.flatMap((response) => response.partitions)
    return new Map(listed.map(({ partition, offset }) => [partition, BigInt(offset)]))
  }

  async #attempt<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof FatalError) throw error
      if (hasType(error, 'UNKNOWN_TOPIC_OR_PARTITION')) {
        const message = `could not ${what}: it does not exist; create the topics first`
        throw new FatalError('HAIL_KAFKA_REFUSED', message, { cause: error })
      }
      throw toKafkaError(error, what)
    }
  }
}
