/**
 * @module Creates all topics and registers all schemas: the catalogue's, the dead letter topics' and
 * the changelogs'. Idempotent.
 */
import { createRegistryClient, registerSchemas, topicDefinitions } from '../../avro/index.ts'
import { createLogger, loadMarkets, readSharedConfig, systemClock } from '../../core/index.ts'
import { createKafka } from '../../core/kafka/index.ts'
import { topologyChangelogs } from '../../streams/runtime/index.ts'
import { describedTopologies } from '../../streams/services.ts'

/** @returns how many topics were created and how many subjects are registered */
export async function prepare(
  environment: Readonly<Record<string, string | undefined>>,
  tell: (line: string) => void
): Promise<{ created: number; subjects: number }> {
  const shared = readSharedConfig(environment, { secrets: [] })
  const logger = createLogger({ name: 'prepare', level: 'warn' })
  const clock = systemClock
  const changelogs = topologyChangelogs(
    describedTopologies({ markets: loadMarkets(shared.marketsFile), clock })
  )
  const kafka = createKafka({ ...shared.kafka, clientId: 'hailstream-prepare', logger, clock })
  try {
    const admin = await kafka.admin()
    const { created, differing } = await admin.ensureTopics(
      topicDefinitions({ replicationFactor: shared.replicationFactor, changelogs })
    )
    tell(`topics: ${created.length} created`)
    for (const { topic, setting, expected, actual } of differing) {
      tell(`topic ${topic}: ${setting} is ${actual}, the catalogue says ${expected}; left as it is`)
    }
    const registry = createRegistryClient({
      url: shared.schemaRegistryUrl,
      timeoutMs: 10_000,
      logger
    })
    const registered = await registerSchemas(registry, { changelogs })
    tell(`schemas: ${registered.size} subjects registered`)
    return { created: created.length, subjects: registered.size }
  } finally {
    await kafka.close()
  }
}
