/**
 * @module What the fault tests of the ingress share: servers with topics and schemas, a process of the
 * ingress, load on it, and the verdict over its answers.
 */
import { randomUUID } from 'node:crypto'
import { createRegistryClient, registerSchemas, topicDefinitions } from '../../avro/index.ts'
import { readSharedConfig, silentLogger, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka, type TopicDefinition } from '../../core/kafka/index.ts'
import { createIds } from '../../domain/index.ts'
import { followedTopics, writtenTopics } from '../../ingress/start-checks.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import type { StackAddresses } from '../../ops/stack/index.ts'
import { ApiClient, mintToken, type Reply } from './api-client.ts'
import { type Ends, endsOf, readFrom } from './committed-records.ts'
import { type EdgeAnomaly, type Evidence, judgeIngress } from './ingress-judge.ts'
import {
  dropoff,
  type IngressLoad,
  type LoadOptions,
  loadTopics,
  pickup,
  startLoad
} from './ingress-load.ts'

/** How long a request may wait for its acknowledgement in these tests. */
export const deadlineMs = 500
/** What an answer may take beside the deadline: the sweep of deadlines, a price, the way there and back. */
export const slackMs = 750
/** Both processes of a request may be kept waiting by a busy machine, there and back. */
const stallsMax = 4
/** The least the process takes: some fifty records of this load. */
export const budgetBytes = 65_536

export interface EdgeScene {
  readonly addresses: StackAddresses
  /** Variables of an ingress whose bounds are small enough to be met. */
  readonly environment: Readonly<Record<string, string>>
  readonly kafka: Kafka
  /** Load on an ingress; its verdict covers what was written since. */
  load(url: string, over?: Partial<LoadOptions>): Promise<SceneLoad>
  /** One rider, request by request. */
  rides(url: string): Promise<SingleRider>
  close(): Promise<void>
}

export interface SingleRider {
  request(idempotencyKey: string): Promise<Reply>
  idOf(idempotencyKey: string): string
  /** Of this rider's records in the topic, repeats included. */
  writtenIds(): Promise<readonly string[]>
}

/** The topics an ingress needs; a broker with few partitions starts sooner. */
export function edgeTopics(): TopicDefinition[] {
  const needed = new Set<string>([...writtenTopics, ...followedTopics])
  return topicDefinitions({ replicationFactor: 1, changelogs: [] }).filter(({ name }) =>
    needed.has(name)
  )
}

export type VerdictOptions = Partial<
  Pick<Evidence, 'isClean' | 'latencyMsMax' | 'mayBreakConnections'>
>

export interface SceneLoad {
  readonly load: IngressLoad
  /** Stops the load and compares; `written` counts distinct ids. */
  verdict(over?: VerdictOptions): Promise<{
    readonly anomalies: Partial<Record<EdgeAnomaly, readonly string[]>>
    readonly accepted: number
    readonly written: number
    readonly copies: number
  }>
}

/** @param brokers other brokers than those of the stack, their topics not yet made */
export async function openEdgeScene(brokers: string | null = null): Promise<EdgeScene> {
  const { addresses } = await stackForTests()
  const bootstrap = brokers ?? addresses.kafka
  const kafka = createKafka({
    brokers: bootstrap.split(','),
    clientId: 'edge-scene',
    logger: silentLogger,
    clock: systemClock
  })
  const admin = await kafka.admin()
  await admin.ensureTopics(edgeTopics())
  await admin.close()
  const registry = createRegistryClient({
    url: addresses.registry,
    timeoutMs: 5_000,
    logger: silentLogger
  })
  await registerSchemas(registry, { changelogs: [] })
  const { jwtSecret, idSecret } = readSharedConfig(
    { NODE_ENV: 'test' },
    { secrets: ['jwtSecret', 'idSecret'] }
  ).secrets
  return {
    addresses,
    environment: {
      KAFKA_BROKERS: bootstrap,
      SCHEMA_REGISTRY_URL: addresses.registry,
      REDIS_URL: addresses.redis,
      MONGO_URL: addresses.mongo,
      INGRESS_DEADLINE: `${deadlineMs}ms`,
      INGRESS_BUDGET_BYTES: String(budgetBytes),
      BREAKER_COOL_DOWN: '200ms',
      LIMIT_WRITES: '0',
      LIMIT_LOCATIONS: '0',
      LIMIT_ADDRESS: '0'
    },
    kafka,
    load: async (url, over = {}) => {
      const from = await endsOfLoad(kafka)
      const load = await startLoad({
        url,
        jwtSecret: jwtSecret ?? '',
        idSecret,
        clients: 24,
        paceMs: 40,
        ...over
      })
      return { load, verdict: (over = {}) => verdictOf({ kafka, from, load }, over) }
    },
    rides: async (url) => {
      const from = await endsOfLoad(kafka)
      const customerId = `c-${randomUUID().slice(0, 8)}`
      const token = await mintToken('customer', customerId, jwtSecret ?? '')
      const client = new ApiClient(url.replace('/api/v1', ''), token)
      return {
        request: (key) => client.post('/rides', { pickup, dropoff }, { 'idempotency-key': key }),
        idOf: (idempotencyKey) => createIds(idSecret).rideId({ customerId, idempotencyKey }),
        writtenIds: () => writtenSince(kafka, from, (key) => key === customerId)
      }
    },
    close: () => kafka.close()
  }
}

async function endsOfLoad(kafka: Kafka): Promise<ReadonlyMap<string, Ends>> {
  const admin = await kafka.admin()
  const ends = new Map<string, Ends>()
  for (const topic of loadTopics) ends.set(topic, await endsOf(admin, topic))
  await admin.close()
  return ends
}

async function verdictOf(
  of: {
    readonly kafka: Kafka
    readonly from: ReadonlyMap<string, Ends>
    readonly load: IngressLoad
  },
  over: VerdictOptions
): ReturnType<SceneLoad['verdict']> {
  const { kafka, from, load } = of
  const answers = await load.stop()
  const writtenIds = await writtenSince(kafka, from, (key) => load.owns(key))
  const limits = {
    latencyMsMax: deadlineMs + slackMs + stallsMax * load.stallMs,
    isClean: false,
    mayBreakConnections: false,
    ...over
  }
  return {
    anomalies: judgeIngress({ answers, writtenIds, ...limits }),
    accepted: load.count(({ status }) => status === 202),
    written: new Set(writtenIds).size,
    copies: writtenIds.length
  }
}

async function writtenSince(
  kafka: Kafka,
  from: ReadonlyMap<string, Ends>,
  owns: (key: string) => boolean
): Promise<string[]> {
  const [admin, fetcher] = [await kafka.admin(), await kafka.fetcher()]
  const ids: string[] = []
  for (const [topic, ends] of from) {
    for (const { key, headers } of await readFrom({ admin, fetcher }, topic, ends)) {
      if (owns(String(key))) ids.push(String(headers['ce_id']))
    }
  }
  await Promise.all([admin.close(), fetcher.close()])
  return ids
}
