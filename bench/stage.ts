/**
 * @module What a bench runs on: backing services of its own name, empty at the start, and connections
 * to them. Servers given by address are somebody's: the bench takes only its own topics away there.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, createLogger } from '../core/index.ts'
import { createKafka, type Kafka, type KafkaAdmin } from '../core/kafka/index.ts'
import { createRedis, type Redis } from '../core/redis/index.ts'
import {
  cleanStack,
  type Report,
  type StackAddresses,
  setupStack,
  startStack,
  stopStack
} from '../ops/stack/index.ts'
import { benchStackConfig } from './config.ts'
import { buildJavaPeer, type JavaPeer } from './java-peer.ts'

export interface Stage {
  readonly addresses: StackAddresses
  readonly kafka: Kafka
  readonly admin: KafkaAdmin
  readonly redis: Redis
  readonly clock: Clock
  readonly tell: Report
  /** Java Kafka Streams; null where a bench has no use for it. */
  readonly peer: JavaPeer | null
  /** Begins the name of everything this run makes: letters, digits and underscores. */
  readonly prefix: string
  /** A folder of this run for the peer's state; removed at the end. */
  readonly workDir: string
  close(): Promise<void>
}

export interface StageOptions {
  readonly clock: Clock
  readonly tell: Report
  /** Default false. */
  readonly withJavaPeer?: boolean
}

/** Sets up what is missing and starts everything. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { clock, tell, withJavaPeer = false } = options
  const config = benchStackConfig()
  const peer = withJavaPeer ? await buildJavaPeer(config, tell) : null
  await setupStack({ config, report: tell })
  const isGiven = config.choice === 'external' || Object.keys(config.given).length === 4
  // An earlier run's topics would be the broker's to carry, and its state Redis'.
  if (!isGiven) await cleanStack({ config, report: tell })
  const addresses = await startStack({ config, report: tell })
  const logger = createLogger({ name: 'bench', level: 'error', destination: process.stderr })
  const brokers = addresses.kafka.split(',')
  const kafka = createKafka({ brokers, clientId: 'hailstream-bench', logger, clock })
  const redis = createRedis({ url: addresses.redis, logger, name: 'hailstream-bench', clock })
  const admin = await kafka.admin()
  const workDir = await mkdtemp(join(tmpdir(), 'hailstream-bench-'))
  const prefix = `bench_${clock.now().toString(36)}`
  const close = async (): Promise<void> => {
    if (isGiven) await removeTopics(admin, prefix)
    await Promise.all([kafka.close(), redis.close()])
    await rm(workDir, { recursive: true, force: true })
    if (!isGiven) await stopStack({ config, report: tell })
  }
  return { addresses, kafka, admin, redis, clock, tell, peer, prefix, workDir, close }
}

/**
 * Removes every key of one program from Redis, as an emptied Redis has none.
 *
 * @returns how many keys there were
 */
export async function removeState(redis: Redis, program: string): Promise<number> {
  let removed = 0
  let cursor = '0'
  do {
    const [next, keys] = await redis.client.scan(cursor, 'MATCH', `*${program}*`, 'COUNT', 1_000)
    removed += await redis.del(keys)
    cursor = next
  } while (cursor !== '0')
  return removed
}

async function removeTopics(admin: KafkaAdmin, prefix: string): Promise<void> {
  const topics = (await admin.listTopics()).filter((topic) => topic.includes(prefix))
  if (topics.length > 0) await admin.deleteTopics(topics)
}
