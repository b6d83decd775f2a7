/**
 * The process of the sinks: `SINKS=all` or a list of connectors.
 *
 * @module
 */

import { createRegistryClient, loadCodec } from '../avro/index.ts'
import {
  type CheckResult,
  systemClock as clock,
  createLifecycle,
  createLogger,
  createMetrics,
  createOpsServer
} from '../core/index.ts'
import { createKafka } from '../core/kafka/index.ts'
import { readSinksConfig } from './config.ts'
import { connectDatabase, type Database } from './models/index.ts'
import { createRetrier } from './runtime/index.ts'
import { createSinks, type Sinks } from './sinks.ts'

/** A batch, a commit during a rebalance and a fetch under way: each within 10 s. */
const stopTimeoutMs = 30_000
const registryTimeoutMs = 5_000

const { shared, settings, opsPort } = readSinksConfig()
const logger = createLogger({ name: 'sinks', level: shared.logLevel })
const metrics = createMetrics({ withProcess: true })
const lifecycle = createLifecycle({ logger, clock, stopTimeoutMs })
const kafka = createKafka({ ...shared.kafka, clientId: 'hailstream-sinks', logger, clock })
const stopping = new AbortController()
let database: Database | null = null
let sinks: Sinks | null = null

async function checkMongo(): Promise<CheckResult> {
  await database?.ping()
  return { ok: database !== null }
}

function checkConnectors(): CheckResult {
  const waiting = sinks?.status().filter(({ state }) => state !== 'running')
  if (waiting === undefined) return { ok: false, detail: 'not started yet' }
  const detail = waiting.map(({ name, state }) => `${name} is ${state}`).join(', ')
  return { ok: waiting.length === 0, detail }
}

const opsServer = createOpsServer({
  name: 'sinks',
  port: opsPort,
  metrics,
  checks: { mongo: checkMongo, connectors: checkConnectors },
  status: () => ({ connectors: sinks?.status() ?? [] }),
  clock
})

/** Waits for the registry too: without its schemas no record can be read. */
async function startSinks(): Promise<void> {
  const retrier = createRetrier({
    clock,
    logger,
    waits: settings.runner.retry,
    onRetry: () => undefined
  })
  const url = shared.schemaRegistryUrl
  const registry = createRegistryClient({ url, timeoutMs: registryTimeoutMs, logger, clock })
  const load = () => loadCodec({ registry })
  const codec = await retrier.run('load the schemas', load, stopping.signal)
  database = await connectDatabase({ url: shared.mongoUrl, logger, clock })
  sinks = createSinks({ kafka, codec, database, metrics, clock, logger, settings })
  sinks.start((error) => lifecycle.fail(error))
}

process.once('SIGTERM', () => stopping.abort())
process.once('SIGINT', () => stopping.abort())
lifecycle.add({
  name: 'ops server',
  start: async () => {
    const port = await opsServer.listen()
    logger.info({ port }, 'operators are served')
  },
  stop: () => opsServer.close()
})
lifecycle.add({ name: 'kafka', stop: () => kafka.close() })
lifecycle.add({ name: 'mongo', stop: () => database?.close() })
lifecycle.add({ name: 'connectors', start: startSinks, stop: () => sinks?.stop() })
await lifecycle.runUntilSignal()
