/**
 * @module Any set of sub-topologies run in one process: what Kafka Streams calls `KafkaStreams`.
 */
import { type Codec, internalTopicDefinitions } from '../../avro/index.ts'
import { type Clock, FatalError, type Logger } from '../../core/index.ts'
import type { EnsureTopicsReport, Kafka, KafkaAdmin } from '../../core/kafka/index.ts'
import type { Redis } from '../../core/redis/index.ts'
import { type Failpoints, noFailpoints } from './failpoints.ts'
import {
  defaultGlobalTablesSettings,
  GlobalTables,
  type GlobalTablesSettings
} from './global-tables.ts'
import { GroupRuntime } from './group-runtime.ts'
import { defaultGroupSettings, type GroupSettings } from './group-settings.ts'
import { declaredDeadLetterTopics, declaredTopics, topologyChangelogs } from './internal-topics.ts'
import { createRedisState } from './redis-state.ts'
import { createRestoreFetchers, type RestoreFetchers } from './restore-fetchers.ts'
import type { RuntimeMetrics } from './runtime-metrics.ts'
import { defaultTaskSettings, type TaskSettings } from './task-settings.ts'
import type { SubTopology } from './topology.ts'

export interface StreamsOptions {
  readonly topologies: readonly SubTopology[]
  readonly kafka: Kafka
  readonly redis: Redis
  readonly codec: Codec
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly failpoints?: Failpoints
  readonly group?: Partial<GroupSettings>
  readonly task?: Partial<TaskSettings>
  readonly globalTables?: Partial<GlobalTablesSettings>
  /** Called for an error that no task can survive; the process has to stop. */
  readonly onFatal: (error: unknown) => void
}

export interface Streams {
  /** Joins the groups; tasks run as they are assigned. */
  start(): Promise<void>
  /** Finishes the cycles at hand and leaves the groups. */
  stop(): Promise<void>
  readonly groups: readonly GroupRuntime[]
  /** Tasks assigned to this process and those of them that run. */
  readonly counts: { readonly assigned: number; readonly running: number }
  /** Loaded once `start` goes on to the groups; null before. */
  readonly globals: GlobalTables | null
}

/** @throws FatalError HAIL_TOPOLOGY from `start` when a topic has another partition count than described */
export function createStreams(options: StreamsOptions): Streams {
  const { topologies, kafka, redis, failpoints = noFailpoints } = options
  const backend = createRedisState(redis)
  const groups: GroupRuntime[] = []
  let restoreFetchers: RestoreFetchers | null = null
  let globals: GlobalTables | null = null
  return {
    groups,
    get globals() {
      return globals
    },
    get counts() {
      return groups.reduce(
        (sum, { counts }) => ({
          assigned: sum.assigned + counts.assigned,
          running: sum.running + counts.running
        }),
        { assigned: 0, running: 0 }
      )
    },
    async start() {
      const admin = await kafka.admin()
      await checkPartitions(admin, topologies)
      globals = new GlobalTables({
        ...options,
        admin,
        openFetcher: () => kafka.fetcher(),
        settings: { ...defaultGlobalTablesSettings, ...options.globalTables },
        partitionsOf: ({ partitions }) => partitions
      })
      await globals.load()
      globals.follow()
      const task = { ...defaultTaskSettings, ...options.task }
      restoreFetchers = createRestoreFetchers(() => kafka.fetcher(), task.restoresMax)
      for (const topology of topologies) {
        groups.push(
          new GroupRuntime({
            ...options,
            topology,
            admin,
            restoreFetchers,
            backend,
            globals,
            failpoints,
            settings: { ...defaultGroupSettings, ...options.group },
            task,
            partitionsOf: ({ partitions }) => partitions
          })
        )
      }
      await Promise.all(groups.map((group) => group.start()))
    },
    async stop() {
      await Promise.all(groups.map((group) => group.stop()))
      await restoreFetchers?.close()
      await globals?.close()
    }
  }
}

/** Creates the topics that the sub-topologies keep for themselves, and those they declare. */
export function ensureInternalTopics(
  admin: KafkaAdmin,
  topologies: readonly SubTopology[],
  replicationFactor: number
): Promise<EnsureTopicsReport> {
  return admin.ensureTopics(
    internalTopicDefinitions({
      replicationFactor,
      changelogs: topologyChangelogs(topologies),
      declared: declaredTopics(topologies),
      deadLetters: declaredDeadLetterTopics(topologies)
    })
  )
}

/** Topics must be there with the partition counts described, before anything is read. */
async function checkPartitions(
  admin: KafkaAdmin,
  topologies: readonly SubTopology[]
): Promise<void> {
  const wanted = new Map(
    topologies.flatMap(({ sources, outputs, topic, globals = [] }) => [
      ...[...sources, ...outputs].map((name) => [name, topic(name).partitions] as const),
      ...globals.map(({ topic: { name, partitions } }) => [name, partitions] as const)
    ])
  )
  await Promise.all(
    [...wanted].map(async ([topic, partitions]) => {
      const found = await admin.partitionCount(topic)
      if (found === partitions) return
      throw new FatalError(
        'HAIL_TOPOLOGY',
        `expected ${topic} with ${partitions} partitions, got ${found}; tasks are partition numbers, so the counts must agree`
      )
    })
  )
}
