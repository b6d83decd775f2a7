/**
 * @module Reads partitions over a connection of its own, with kafkajs' network layer and without
 * its consumer: no group, no seven-second pauses, no offset moved behind the reader's back. One
 * request per leading broker and call.
 */

import type { Clock } from '../clock/index.ts'
import { FatalError, MigrateError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import {
  type FetchResponse,
  type FetchResponsePartition,
  parseFetchResponse
} from './fetch-response.ts'
import {
  encodeFetch,
  errorNameOf,
  isolationLevels,
  type RawBroker,
  type RawCluster,
  type Throttled
} from './library.ts'
import { errorTypes, toKafkaError } from './library-errors.ts'
import { decodeRecordBatches } from './record-batch.ts'
import { keyOf } from './topic-partition.ts'
import type { FetchError, FetchedPartition, Fetcher, FetchOptions, FetchRequest } from './types.ts'

/**
 * A call that failed takes at least this long, so that a loop round it asks 20 times a second at
 * most.
 */
const failedCallMsMin = 50

/**
 * Replies that mean: this broker isn't (or isn't yet) the leader; ask for metadata and try again.
 */
const notLeaderCodes = new Set([3, 5, 6, 9, 13, 56, 74, 75, 78, 100])
const offsetOutOfRangeCode = 1

const retriableErrors = new Set<FetchError>(['NOT_LEADER', 'UNAVAILABLE'])

export type FetcherParts = {
  readonly cluster: RawCluster
  readonly clock: Clock
  readonly logger: Logger
  /** Called once, when close() begins: whoever keeps a list of what is open forgets this. */
  onClose(): void
}

export class ClusterFetcher implements Fetcher {
  readonly #cluster: RawCluster
  readonly #clock: Clock
  readonly #onClose: () => void
  readonly #logger: Logger
  #isClosed = false
  #turn = 0

  constructor({ cluster, clock, logger, onClose }: FetcherParts) {
    this.#onClose = onClose
    this.#cluster = cluster
    this.#clock = clock
    this.#logger = logger
  }

  async fetch(
    requests: readonly FetchRequest[],
    options: FetchOptions
  ): Promise<FetchedPartition[]> {
    if (this.#isClosed) throw new MigrateError('HAIL_CLOSED', 'the fetcher is closed')
    const startMs = this.#clock.monotonic()
    await this.#learnTopics(requests)
    const { byLeader, results } = this.#groupByLeader(requests)
    const { maxWaitMs, soleLeaderWaitMs = maxWaitMs } = options
    const waits = { ...options, maxWaitMs: byLeader.size === 1 ? soleLeaderWaitMs : maxWaitMs }
    await Promise.all(
      [...byLeader].map(([nodeId, group]) => this.#fetchFrom(nodeId, group, waits, results))
    )
    const fetched = requests.map((request) => results.get(request) ?? failed(request, 'NOT_LEADER'))
    if (fetched.some(({ error }) => error !== null && retriableErrors.has(error))) {
      await this.#refresh()
      const leftMs = startMs + failedCallMsMin - this.#clock.monotonic()
      if (leftMs > 0) await this.#clock.sleep(leftMs)
    }
    return fetched
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClose()
    await this.#cluster.disconnect()
  }

  /**
   * One topic at a time: a topic that doesn't exist fails the metadata of all that are asked for
   * with it.
   */
  async #learnTopics(requests: readonly FetchRequest[]): Promise<void> {
    const { targetTopics } = this.#cluster
    for (const topic of new Set(requests.map((request) => request.topic))) {
      if (targetTopics.has(topic)) continue
      try {
        await this.#cluster.addMultipleTargetTopics([topic])
      } catch (error) {
        this.#logger.debug({ topic, error }, 'no metadata of the topic')
        refuseOrIgnore(error, `read topic ${topic}`)
      }
    }
  }

  #groupByLeader(requests: readonly FetchRequest[]): {
    byLeader: Map<number, FetchRequest[]>
    results: Map<FetchRequest, FetchedPartition>
  } {
    const byLeader = new Map<number, FetchRequest[]>()
    const results = new Map<FetchRequest, FetchedPartition>()
    for (const request of requests) {
      const leader = this.#leaderOf(request)
      if (leader === null) {
        results.set(request, failed(request, 'NOT_LEADER'))
        continue
      }
      const group = byLeader.get(leader)
      if (group === undefined) byLeader.set(leader, [request])
      else group.push(request)
    }
    return { byLeader, results }
  }

  #leaderOf({ topic, partition }: FetchRequest): number | null {
    try {
      const found = this.#cluster
        .findTopicPartitionMetadata(topic)
        .find(({ partitionId }) => partitionId === partition)
      return found === undefined || found.leader < 0 ? null : found.leader
    } catch (error) {
      this.#logger.debug({ topic, partition, error }, 'no metadata loaded')
      return null
    }
  }

  async #fetchFrom(
    nodeId: number,
    group: readonly FetchRequest[],
    options: FetchOptions,
    results: Map<FetchRequest, FetchedPartition>
  ): Promise<void> {
    let response: FetchResponse
    try {
      const broker = await this.#cluster.findBroker({ nodeId })
      response = await this.#send(broker, group, options)
    } catch (error) {
      if (error instanceof FatalError) throw error
      refuseOrIgnore(error, `fetch from broker ${nodeId}`)
      this.#logger.debug({ node: nodeId, error }, 'fetch failed')
      for (const request of group) results.set(request, failed(request, 'UNAVAILABLE'))
      return
    }
    const partByKey = new Map<string, FetchResponsePartition>()
    for (const part of response.partitions) partByKey.set(keyOf(part), part)
    for (const request of group) {
      const part = partByKey.get(keyOf(request))
      const code = response.errorCode || (part?.errorCode ?? 0)
      results.set(
        request,
        part === undefined || code !== 0 ? refused(request, code) : read(request, part)
      )
    }
  }

  async #send(
    broker: RawBroker,
    group: readonly FetchRequest[],
    options: FetchOptions
  ): Promise<FetchResponse> {
    const { request, requestTimeout } = encodeFetch({
      isolationLevel: isolationLevels[options.isolation],
      maxWaitTime: options.maxWaitMs,
      minBytes: 1,
      maxBytes: options.maxBytes,
      topics: this.#topicsOf(group, options.maxBytesPerPartition)
    })
    return broker.connectionPool.send<FetchResponse, FetchResponse & Throttled>({
      request,
      requestTimeout,
      response: {
        decode: async (body) => {
          const response = parseFetchResponse(body)
          return { ...response, clientSideThrottleTime: response.throttleMs }
        },
        parse: async (response) => response
      }
    })
  }

  /**
   * A broker fills the response in the order of the request and promises progress to the first
   * partition only, so the order turns by one each call: a batch larger than all limits gets
   * through once its partition is first.
   */
  #topicsOf(group: readonly FetchRequest[], maxBytes: number) {
    const first = this.#turn % group.length
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER
    const turned = [...group.slice(first), ...group.slice(0, first)]
    const topics: {
      topic: string
      partitions: { partition: number; fetchOffset: string; maxBytes: number }[]
    }[] = []
    for (const { topic, partition, offset } of turned) {
      const entry = { partition, fetchOffset: offset.toString(), maxBytes }
      const last = topics.at(-1)
      if (last?.topic === topic) last.partitions.push(entry)
      else topics.push({ topic, partitions: [entry] })
    }
    return topics
  }

  /**
   * Forgets all topics when the refresh fails, because a deleted one would make it fail for ever.
   */
  async #refresh(): Promise<void> {
    try {
      if (!this.#cluster.isConnected()) await this.#cluster.connect()
      await this.#cluster.refreshMetadata()
    } catch (error) {
      this.#logger.debug({ error }, 'metadata refresh failed')
      if (errorTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION'))
        this.#cluster.targetTopics.clear()
    }
  }
}

/** Rights and credentials don't come back by asking again; everything else may. */
function refuseOrIgnore(error: unknown, what: string): void {
  const own = toKafkaError(error, what)
  if (own instanceof FatalError) throw own
}

function refused(request: FetchRequest, code: number): FetchedPartition {
  if (code === offsetOutOfRangeCode) return failed(request, 'OFFSET_OUT_OF_RANGE')
  if (code === 0 || notLeaderCodes.has(code)) return failed(request, 'NOT_LEADER')
  return failed(request, errorNameOf(code))
}

function failed({ topic, partition, offset }: FetchRequest, error: FetchError): FetchedPartition {
  return {
    topic,
    partition,
    error,
    records: [],
    offsetNext: offset,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStart: -1n
  }
}

function read(request: FetchRequest, part: FetchResponsePartition): FetchedPartition {
  const { topic, partition, data, aborted } = part
  const { records, offsetNext } = decodeRecordBatches({
    topic: request.topic,
    partition,
    data,
    from: request.offset,
    aborted
  })
  return {
    topic,
    partition,
    error: null,
    records,
    offsetNext,
    highWatermark: part.highWatermark,
    lastStableOffset: part.lastStableOffset,
    logStart: part.logStart
  }
}
