/**
 * @module What the fault tests of the ingress share: servers with topics and schemas, a process of the
 * ingress, load on it, and the verdict over its answers.
 */
import { createRegistryClient, registerSchemas, topicDefinitions } from '../../avro/index.ts'
import { readSharedConfig, silentLogger, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka } from '../../core/kafka/index.ts'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import type { StackAddresses } from '../../ops/stack/index.ts'
import { type Ends, endsOf, readFrom } from './committed-records.ts'
import { type EdgeAnomaly, judgeIngress } from './ingress-judge.ts'
import { type IngressLoad, type LoadOptions, loadTopics, startLoad } from './ingress-load.ts'

/** How long a request may wait for its acknowledgement in these tests. */
export const deadlineMs = 500
/** What an answer may take beside the deadline on a machine that does other things too. */
export const slackMs = 1_000
/** The least the process takes: some fifty records of this load. */
export const budgetBytes = 65_536

export interface EdgeScene {
  readonly addresses: StackAddresses
  /** Variables of an ingress whose bounds are small enough to be met. */
  readonly environment: Readonly<Record<string, string>>
  readonly kafka: Kafka
  /** Load on an ingress; its verdict covers what was written since. */
  load(url: string, over?: Partial<LoadOptions>): Promise<SceneLoad>
  close(): Promise<void>
}

export interface SceneLoad {
  readonly load: IngressLoad
  /** Stops the load and compares; `written` counts distinct ids. */
  verdict(isClean: boolean): Promise<{
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
  await admin.ensureTopics(topicDefinitions({ replicationFactor: 1, changelogs: [] }))
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
      return { load, verdict: (isClean) => verdictOf({ kafka, from, load, isClean }) }
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

async function verdictOf(of: {
  readonly kafka: Kafka
  readonly from: ReadonlyMap<string, Ends>
  readonly load: IngressLoad
  readonly isClean: boolean
}): ReturnType<SceneLoad['verdict']> {
  const { kafka, from, load, isClean } = of
  const answers = await load.stop()
  const [admin, fetcher] = [await kafka.admin(), await kafka.fetcher()]
  const writtenIds: string[] = []
  for (const [topic, ends] of from) {
    for (const { key, headers } of await readFrom({ admin, fetcher }, topic, ends)) {
      if (load.owns(String(key))) writtenIds.push(String(headers['ce_id']))
    }
  }
  await Promise.all([admin.close(), fetcher.close()])
  const latencyMsMax = deadlineMs + slackMs
  return {
    anomalies: judgeIngress({ answers, writtenIds, latencyMsMax, isClean }),
    accepted: load.count(({ status }) => status === 202),
    written: new Set(writtenIds).size,
    copies: writtenIds.length
  }
}
