/**
 * The process of the ingress: its connections, its parts and the order in which they start and stop.
 * Kafka and the registry are needed to start; Redis and MongoDB may come later, since writing does
 * not need them.
 *
 * @module
 */
import { createRegistryClient, loadCodec } from '../avro/index.ts'
import {
  type CheckResult,
  type Clock,
  type CodeFor,
  createMetrics,
  createOpsServer,
  type Lifecycle,
  type Logger,
  loadMarkets,
  type Metrics,
  RetryError
} from '../core/index.ts'
import { createKafka, type Kafka, type KafkaProducer } from '../core/kafka/index.ts'
import { createRedis, type Redis } from '../core/redis/index.ts'
import { createPolicy, type Markets } from '../domain/index.ts'
import { connectDatabase, type Database } from '../sinks/models/index.ts'
import { createStoreReader } from '../streams/query/index.ts'
import { createRemoteKeySource, createSecretKeySource, type KeySource } from './auth/index.ts'
import type { IngressConfig } from './config.ts'
import { createIngress, type Ingress } from './ingress.ts'
import { createMongoHistory } from './read/index.ts'
import { openSpill, type Spill } from './spill/index.ts'
import { checkTopics, followedTopics, requireTopics } from './start-checks.ts'
import { type ChannelPort, createWorkerLink, type WorkerLink } from './workers/index.ts'

type Process = {
  config: IngressConfig
  clock: Clock
  logger: Logger
  metrics: Metrics
  kafka: Kafka
  redis: Redis
  keys: KeySource
  markets: Markets
  ingress: Ingress | null
  database: Database | null
  ackBeforeProduce: boolean
  /** Of a worker; its primary has the port for operators. */
  link: WorkerLink | null
}

const registryTimeoutMs = 5_000
const redisTimeoutMs = 2_000
/**
 * How long a broker's answer may come after the deadline of whoever waits for it. A request that takes
 * longer is given up with its connection, so this bounds how long a dead connection holds up a topic.
 */
const replyGraceMs = 1_000
/** A record that waits longer than its deadline has been answered already. */
const producerRetries = 3

/** What the process is given; `ackBeforeProduce` is for the test of its tests. */
export type IngressProcessOptions = {
  config: IngressConfig
  clock: Clock
  logger: Logger
  ackBeforeProduce?: boolean
  /** The channel to the primary, in a worker. */
  channel?: ChannelPort
}

/** Adds everything the process consists of to its life cycle. */
export const addIngress = (
  lifecycle: Lifecycle,
  { config, clock, logger, ackBeforeProduce = false, channel }: IngressProcessOptions
): void => {
  const { shared } = config
  const metrics = createMetrics({ withProcess: true })
  const name = 'hailstream-ingress'
  const parts: Process = {
    config,
    clock,
    logger,
    metrics,
    kafka: createKafka({
      ...shared.kafka,
      clientId: name,
      logger,
      clock,
      requestTimeoutMs: config.settings.INGRESS_DEADLINE + replyGraceMs
    }),
    redis: createRedis({
      url: shared.redisUrl,
      logger,
      name,
      clock,
      metrics,
      commandTimeoutMs: redisTimeoutMs
    }),
    keys: createKeys(config, clock, logger),
    markets: loadMarkets(shared.marketsFile),
    ingress: null,
    database: null,
    ackBeforeProduce,
    link: null
  }
  if (channel !== undefined) addLink(lifecycle, parts, channel)
  lifecycle.add({ name: 'redis', stop: () => parts.redis.close() })
  lifecycle.add({
    name: 'mongo',
    start: () => startDatabase(parts),
    stop: () => parts.database?.close()
  })
  lifecycle.add({ name: 'kafka', stop: () => parts.kafka.close() })
  lifecycle.add({ name: 'keys', start: () => parts.keys.start(), stop: () => parts.keys.stop() })
  if (channel === undefined) addOps(lifecycle, parts)
  // Last to start and first to stop: nothing it needs may go before it is drained.
  lifecycle.add({
    name: 'ingress',
    start: () => startIngress(parts),
    stop: () => parts.ingress?.drain({ isReplaced: parts.link?.isRetiring() ?? false })
  })
}

const createKeys = (config: IngressConfig, clock: Clock, logger: Logger): KeySource => {
  const url = config.settings.JWKS_URL
  return url === null
    ? createSecretKeySource(config.shared.secrets.jwtSecret ?? '')
    : createRemoteKeySource(url, { clock, logger })
}

const startDatabase = async (parts: Process): Promise<void> => {
  const { config, clock, logger } = parts
  if (!config.roles.isReading && !config.roles.isPushing) return
  parts.database = await connectDatabase({ url: config.shared.mongoUrl, logger, clock })
}

const startIngress = async (parts: Process): Promise<void> => {
  const { config, clock, logger, metrics, kafka, redis, keys, markets } = parts
  const { shared, settings } = config
  const brokers = shared.kafka.brokers.join(', ')
  const admin = await needing(`a broker of KAFKA_BROKERS (${brokers})`, () => kafka.admin())
  try {
    if (config.roles.isWriting) await checkTopics(admin, shared)
    if (config.roles.isPushing) await requireTopics(admin, followedTopics)
  } finally {
    await admin.close()
  }
  const registry = createRegistryClient({
    url: shared.schemaRegistryUrl,
    timeoutMs: registryTimeoutMs,
    logger,
    clock
  })
  // Without its user and password.
  const { host } = new URL(shared.schemaRegistryUrl)
  const codec = await needing(`the registry of SCHEMA_REGISTRY_URL (${host})`, () =>
    loadCodec({ registry })
  )
  const producer = await kafka.producer({
    ackTimeoutMs: settings.INGRESS_DEADLINE,
    retries: producerRetries
  })
  const spill = await openSpillOf(parts, producer)
  const ingress = createIngress({
    config,
    clock,
    logger,
    metrics,
    codec,
    log: kafka,
    producer,
    keys,
    markets,
    policy: createPolicy({ timeScale: shared.timeScale }),
    live: createStoreReader({ redis, codec, markets }),
    history: createMongoHistory(),
    spill,
    shared: redis,
    ackBeforeProduce: parts.ackBeforeProduce
  })
  parts.ingress = ingress
  const port = await ingress.listen()
  parts.link?.listening()
  logger.info({ port, roles: config.settings.ROLES }, 'the ingress listens')
}

/** Null when it is off or nothing is written. */
const openSpillOf = async (
  { config, clock, logger, metrics }: Process,
  producer: KafkaProducer
): Promise<Spill | null> => {
  const { settings, roles } = config
  const folder = settings.INGRESS_SPILL_DIR
  if (folder === null || !roles.isWriting) return null
  return await openSpill({
    folder,
    bytesMax: settings.INGRESS_SPILL_BYTES,
    segmentBytes: settings.INGRESS_SPILL_SEGMENT_BYTES,
    batchBytesMax: settings.INGRESS_BATCH_BYTES,
    retryMs: settings.BREAKER_COOL_DOWN,
    producer,
    clock,
    logger,
    metrics
  })
}

/** Says which variable names what does not answer; a start that fails is read by people. */
const needing = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof RetryError)) throw error
    throw new RetryError(
      error.code as CodeFor<'retry'>,
      `${what} does not answer: ${error.message}`,
      {
        cause: error
      }
    )
  }
}

const readinessOf = ({ ingress }: Process): CheckResult =>
  ingress?.readiness() ?? { ok: false, detail: 'not started' }

const statusOf = (parts: Process): Record<string, unknown> => ({
  roles: parts.config.settings.ROLES,
  redis: parts.redis.isReady(),
  mongo: parts.database?.isConnected() ?? null,
  bytes: parts.ingress?.accumulator.bytes ?? 0
})

/** First to start and last to stop: the last figures are sent when there will be no more. */
const addLink = (lifecycle: Lifecycle, parts: Process, channel: ChannelPort): void => {
  parts.link = createWorkerLink({
    channel,
    metrics: parts.metrics,
    readiness: () => readinessOf(parts),
    status: () => statusOf(parts)
  })
  lifecycle.add({ name: 'link', stop: () => parts.link?.end() })
}

const addOps = (lifecycle: Lifecycle, parts: Process): void => {
  const { config, clock, logger, metrics } = parts
  const server = createOpsServer({
    port: config.settings.INGRESS_OPS_PORT,
    name: 'ingress',
    metrics,
    clock,
    // Redis and MongoDB are left out: without them writing goes on, and reads say 503 themselves.
    checks: {
      ingress: () => readinessOf(parts)
    },
    status: () => statusOf(parts)
  })
  lifecycle.add({
    name: 'ops',
    start: async () => {
      const port = await server.listen()
      logger.info({ port }, 'the operator port listens')
    },
    stop: () => server.close()
  })
}
