/**
 * @module The adapter: the port of types.ts on kafkajs 2.2.4. Of kafkajs it uses the connections,
 * metadata, single requests and group membership; transactions are kept and records are written and
 * read by code of our own.
 */

import type { ConnectionOptions } from 'node:tls'
import type { Consumer, Kafka as KafkajsClient, PartitionAssigner, SASLOptions } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import type { KafkaSasl, KafkaTls } from '../config.ts'
import { assertThat } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { ClusterAdmin } from './admin.ts'
import type { KafkaAdmin } from './admin-types.ts'
import { ClusterFetcher } from './fetcher.ts'
import { ConsumerMember } from './group-member.ts'
import { createCluster, loadKafkajs, type RawCluster } from './library.ts'
import { hasType, toKafkaError } from './library-errors.ts'
import { createLibraryLog } from './library-log.ts'
import { PlainProducer } from './producer.ts'
import { retrying } from './retrying.ts'
import { commonCount } from './task-protocol.ts'
import { TaskProducer } from './transactional-producer.ts'
import type {
  Fetcher,
  GroupMember,
  GroupMemberOptions,
  Kafka,
  KafkaProducer,
  ProducerOptions,
  TransactionalProducer,
  TransactionalProducerOptions,
  TransactionVersion
} from './types.ts'

export type KafkaOptions = {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly logger: Logger
  readonly clock: Clock
  readonly ssl?: KafkaTls | undefined
  readonly sasl?: KafkaSasl | null | undefined
  /** How long any request may take, in ms. Default 15000. */
  readonly requestTimeoutMs?: number | undefined
  /** The highest transaction protocol to speak where the cluster has it. Default 2. */
  readonly transactionVersionMax?: TransactionVersion | undefined
}

const connectionTimeoutMs = 3_000
const requestTimeoutMsDefault = 15_000
const ackTimeoutMsDefault = 10_000
const producerRetriesDefault = 8
const transactionTimeoutMsDefault = 15_000

/** Metadata and coordinators: 100 ms doubling to 2 s, five times: about 5 s. */
const clusterRetry = { initialRetryTime: 100, maxRetryTime: 2_000, multiplier: 2, retries: 5 }
/**
 * A join that meets the next rebalance tries again soon; after ten tries the member starts over.
 */
const memberRetry = { initialRetryTime: 50, maxRetryTime: 1_000, multiplier: 1.5, retries: 10 }
/**
 * How long a paused consumer sleeps between its turns, so also how late a heartbeat or a leave can
 * be: well below the heartbeat's interval, and few enough turns that an idle member hardly wakes up.
 */
const memberTurnMs = 200

type Closable = { close(): Promise<void> }

export function createKafka(options: KafkaOptions): Kafka {
  return new KafkajsAdapter(options)
}

class KafkajsAdapter implements Kafka {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #client: KafkajsClient
  readonly #transactionVersionMax: TransactionVersion
  readonly #open = new Set<Closable>()
  #control: Promise<RawCluster> | null = null
  #isClosed = false

  constructor(options: KafkaOptions) {
    this.#clock = options.clock
    this.#logger = options.logger.child({ component: 'kafka' })
    this.#client = createClient(options)
    this.#transactionVersionMax = options.transactionVersionMax ?? 2
  }

  async admin(): Promise<KafkaAdmin> {
    const admin = this.#client.admin()
    const cluster = createCluster(this.#client)
    const own: ClusterAdmin = new ClusterAdmin({
      admin,
      cluster,
      clock: this.#clock,
      onClose: () => this.#open.delete(own)
    })
    await this.#connect('connect an admin', own, async () => {
      await Promise.all([admin.connect(), cluster.connect()])
    })
    return own
  }

  async producer(options: ProducerOptions = {}): Promise<KafkaProducer> {
    const { ackTimeoutMs = ackTimeoutMsDefault, retries = producerRetriesDefault } = options
    const cluster = createCluster(this.#client)
    const own: PlainProducer = new PlainProducer({
      cluster,
      clock: this.#clock,
      ackTimeoutMs,
      retries,
      onClose: () => this.#open.delete(own)
    })
    await this.#connect('connect a producer', own, () => cluster.connect())
    return own
  }

  async transactionalProducer(
    transactionalId: string,
    options: TransactionalProducerOptions = {}
  ): Promise<TransactionalProducer> {
    const { transactionTimeoutMs = transactionTimeoutMsDefault } = options
    const cluster = createCluster(this.#client)
    const own: TaskProducer = new TaskProducer({
      cluster,
      transactionalId,
      transactionTimeoutMs,
      transactionVersionMax: this.#transactionVersionMax,
      ackTimeoutMs: ackTimeoutMsDefault,
      clock: this.#clock,
      onClose: () => this.#open.delete(own)
    })
    await this.#connect(`connect the producer ${transactionalId}`, own, () => cluster.connect())
    return own
  }

  async fetcher(): Promise<Fetcher> {
    const cluster = createCluster(this.#client)
    const own: ClusterFetcher = new ClusterFetcher({
      cluster,
      clock: this.#clock,
      logger: this.#logger,
      onClose: () => this.#open.delete(own)
    })
    await this.#connect('connect a fetcher', own, () => cluster.connect())
    return own
  }

  member(options: GroupMemberOptions): GroupMember {
    this.#throwIfClosed()
    const { groupId, topics } = options
    const member = new ConsumerMember({
      ...options,
      clock: this.#clock,
      logger: this.#logger,
      createConsumer: (assigner) => this.#createConsumer(options, assigner),
      checkTopics: () => this.#checkTopics(topics),
      removeMember: (memberId) => this.removeMember(groupId, memberId)
    })
    this.#open.add({ close: () => member.leave() })
    return member
  }

  async removeMember(groupId: string, memberId: string): Promise<void> {
    await this.#withControl(`remove member ${memberId} of ${groupId}`, async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId })
      try {
        await coordinator.leaveGroup({ groupId, memberId })
      } catch (error) {
        if (!hasType(error, 'UNKNOWN_MEMBER_ID')) throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const open = [...this.#open]
    this.#open.clear()
    await Promise.all(open.map((closable) => closable.close()))
    const control = await this.#control?.catch(() => null)
    await control?.disconnect()
  }

  #createConsumer(options: GroupMemberOptions, assigner: PartitionAssigner): Consumer {
    return this.#client.consumer({
      groupId: options.groupId,
      partitionAssigners: [assigner],
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: options.heartbeatMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      maxWaitTimeInMs: memberTurnMs,
      allowAutoTopicCreation: false,
      retry: { ...memberRetry, restartOnFailure: async () => false }
    })
  }

  async #checkTopics(topics: readonly string[]): Promise<void> {
    const counts = await this.#withControl('read the partitions of a group', async (cluster) => {
      await cluster.addMultipleTargetTopics(topics)
      return topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length)
    })
    commonCount(topics, counts)
  }

  /** A cluster for rare requests, connected when the first one comes. */
  async #withControl<T>(what: string, run: (cluster: RawCluster) => Promise<T>): Promise<T> {
    this.#control ??= this.#connectControl()
    try {
      const cluster = await this.#control
      return await retrying({ clock: this.#clock, cluster }, () => run(cluster))
    } catch (error) {
      throw toKafkaError(error, what)
    }
  }

  async #connectControl(): Promise<RawCluster> {
    const cluster = createCluster(this.#client)
    try {
      await cluster.connect()
    } catch (error) {
      this.#control = null
      throw error
    }
    return cluster
  }

  async #connect(what: string, own: Closable, connect: () => Promise<void>): Promise<void> {
    this.#throwIfClosed()
    try {
      await connect()
    } catch (error) {
      await own.close().catch(() => undefined)
      throw toKafkaError(error, what)
    }
    this.#open.add(own)
  }

  #throwIfClosed(): void {
    assertThat(!this.#isClosed, 'nothing is made of a Kafka that is closed')
  }
}

function createClient(options: KafkaOptions): KafkajsClient {
  const { Kafka: Client, logLevel } = loadKafkajs()
  const { brokers, clientId, logger, ssl = false, sasl = null } = options
  return new Client({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? requestTimeoutMsDefault,
    retry: clusterRetry,
    logLevel: logLevel.INFO,
    logCreator: createLibraryLog(logger),
    ssl: typeof ssl === 'boolean' ? ssl : ({ ca: [...ssl.ca] } satisfies ConnectionOptions),
    ...(sasl === null ? {} : { sasl: sasl satisfies KafkaSasl as SASLOptions })
  })
}
