/**
 * @module The servers that all cases of a run share, and connections of the parent's own that no
 * fault touches.
 */
import { silentLogger, systemClock } from '../../core/index.ts'
import { createKafka } from '../../core/kafka/index.ts'
import { createRedis } from '../../core/redis/index.ts'
import type { StackAddresses } from '../../ops/stack/index.ts'
import { createInstancePool } from './instance-pool.ts'
import type { Stage } from './scene.ts'

/** @param spares processes kept warm besides those in use */
export async function openStage(
  addresses: Pick<StackAddresses, 'kafka' | 'redis'>,
  spares: number
): Promise<{ stage: Stage; close: () => Promise<void> }> {
  const servers = { kafka: addresses.kafka.split(','), redis: addresses.redis }
  const clock = systemClock
  const logger = silentLogger
  const kafka = createKafka({ brokers: servers.kafka, clientId: 'crash-parent', logger, clock })
  const redis = createRedis({ url: servers.redis, logger, name: 'crash-parent' })
  await redis.ping()
  const pool = createInstancePool(servers, spares)
  return {
    stage: { servers, kafka, redis, pool },
    close: async () => {
      await pool.close()
      await kafka.close()
      await redis.close()
    }
  }
}
