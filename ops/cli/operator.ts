/**
 * @module The connections of an operator's verb: to the servers named by the environment, else to
 * those of the running stack.
 */
import { createLogger, loadMarkets, readSharedConfig, systemClock } from '../../core/index.ts'
import { createKafka, type Fetcher, type Kafka, type KafkaAdmin } from '../../core/kafka/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import type { SubTopology } from '../../streams/runtime/index.ts'
import { describedTopologies } from '../../streams/services.ts'
import { inheritedVariables } from '../apps/config.ts'
import { resolveStack, stackEnvironment } from '../stack/index.ts'

export interface Operator {
  readonly kafka: Kafka
  readonly admin: KafkaAdmin
  readonly fetcher: Fetcher
  readonly redis: Redis
  /** The sub-topologies of this version, never run here. */
  readonly topologies: readonly SubTopology[]
  close(): Promise<void>
}

/** @throws HailError when a server does not answer. */
export async function connectOperator(): Promise<Operator> {
  const shared = readSharedConfig(await operatorEnvironment(), { secrets: [] })
  const clock = systemClock
  const logger = createLogger({ name: 'operator', level: 'error' })
  const kafka = createKafka({ ...shared.kafka, clientId: 'hailstream-operator', logger, clock })
  const redis = createRedis({ url: shared.redisUrl, logger, name: 'hailstream-operator', clock })
  const close = async (): Promise<void> => {
    await Promise.all([kafka.close(), redis.close()])
  }
  try {
    const [admin, fetcher] = await Promise.all([kafka.admin(), kafka.fetcher()])
    const topologies = describedTopologies({ markets: loadMarkets(shared.marketsFile), clock })
    return { kafka, admin, fetcher, redis, topologies, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Given brokers and Redis win; a stack on this machine is looked up otherwise. */
export async function operatorEnvironment(): Promise<Readonly<Record<string, string | undefined>>> {
  const given = inheritedVariables()
  if (given['KAFKA_BROKERS'] && given['REDIS_URL']) return given
  return { ...given, ...stackEnvironment(await resolveStack()) }
}

/** Runs a verb with its connections; errors become one line and exit code 1. */
export async function runVerb(verb: (operator: Operator) => Promise<number>): Promise<void> {
  let operator: Operator | null = null
  try {
    operator = await connectOperator()
    process.exitCode = await verb(operator)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  } finally {
    await operator?.close()
  }
}
