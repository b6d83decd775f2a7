/**
 * @module The stream services' process: connections, one group runtime for each sub-topology, and the
 * port for operators.
 */
import { type Codec, createRegistryClient, loadCodec } from '../avro/index.ts'
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
import { createKafka, type Kafka } from '../core/kafka/index.ts'
import { createRedis, type Redis } from '../core/redis/index.ts'
import type { Markets } from '../domain/index.ts'
import { type ServiceName, type StreamsConfig, serviceNames } from './config.ts'
import { createHttpProviders } from './notifications/index.ts'
import { createProcessQuery } from './process-query.ts'
import { queryableStores, type StoreQuery, storeRoutes } from './query/index.ts'
import {
  armFailpoint,
  createRuntimeMetrics,
  createStreams,
  type GroupRuntime,
  noFailpoints,
  type Streams,
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
  const parts: Parts = {
    ...{ config, clock, logger, metrics, kafka, redis, markets, topologies },
    running: null,
    query: null
  }
  lifecycle.add({
    name: 'redis',
    start: () => redis.requireNoEviction(),
    stop: () => redis.close()
  })
  lifecycle.add({ name: 'kafka', stop: () => kafka.close() })
  lifecycle.add({
    name: 'groups',
    start: async () => {
      parts.running = await createProcessStreams(parts, (error) => lifecycle.fail(error))
      await parts.running.start()
    },
    stop: async () => parts.running?.stop()
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
  /** Null until the connections stand. */
  running: Streams | null
  /** Null until the schemas are known. */
  query: StoreQuery | null
}

async function createProcessStreams(
  parts: Parts,
  onFatal: (error: unknown) => void
): Promise<Streams> {
  const { config, clock, logger, metrics, kafka, redis, markets, topologies } = parts
  const settings = config.streams
  const codec = await loadProcessCodec(parts)
  parts.query = createProcessQuery({ kafka, redis, codec, markets, clock })
  const crashAt = settings.CRASH_AT
  return createStreams({
    topologies,
    kafka,
    redis,
    codec,
    clock,
    logger,
    metrics: createRuntimeMetrics(metrics),
    failpoints:
      crashAt === null
        ? noFailpoints
        : armFailpoint(crashAt, () => void process.kill(process.pid, 'SIGKILL')),
    group: {
      sessionTimeoutMs: settings.STREAMS_SESSION_TIMEOUT_MS,
      heartbeatMs: Math.max(200, Math.floor(settings.STREAMS_SESSION_TIMEOUT_MS / 10)),
      fetchMaxWaitMs: settings.STREAMS_FETCH_MAX_WAIT_MS,
      fetchIntervalMs: settings.STREAMS_FETCH_INTERVAL_MS
    },
    task: {
      cacheEntriesMax: settings.STREAMS_CACHE_ENTRIES,
      recordsPerCommitMax: settings.STREAMS_RECORDS_PER_COMMIT,
      appendLagMs: settings.STREAMS_APPEND_LAG_MS
    },
    onFatal
  })
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

function addOps(lifecycle: Lifecycle, parts: Parts): void {
  const { config, clock, logger, metrics, redis, markets } = parts
  const stores = queryableStores(describedTopologies({ markets, clock }))
  const groups = (): readonly GroupRuntime[] => parts.running?.groups ?? []
  const counts = () => parts.running?.counts ?? { assigned: 0, running: 0 }
  metrics.gauge({
    name: 'hail_streams_groups',
    help: 'Sub-topologies run by this process',
    collect: (gauge) => {
      for (const group of groups()) group.report()
      gauge.set({}, groups().length)
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
    routes: [storeRoutes({ stores, query: () => parts.query })],
    status: () => ({
      services: chosenServices(config.streams.SERVICES),
      tasks: counts(),
      members: groups().map((group) => ({ groupId: group.groupId, memberId: group.memberId }))
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
