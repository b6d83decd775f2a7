/**
 * @module A small application on real servers: it counts words, its topics, group and stores have names
 * of their own in each run, and a process that runs none of its tasks serves its stores over HTTP.
 */
import { createLocalCodec } from '../../avro/index.ts'
import { createMetrics, createOpsServer, silentLogger, systemClock } from '../../core/index.ts'
import {
  createKafka,
  type Fetcher,
  type Kafka,
  type KafkaAdmin,
  partitionForKey
} from '../../core/kafka/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import { committedPositions } from '../../streams/process-query.ts'
import { createStoreQuery, queryableStores, storeRoutes } from '../../streams/query/index.ts'
import {
  createRedisState,
  createRuntimeMetrics,
  createStreams,
  defineSubTopology,
  ensureInternalTopics,
  longFormat,
  type SubTopology,
  segmentKey,
  stringFormat,
  tumblingWindow
} from '../../streams/runtime/index.ts'
import { waitFor } from './wait-for.ts'

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export interface WordCounts {
  /** Part of every name. */
  readonly app: string
  readonly topic: string
  readonly topology: SubTopology
  readonly partitions: number
  /** Start of the window that holds every record, epoch ms. */
  readonly startMs: number
  readonly kafka: Kafka
  readonly admin: KafkaAdmin
  readonly fetcher: Fetcher
  readonly redis: Redis
  /** Address of the stores. */
  readonly url: string
  /** What stopped the application, since it was started last. */
  readonly fatal: readonly unknown[]
  partitionOf(key: string): number
  /** Runs the application while `work` does. */
  running<T>(work: () => Promise<T>): Promise<T>
  send(...keys: string[]): Promise<void>
  /** Asks for a path below the application's stores. */
  ask(path: string): Promise<Answer>
  /** The count of a key, once it is `wanted`. */
  countBecomes(key: string, wanted: number): Promise<Answer>
  /** Removes all of it. */
  close(): Promise<void>
}

const partitions = 2
const hourMs = 3_600_000

function describeWords(app: string) {
  /** Typed as one name, so that its handler's types follow. */
  const topic = `${app}_words` as 'words'
  return {
    topic,
    topology: defineSubTopology({
      app,
      name: 'counts',
      topics: [{ name: topic, partitions, format: stringFormat }],
      sources: [topic],
      stores: {
        sums: { format: longFormat, kind: 'remote' },
        hours: {
          format: longFormat,
          kind: 'remote',
          segments: { closesAtMs: (start: number) => start + 48 * hourMs }
        }
      },
      outputs: [],
      commitIntervalMs: 20,
      reads: ({ key, timestampMs }) => ({
        sums: [key],
        hours: [segmentKey(tumblingWindow(timestampMs, hourMs).startMs, key)]
      }),
      on: {
        [topic]: (ctx, { key, timestampMs }) => {
          ctx.put('sums', key, (ctx.get('sums', key) ?? 0) + 1)
          const hour = segmentKey(tumblingWindow(timestampMs, hourMs).startMs, key)
          ctx.put('hours', hour, (ctx.get('hours', hour) ?? 0) + 1)
        }
      }
    })
  }
}

/** Connects, creates the topics and serves the stores; `running` starts the tasks. */
export async function startWordCounts(addresses: {
  readonly kafka: string
  readonly redis: string
}): Promise<WordCounts> {
  const clock = systemClock
  const app = `words${clock.randomBytes(4).toString('hex')}`
  const { topic, topology } = describeWords(app)
  const startMs = tumblingWindow(clock.now(), hourMs).startMs
  const kafka = createKafka({
    brokers: addresses.kafka.split(','),
    clientId: app,
    logger: silentLogger,
    clock
  })
  const [admin, fetcher] = [await kafka.admin(), await kafka.fetcher()]
  const redis = createRedis({ url: addresses.redis, logger: silentLogger, name: app })
  await ensureInternalTopics(admin, [topology], 1)
  const server = createOpsServer({
    port: 0,
    host: '127.0.0.1',
    metrics: createMetrics(),
    checks: {},
    routes: [storesOf({ kafka, redis, topology })]
  })
  const url = `http://127.0.0.1:${await server.listen()}/stores`
  const fatal: unknown[] = []

  const ask = async (path: string): Promise<Answer> => {
    const response = await fetch(`${url}/${app}/counts/${path}`)
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  return {
    ...{ app, topic, topology, partitions, startMs, kafka, admin, fetcher, redis, url, fatal, ask },
    partitionOf: (key) => partitionForKey(key, partitions),

    async running(work) {
      fatal.length = 0
      const streams = createStreams({
        topologies: [topology],
        ...{ kafka, redis, clock },
        codec: createLocalCodec(),
        logger: silentLogger,
        metrics: createRuntimeMetrics(createMetrics()),
        group: { heartbeatMs: 200 },
        onFatal: (error) => fatal.push(error)
      })
      await streams.start()
      try {
        return await work()
      } finally {
        await streams.stop()
      }
    },

    async send(...keys) {
      const producer = await kafka.producer()
      await producer.send(
        keys.map((key) => ({
          ...{ topic, key, partition: partitionForKey(key, partitions) },
          value: Buffer.from('x'),
          timestampMs: startMs + 1
        }))
      )
      await producer.close()
    },

    async countBecomes(key, wanted) {
      let found: Answer = { status: 0, body: {} }
      await waitFor(`a count of ${wanted} for ${key}`, async () => {
        if (fatal.length > 0) throw fatal[0]
        found = await ask(`sums/keys/${key}?committed=1`)
        return found.body['value'] === wanted
      })
      return found
    },

    async close() {
      await server.close()
      await removeAll({ app, topology, admin, redis })
      await kafka.close()
      await redis.close()
    }
  }
}

function storesOf({ kafka, redis, topology }: Pick<WordCounts, 'kafka' | 'redis' | 'topology'>) {
  const query = createStoreQuery({
    backend: createRedisState(redis),
    codec: createLocalCodec(),
    clock: systemClock,
    markets: { partitionOf: () => 0 },
    committedPosition: committedPositions(kafka)
  })
  return storeRoutes({ stores: queryableStores([topology]), query: () => query })
}

async function removeAll({
  app,
  topology,
  admin,
  redis
}: Pick<WordCounts, 'app' | 'topology' | 'admin' | 'redis'>): Promise<void> {
  const backend = createRedisState(redis)
  for (let partition = 0; partition < partitions; partition += 1) {
    for (const store of Object.keys(topology.stores)) {
      await backend.clear(`${topology.id}-${partition}`, store)
    }
  }
  await admin.deleteTopics((await admin.listTopics()).filter((name) => name.startsWith(app)))
  await admin.deleteGroup(topology.group)
}
