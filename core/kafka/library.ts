/**
 * @module The only place that loads kafkajs: patched first, then required, so that no import order
 * can get round the corrections. Also the types of the few internals this folder uses; they are
 * those of 2.2.4, which the patches insist on.
 */

import { createRequire } from 'node:module'
import type { Kafka as KafkajsClient, logLevel } from 'kafkajs'
import { assertThat } from '../errors.ts'
import { applyPatches } from './patches/index.ts'

export type KafkajsLibrary = {
  readonly Kafka: typeof KafkajsClient
  readonly logLevel: typeof logLevel
}

/** What kafkajs wants to see of every decoded answer, in ms. */
export type Throttled = { readonly clientSideThrottleTime: number }

/** A request of kafkajs' protocol layer with our own decoder. */
export type RawRequest<T, Decoded extends Throttled> = {
  readonly request: unknown
  readonly requestTimeout: number | null
  readonly response: {
    decode(body: Buffer): Promise<Decoded>
    parse(decoded: Decoded): Promise<T>
  }
}

export type ListedOffsets = {
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
  }[]
}

export type RawBroker = {
  readonly nodeId: number | string
  readonly connectionPool: {
    send<T, Decoded extends Throttled>(request: RawRequest<T, Decoded>): Promise<T>
  }
  listOffsets(request: {
    readonly isolationLevel: number
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[]
    }[]
  }): Promise<ListedOffsets>
  /** A group without members takes generation -1 and the empty member id. */
  offsetCommit(request: {
    readonly groupId: string
    readonly groupGenerationId: number
    readonly memberId: string
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly offset: string
        readonly metadata: string
      }[]
    }[]
  }): Promise<unknown>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
}

export type RawCluster = {
  readonly targetTopics: Set<string>
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  /** Only when it is older than five minutes or lacks a target topic. */
  refreshMetadataIfNecessary(): Promise<void>
  findTopicPartitionMetadata(
    topic: string
  ): readonly { readonly partitionId: number; readonly leader: number }[]
  findBroker(request: { nodeId: number | string }): Promise<RawBroker>
  findGroupCoordinator(request: {
    groupId: string
    /** Default: of the group. */
    coordinatorType?: number
  }): Promise<RawBroker>
  /** Of all brokers the metadata names. */
  getNodeIds(): readonly string[]
}

/** kafkajs' keeper of one transactional id: its producer id and what the transaction touches. */
export type TransactionManager = {
  initProducerId(): Promise<void>
  /** A number or kafkajs' Long: convert by text. */
  getProducerId(): { toString(): string }
  getProducerEpoch(): number
  beginTransaction(): void
  /** Asks the coordinator for those it doesn't have yet. Can be repeated without harm. */
  addPartitionsToTransaction(
    topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number }[]
    }[]
  ): Promise<void>
  sendOffsets(commit: {
    readonly consumerGroupId: string
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly offset: string
        readonly metadata: string
      }[]
    }[]
  }): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export type FetchRequestFields = {
  readonly isolationLevel: number
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly fetchOffset: string
      readonly maxBytes: number
    }[]
  }[]
}

type FetchProtocol = (fields: FetchRequestFields) => {
  readonly request: unknown
  readonly requestTimeout: number
}

type RequestModule = {
  readonly requests: {
    readonly Fetch: { protocol(options: { version: number }): FetchProtocol }
  }
}

/** Version 11 is the newest kafkajs can write; brokers from 2.3 to 4.x read it. */
const fetchVersion = 11

/** Timestamps that mean a place instead of a time. */
export const listTimestamps = { earliest: -2, latest: -1 } as const
export const isolationLevels = { uncommitted: 0, committed: 1 } as const

const require = createRequire(import.meta.url)

export function loadKafkajs(): KafkajsLibrary {
  applyPatches()
  return require('kafkajs') as KafkajsLibrary
}

/**
 * A cluster (connections and metadata) of its own, as kafkajs makes one for each of its clients.
 */
export function createCluster(client: KafkajsClient): RawCluster {
  const symbol = Object.getOwnPropertySymbols(client).find(
    ({ description }) => description === 'private:Kafka:createCluster'
  )
  assertThat(symbol !== undefined, 'kafkajs has no createCluster')
  type Create = (options: { metadataMaxAge: number; allowAutoTopicCreation: boolean }) => RawCluster
  const create = (client as unknown as Record<symbol, Create>)[symbol]
  assertThat(typeof create === 'function', 'kafkajs has no createCluster')
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false })
}

export function createTransactionManager(options: {
  readonly cluster: RawCluster
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
}): TransactionManager {
  const { cluster, transactionalId, transactionTimeoutMs } = options
  type Create = (options: {
    logger: unknown
    cluster: RawCluster
    transactional: true
    transactionalId: string
    transactionTimeout: number
  }) => TransactionManager
  const create = require('kafkajs/src/producer/eosManager/index.js') as Create
  return create({
    logger: (cluster as unknown as { logger: unknown }).logger,
    cluster,
    transactional: true,
    transactionalId,
    transactionTimeout: transactionTimeoutMs
  })
}

export function encodeFetch(fields: FetchRequestFields): ReturnType<FetchProtocol> {
  const { requests } = require('kafkajs/src/protocol/requests/index.js') as RequestModule
  return requests.Fetch.protocol({ version: fetchVersion })(fields)
}

/**
 * Kafka's name of an error code, such as `TOPIC_AUTHORIZATION_FAILED`; `ERROR_<code>` when kafkajs
 * doesn't know it.
 */
export function errorNameOf(code: number): string {
  return protocolErrors().errorCodes.find((entry) => entry.code === code)?.type ?? `ERROR_${code}`
}

/** kafkajs' error of a code that isn't 0: `type` names it, `retriable` says what Kafka says. */
export function errorOfCode(code: number): Error {
  return protocolErrors().createErrorFromCode(code)
}

type ProtocolErrors = {
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[]
  createErrorFromCode(code: number): Error
}

function protocolErrors(): ProtocolErrors {
  return require('kafkajs/src/protocol/error.js') as ProtocolErrors
}
