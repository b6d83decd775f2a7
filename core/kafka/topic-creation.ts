/**
 * @module Creates the topics that are missing and compares the others with what they should be.
 * Nothing that exists is changed: another partition count would move keys to other tasks, and
 * settings belong to whoever operates the cluster.
 */

import type { Admin } from 'kafkajs'
import type { Clock } from '../clock/index.ts'
import { FatalError } from '../errors.ts'
import type { ConfigDifference, EnsureTopicsReport, TopicDefinition } from './admin-types.ts'
import { hasType } from './library-errors.ts'

const createTimeoutMs = 30_000
/** How often metadata is asked whether a topic created a moment ago has come to it. */
const visibleRetryMs = 50
/** What a broker says of a topic that it has not heard of yet. */
const notYetTypes = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']
/** kafkajs' number for the resource type "topic". */
const topicResource = 2

/** Idempotent, also when several processes do it at once. */
export async function ensureTopics(
  { admin, clock }: { readonly admin: Admin; readonly clock: Clock },
  definitions: readonly TopicDefinition[]
): Promise<EnsureTopicsReport> {
  const existing = new Set(await admin.listTopics())
  const missing = definitions.filter(({ name }) => !existing.has(name))
  if (missing.length > 0) await create(admin, missing)
  refuseOtherCounts(await visibleCounts({ admin, clock }, definitions), definitions)
  const differing = await compareSettings(
    admin,
    definitions.filter(({ name }) => existing.has(name))
  )
  return { created: missing.map(({ name }) => name), differing }
}

async function create(admin: Admin, definitions: readonly TopicDefinition[]): Promise<void> {
  // Resolves to false when somebody else created them in the meantime.
  await admin.createTopics({
    timeout: createTimeoutMs,
    waitForLeaders: false,
    topics: definitions.map(({ name, partitions, replicationFactor, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(config).map(([setting, value]) => ({ name: setting, value }))
    }))
  })
}

/**
 * Partition counts by topic, once every broker asked knows of them all: creation is answered by the
 * controller, and metadata follows.
 */
async function visibleCounts(
  { admin, clock }: { readonly admin: Admin; readonly clock: Clock },
  definitions: readonly TopicDefinition[]
): Promise<ReadonlyMap<string, number>> {
  if (definitions.length === 0) return new Map()
  const names = definitions.map(({ name }) => name)
  const endMs = clock.monotonic() + createTimeoutMs
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names })
      return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
    } catch (error) {
      const isNotYet = notYetTypes.some((type) => hasType(error, type))
      if (!isNotYet || clock.monotonic() > endMs) throw error
      await clock.sleep(visibleRetryMs)
    }
  }
}

function refuseOtherCounts(
  countByTopic: ReadonlyMap<string, number>,
  definitions: readonly TopicDefinition[]
): void {
  const wrong = definitions.flatMap(({ name, partitions }) => {
    const actual = countByTopic.get(name) ?? 0
    return actual === partitions ? [] : [`${name} expected ${partitions}, got ${actual}`]
  })
  if (wrong.length === 0) return
  throw new FatalError(
    'HAIL_TOPOLOGY',
    `partition counts differ: ${wrong.join('; ')}; a count cannot change while state exists, ` +
      'so use another cluster or delete the topics'
  )
}

async function compareSettings(
  admin: Admin,
  definitions: readonly TopicDefinition[]
): Promise<ConfigDifference[]> {
  const withSettings = definitions.filter(({ config }) => Object.keys(config).length > 0)
  if (withSettings.length === 0) return []
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: withSettings.map(({ name, config }) => {
      return { type: topicResource, name, configNames: Object.keys(config) }
    })
  })
  const entriesByTopic = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))
    ])
  )
  return withSettings.flatMap(({ name, config }) =>
    Object.entries(config).flatMap(([setting, expected]) => {
      const actual = entriesByTopic.get(name)?.get(setting) ?? null
      return actual === expected ? [] : [{ topic: name, setting, expected, actual }]
    })
  )
}
