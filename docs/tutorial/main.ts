/**
 * @module Runs the tutorial's service against the stack that `make up` has started.
 */
import { createRegistryClient, loadCodec } from '../../avro/index.ts'
import {
  createLifecycle,
  createLogger,
  createMetrics,
  readSharedConfig,
  systemClock
} from '../../core/index.ts'
import { createKafka } from '../../core/kafka/index.ts'
import { createRedis } from '../../core/redis/index.ts'
import { stackEnvironment, startStack } from '../../ops/stack/index.ts'
import {
  createRuntimeMetrics,
  createStreams,
  ensureInternalTopics
} from '../../streams/runtime/index.ts'
import { marketDemandTopologies } from './market-demand.ts'

const shared = readSharedConfig(stackEnvironment(await startStack()), { secrets: [] })
const clock = systemClock
const logger = createLogger({ name: 'demand', level: shared.logLevel })
const kafka = createKafka({ ...shared.kafka, clientId: 'demand', logger, clock })
const redis = createRedis({ url: shared.redisUrl, logger, name: 'demand', clock })
const url = shared.schemaRegistryUrl
const registry = createRegistryClient({ url, timeoutMs: 5_000, logger })
const lifecycle = createLifecycle({ logger, clock, stopTimeoutMs: 15_000 })

const topologies = marketDemandTopologies()
await ensureInternalTopics(await kafka.admin(), topologies, shared.replicationFactor)
const streams = createStreams({
  topologies,
  kafka,
  redis,
  clock,
  logger,
  codec: await loadCodec({ registry }),
  metrics: createRuntimeMetrics(createMetrics()),
  onFatal: (error) => lifecycle.fail(error)
})
lifecycle.add({ name: 'redis', stop: () => redis.close() })
lifecycle.add({ name: 'kafka', stop: () => kafka.close() })
lifecycle.add({ name: 'streams', start: () => streams.start(), stop: () => streams.stop() })
await lifecycle.runUntilSignal()
