/**
 * @module The stream services' process: connections, one group runtime for each sub-topology, and the
 * port for operators.
 */
import {
  type Codec,
  createRegistryClient,
  loadCodec,
  type TopicName,
  topics
} from '../avro/index.ts'
import {
  type Clock,
  ConfigError,
  createLogger,
  createMetrics,
  createOpsServer,
  type Lifecycle,
  type Logger,
  loadMarkets,
  type Metrics
} from '../core/index.ts'
import { createKafka, type Kafka, type KafkaAdmin } from '../core/kafka/index.ts'
import { createRedis, type Redis } from '../core/redis/index.ts'
import type { Markets } from '../domain/index.ts'
import { type ServiceName, type StreamsConfig, serviceNames } from './config.ts'
import { createHttpProviders } from './notifications/index.ts'
import {
  armFailpoint,
  createRedisState,
  createRuntimeMetrics,
  defaultTaskSettings,
  GroupRuntime,
  type GroupSettings,
  noFailpoints,
  type SubTopology,
  topologyChangelogs
} from './runtime/index.ts'
import { describedTopologies, serviceTopologies } from './services.ts'

/** Services named by SERVICES; `all` means every one. */
export function chosenServices(names: readonly string[]): ServiceName[] {
  if (names.includes('all')) return [...serviceNames]
  const unknown = names.filter((name) => !serviceNames.includes(name as ServiceName))
  if (unknown.length === 0) return names as ServiceName[]
  throw new ConfigError([
    {
      variable: 'SERVICES',
      expected: `all, or some of ${serviceNames.join(', ')}`,
      got: unknown.join(', ')
    }
  ])
}

/** Adds everything the process consists of to its life cycle. */
export function addStreams(lifecycle: Lifecycle, config: StreamsConfig, clock: Clock): void {
  const { shared, streams } = config
  const services = chosenServices(streams.SERVICES)
  const logger = createLogger({ name: 'streams', level: shared.logLevel })
  const metrics = createMetrics({ withProcess: true })
  const kafka = createKafka({
    ...shared.kafka,
    clientId: 'hailstream-streams',
    logger,
    clock
  })
  const redis = createRedis({
    url: shared.redisUrl,
    logger,
    name: 'hailstream-streams',
    clock,
    metrics
  })
  const markets = loadMarkets(shared.marketsFile)
  const topologies = serviceTopologies(services, {
    timeScale: shared.timeScale,
    markets,
    quoteSecret: shared.secrets.quoteSecret,
    clock,
    providers: createHttpProviders({
      pushUrl: streams.NOTIFICATION_PUSH_URL,
      smsUrl: streams.NOTIFICATION_SMS_URL,
      fetch,
      clock
    })
  })
  const groups: GroupRuntime[] = []
  const parts = { config, clock, logger, metrics, kafka, redis, markets, topologies, groups }
  lifecycle.add({
    name: 'redis',
    start: () => redis.requireNoEviction(),
    stop: () => redis.close()
  })
  lifecycle.add({ name: 'kafka', stop: () => kafka.close() })
  lifecycle.add({
    name: 'groups',
    start: () => startGroups(parts, (error) => lifecycle.fail(error)),
    stop: () => Promise.all(groups.map((group) => group.stop()))
  })
  addOps(lifecycle, parts)
}

interface Parts {
  readonly config: StreamsConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly kafka: Kafka
  readonly redis: Redis
  readonly markets: Markets
  readonly topologies: readonly SubTopology[]
  readonly groups: GroupRuntime[]
}

async function startGroups(parts: Parts, onFatal: (error: unknown) => void): Promise<void> {
  const { config, clock, logger, metrics, kafka, redis, topologies, groups } = parts
  const codec = await loadProcessCodec(parts)
  const admin = await kafka.admin()
  await checkTopics(admin, topologies)
  const restoreFetcher = await kafka.fetcher()
  const settings: GroupSettings = {
    sessionTimeoutMs: config.streams.STREAMS_SESSION_TIMEOUT_MS,
    heartbeatMs: Math.max(200, Math.floor(config.streams.STREAMS_SESSION_TIMEOUT_MS / 10)),
    rebalanceTimeoutMs: 10_000,
    fetchMaxWaitMs: config.streams.STREAMS_FETCH_MAX_WAIT_MS,
    fetchMaxBytes: 1 << 20,
    fetchIntervalMs: config.streams.STREAMS_FETCH_INTERVAL_MS,
    reacquireMs: 50,
    reacquireMsMax: 5_000
  }
  const crashAt = config.streams.CRASH_AT
  const failpoints =
    crashAt === null
      ? noFailpoints
      : armFailpoint(crashAt, () => process.kill(process.pid, 'SIGKILL'))
  const runtimeMetrics = createRuntimeMetrics(metrics)
  const backend = createRedisState(redis)
  for (const topology of topologies) {
    groups.push(
      new GroupRuntime({
        topology,
        kafka,
        admin,
        restoreFetcher,
        backend,
        codec,
        clock,
        logger,
        metrics: runtimeMetrics,
        failpoints,
        settings,
        task: {
          ...defaultTaskSettings,
          cacheEntriesMax: config.streams.STREAMS_CACHE_ENTRIES,
          recordsPerCommitMax: config.streams.STREAMS_RECORDS_PER_COMMIT,
          appendLagMs: config.streams.STREAMS_APPEND_LAG_MS
        },
        partitionsOf: (topic: TopicName) => topics[topic].partitions,
        onFatal
      })
    )
  }
  await Promise.all(groups.map((group) => group.start()))
}

async function loadProcessCodec(parts: Parts): Promise<Codec> {
  const { config, clock, logger, markets } = parts
  const registry = createRegistryClient({
    url: config.shared.schemaRegistryUrl,
    timeoutMs: 5_000,
    logger
  })
  return loadCodec({
    registry,
    changelogs: topologyChangelogs(describedTopologies({ markets, clock }))
  })
}

/** Topics must be there with the partition counts the catalogue gives, before anything is read. */
async function checkTopics(admin: KafkaAdmin, topologies: readonly SubTopology[]): Promise<void> {
  const wanted = new Set(topologies.flatMap(({ sources, outputs }) => [...sources, ...outputs]))
  await Promise.all(
    [...wanted].map(async (topic) => {
      const found = await admin.partitionCount(topic)
      if (found === topics[topic].partitions) return
      throw new ConfigError([
        {
          variable: 'KAFKA_BROKERS',
          expected: `${topic} with ${topics[topic].partitions} partitions`,
          got: `${found}`
        }
      ])
    })
  )
}

function addOps(lifecycle: Lifecycle, parts: Parts): void {
  const { config, logger, metrics, redis, groups } = parts
  const counts = () =>
    groups.reduce(
      (sum, { counts: { assigned, running } }) => ({
        assigned: sum.assigned + assigned,
        running: sum.running + running
      }),
      { assigned: 0, running: 0 }
    )
  metrics.gauge({
    name: 'hail_streams_groups',
    help: 'Sub-topologies run by this process',
    collect: (gauge) => {
      for (const group of groups) group.report()
      gauge.set({}, groups.length)
    }
  })
  const server = createOpsServer({
    port: config.streams.STREAMS_OPS_PORT,
    name: 'streams',
    metrics,
    checks: {
      redis: () => ({ ok: redis.isReady() }),
      tasks: () => {
        const { assigned, running } = counts()
        return { ok: running === assigned, detail: `${running} of ${assigned} assigned tasks run` }
      }
    },
    status: () => ({
      services: chosenServices(config.streams.SERVICES),
      tasks: counts(),
      members: groups.map((group) => ({ groupId: group.groupId, memberId: group.memberId }))
    })
  })
  lifecycle.add({
    name: 'ops',
    start: async () => {
      const port = await server.listen()
      logger.info(
        { port, services: chosenServices(config.streams.SERVICES).join(',') },
        'streams run'
      )
    },
    stop: () => server.close()
  })
}
