/**
 * @module Reading every service's stores in the stream services' process, whichever of them it runs.
 */
import type { Codec } from '../avro/index.ts'
import type { Clock } from '../core/index.ts'
import type { Kafka, KafkaAdmin } from '../core/kafka/index.ts'
import type { Redis } from '../core/redis/index.ts'
import type { Markets } from '../domain/index.ts'
import { createStoreQuery, type FreshnessDeps, type StoreQuery } from './query/index.ts'
import { createRedisState, decodeMetadata } from './runtime/index.ts'

export interface ProcessQueryOptions {
  readonly kafka: Pick<Kafka, 'admin'>
  readonly redis: Redis
  readonly codec: Codec
  readonly markets: Markets
  readonly clock: Clock
}

/** A query over the stores in Redis; committed positions are asked of Kafka when somebody wants them. */
export function createProcessQuery(options: ProcessQueryOptions): StoreQuery {
  const { redis, codec, markets, clock } = options
  return createStoreQuery({
    backend: createRedisState(redis),
    codec,
    markets,
    clock,
    committedPosition: committedPositions(options.kafka)
  })
}

/** Reads the offset metadata that the owner of a store's task has committed. */
export function committedPositions(
  kafka: Pick<Kafka, 'admin'>
): NonNullable<FreshnessDeps['committedPosition']> {
  let connecting: Promise<KafkaAdmin> | null = null
  const connect = (): Promise<KafkaAdmin> => {
    connecting ??= kafka.admin().catch((error: unknown) => {
      // The next question tries again.
      connecting = null
      throw error
    })
    return connecting
  }
  return async ({ app, sub, store, lead }, partition) => {
    const admin = await connect()
    const committed = await admin.committed(`hs-${app}-${sub}`, [lead])
    const metadata = committed.get(`${lead}:${partition}`)?.metadata ?? ''
    return decodeMetadata(metadata).stores.get(store) ?? null
  }
}
