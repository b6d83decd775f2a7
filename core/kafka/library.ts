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

/** Offsets of one topic, as kafkajs takes them. */
export type CommittedTopic = {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly offset: string
    readonly metadata: string
  }[]
}

/** Whose transaction a request is about. kafkajs' producer id is a number or its Long: convert by text. */
export type TransactionIdentity = {
  readonly transactionalId: string
  readonly producerId: { toString(): string }
  readonly producerEpoch: number
}

export type RawBroker = {
  readonly nodeId: number | string
  /** The versions it knows, by api key; nothing before the first connection. */
  readonly versions?: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
  > | null
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
    readonly topics: readonly CommittedTopic[]
  }): Promise<unknown>
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>
  initProducerId(request: {
    readonly transactionalId: string
    readonly transactionTimeout: number
  }): Promise<Omit<TransactionIdentity, 'transactionalId'>>
  addPartitionsToTxn(
    request: TransactionIdentity & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    }
  ): Promise<unknown>
  addOffsetsToTxn(request: TransactionIdentity & { readonly groupId: string }): Promise<unknown>
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
  /** For errors of requests that kafkajs doesn't know: the coordinator may have to be looked for again. */
  noticeCoordinatorError(error: unknown): void
  /** Of all brokers the metadata names. */
  getNodeIds(): readonly string[]
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
/** What a coordinator is asked for; without a type it is a group's. */
export const coordinatorTypes = { transaction: 1 } as const
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
