/**
 * Puts the ingress together from its parts and outside connections: routes by role, the accumulator,
 * limits, tokens, long polls; and takes it apart in order.
 *
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Codec } from '../avro/index.ts'
import type { CheckResult, Clock, Counter, Logger, Metrics } from '../core/index.ts'
import type { KafkaProducer } from '../core/kafka/index.ts'
import { createIds, type Markets, type Policy } from '../domain/index.ts'
import { createTokenVerifier, type KeySource } from './auth/index.ts'
import type { ReadCache, SharedStore } from './cache/index.ts'
import type { IngressConfig } from './config.ts'
import { HttpServer } from './http/index.ts'
import { createAdmission, createPositionLanes, TokenBuckets } from './limits/index.ts'
import { createPages } from './openapi/index.ts'
import { createSnapshotReader, type LogSource, PushHub } from './push/index.ts'
import {
  createReadGuard,
  createSurgeReader,
  type History,
  type LiveStores,
  type ReadServices,
  readRoutes
} from './read/index.ts'
import { createCache, createReadServices } from './read-side.ts'
import { apiRoutes } from './routes.ts'
import type { Spill } from './spill/index.ts'
import {
  createEvents,
  RecordAccumulator,
  SeenPositions,
  type WriteServices,
  writeRoutes
} from './write/index.ts'

/** What the ingress stands on. */
export type IngressDeps = {
  config: IngressConfig
  clock: Clock
  logger: Logger
  metrics: Metrics
  codec: Pick<Codec, 'encode' | 'decode' | 'learn'>
  /** What push follows. */
  log: LogSource
  producer: Pick<KafkaProducer, 'send'>
  keys: KeySource
  markets: Markets
  policy: Policy
  live: LiveStores
  history: History
  /** Where processes share what they read; null shares nothing. */
  shared: SharedStore | null
  /** Where records wait while Kafka does not take them; drained by the ingress. */
  spill?: Spill | null
  /** For the test that shows the checker would notice a lost 202. */
  ackBeforeProduce?: boolean
}

/** A running ingress. */
export type Ingress = {
  /** Starts to listen; returns the port. */
  listen(): Promise<number>
  /**
   * Not ready, `Connection: close`, the grace, no new requests, those in flight, the queue. One that is
   * replaced by another process on the same port stops listening first of all.
   */
  drain(options?: { isReplaced?: boolean }): Promise<void>
  /** Whether a balancer should send requests here. */
  readiness(): CheckResult
  readonly accumulator: RecordAccumulator
  /** Null without the role. */
  readonly push: PushHub | null
}

/** At 100 bytes an entry, 10 MB. */
const bodyHashesMax = 100_000

/** What a partner that was quiet may book at once: a bus that was cancelled, a conference that ends. */
const partnerHoldSeconds = 10

/** Builds the ingress; it listens once `listen` is called. */
export const createIngress = (deps: IngressDeps): Ingress => {
  const { config, clock, logger } = deps
  const { settings } = config
  const accumulator = createAccumulator(deps)
  const server = createServer(deps)
  const cache = createCache(deps)
  const read = createReadServices(deps, cache)
  if (config.roles.isWriting) {
    server.register(writeRoutes, createWriteServices(deps, { accumulator, cache }))
  }
  if (config.roles.isReading) server.register(readRoutes, read)
  server.registerPages(createPages(apiRoutes))
  const push = config.roles.isPushing ? createPush(deps, read) : null
  if (push !== null) server.registerUpgrade(push.route())
  let isListening = false
  let isDraining = false

  return {
    accumulator,
    push,
    listen: async () => {
      await push?.start()
      const port = await server.listen(settings.INGRESS_PORT, settings.INGRESS_HOST)
      isListening = true
      return port
    },
    readiness: () => {
      if (!isListening) return { ok: false, detail: 'not listening yet' }
      const { isHealthy, detail } = accumulator.state
      return { ok: isHealthy && !isDraining, detail: isDraining ? 'draining' : detail }
    },
    drain: async ({ isReplaced = false } = {}) => {
      isDraining = true
      server.beginDrain()
      logger.info({}, 'not ready any more; each answer closes its connection')
      if (isReplaced) {
        await server.stopListening()
        logger.info({}, 'the port is left to the other workers')
      }
      const graceMs = isReplaced ? settings.INGRESS_RELOAD_GRACE : settings.DRAIN_GRACE
      if (graceMs > 0) await clock.sleep(graceMs)
      read.assignments.stop()
      logger.info({ durationMs: graceMs }, 'no new requests any more')
      // Requests are refused from here on while connections are still being closed one by one.
      await Promise.all([
        server.drain(settings.DRAIN_TIMEOUT),
        push?.drain(config.push.PUSH_DRAIN_SPREAD)
      ])
      logger.info({ count: server.inFlight }, 'the requests in progress have ended')
      await accumulator.drain()
      logger.info({ bytes: accumulator.bytes }, 'the records in the queue are sent')
    }
  }
}

const createAccumulator = (deps: IngressDeps): RecordAccumulator => {
  const { config, clock, logger, metrics, producer, spill = null, ackBeforeProduce = false } = deps
  const { settings } = config
  return new RecordAccumulator({
    producer,
    clock,
    logger,
    metrics,
    lingerMs: settings.INGRESS_LINGER,
    batchRecordsMax: settings.INGRESS_BATCH_RECORDS,
    batchBytesMax: settings.INGRESS_BATCH_BYTES,
    budgetBytes: settings.INGRESS_BUDGET_BYTES,
    deadlineMs: settings.INGRESS_DEADLINE,
    failuresMax: settings.BREAKER_FAILURES,
    coolDownMs: settings.BREAKER_COOL_DOWN,
    spill,
    ackBeforeProduce
  })
}

const createServer = ({
  config,
  clock,
  logger,
  metrics,
  keys,
  policy
}: IngressDeps): HttpServer => {
  const { settings, shared } = config
  const scaled = scaler(config)
  const tokens = createTokenVerifier({
    keys,
    clock,
    cacheEntriesMax: settings.TOKEN_CACHE_MAX,
    cacheAgeMsMax: settings.TOKEN_CACHE_AGE
  })
  const admission = createAdmission({
    clock,
    perSecond: {
      write: scaled(settings.LIMIT_WRITES),
      // Every request has a position or more: what is over both lanes need not be read.
      location:
        settings.LIMIT_LOCATIONS === 0
          ? 0
          : scaled(settings.LIMIT_LOCATIONS + settings.LIMIT_LOCATION_OVERFLOW),
      read: scaled(settings.LIMIT_READS),
      signup: scaled(settings.LIMIT_SIGNUPS)
    },
    addressPerSecond: scaled(settings.LIMIT_ADDRESS),
    badTokensPerSecond: settings.LIMIT_BAD_TOKENS,
    refused: refusedCounter(metrics)
  })
  return new HttpServer({
    clock,
    logger,
    metrics,
    authenticate: tokens.authenticate,
    admission,
    idempotencyAgeMsMax: policy.idempotencyMaxAgeMs,
    bodyBytesMax: settings.HTTP_BODY_MAX,
    inFlightMax: settings.HTTP_IN_FLIGHT_MAX,
    inFlightPerAddressMax: settings.HTTP_IN_FLIGHT_PER_ADDRESS,
    bodyTimeoutMs: settings.HTTP_BODY_TIMEOUT,
    bodiesBytesMax: settings.HTTP_BODIES_BYTES,
    corsOrigins: config.corsOrigins,
    trustedProxies: settings.TRUSTED_PROXIES,
    accessLogRatio: settings.ACCESS_LOG_RATIO,
    failureLinesMax: settings.ACCESS_LOG_FAILURES,
    isHttpsOnly: shared.isProduction
  })
}

/** Limits of a world that runs faster. */
const scaler =
  ({ shared }: IngressConfig) =>
  (perSecond: number): number =>
    Math.ceil(perSecond * Math.max(1, shared.timeScale))

const refusedCounter = (metrics: Metrics): Counter<'reason'> =>
  metrics.counter({
    name: 'hail_ingress_limited_total',
    help: 'Requests refused with 429 and items of batches refused, by what was over its limit.',
    labels: ['reason']
  })

const createBatchServices = ({ config, clock, metrics }: IngressDeps) => {
  const scaled = scaler(config)
  return {
    positionLanes: createPositionLanes({
      clock,
      ordinaryPerSecond: scaled(config.settings.LIMIT_LOCATIONS),
      overflowPerSecond: scaled(config.settings.LIMIT_LOCATION_OVERFLOW),
      refused: refusedCounter(metrics)
    }),
    partnerRides: new TokenBuckets({
      clock,
      perSecond: scaled(config.settings.LIMIT_PARTNER_RIDES),
      holdSeconds: partnerHoldSeconds
    }),
    ridesLimited: refusedCounter(metrics).with({ reason: 'rides' }),
    seenPositions: new SeenPositions(),
    overflowed: metrics
      .counter({
        name: 'hail_ingress_overflow_total',
        help: 'Records accepted into an overflow topic, by the topic they would go to.',
        labels: ['topic']
      })
      .with({ topic: 'driver_location_updates' }),
    batchItems: metrics.counter({
      name: 'hail_ingress_batch_items_total',
      help: 'Items of batches, by route and what became of them.',
      labels: ['route', 'status']
    })
  } satisfies Partial<WriteServices>
}

const createWriteServices = (
  deps: IngressDeps,
  { accumulator, cache }: { accumulator: RecordAccumulator; cache: ReadCache }
): WriteServices => {
  const { config, clock, logger, metrics, codec, live, markets, policy } = deps
  const { idSecret, quoteSecret, piiKeys, piiHmacKeys } = config.shared.secrets
  return {
    clock,
    events: createEvents(accumulator, codec),
    ids: createIds(idSecret),
    markets,
    policy,
    surge: createSurgeReader({
      clock,
      live,
      policy,
      guard: createReadGuard({ clock, logger, deadlineMs: config.settings.SURGE_DEADLINE }),
      cache,
      failures: metrics.counter({
        name: 'hail_ingress_surge_read_failures_total',
        help: 'Prices made without surge because its store could not be read.'
      })
    }),
    quoteSecret,
    signalsLost: metrics.counter({
      name: 'hail_ingress_demand_signals_lost_total',
      help: 'Demand signals of quotes that could not be produced.'
    }),
    piiKeys,
    piiHmacKeys,
    ...createBatchServices(deps),
    bodyHashById: new LRUCache<string, string>({ max: bodyHashesMax })
  }
}

const createPush = (deps: IngressDeps, { ids, guard, live, history }: ReadServices): PushHub => {
  const { config, clock, logger, metrics, codec, log, policy } = deps
  const rideById = async (rideId: string) => (await history.ride(rideId)).value
  return new PushHub({
    settings: config.push,
    clock,
    logger,
    metrics,
    codec,
    log,
    ids,
    policy,
    readSnapshot: createSnapshotReader({ live, rideById, guard })
  })
}
