import { describe, expect, test } from 'vitest'
import { type TopicName, topics } from '../avro/index.ts'
import type { ConfigDifference } from '../core/kafka/index.ts'
import { checkTopics, writtenTopics } from './start-checks.ts'

const admin = (over: {
  topics?: readonly string[]
  partitions?: Record<string, number>
  differing?: ConfigDifference[]
}) => ({
  listTopics: async () => [...(over.topics ?? writtenTopics)],
  partitionCount: async (topic: string) =>
    over.partitions?.[topic] ?? topics[topic as TopicName].partitions,
  ensureTopics: async () => ({ created: [], differing: over.differing ?? [] })
})
const development = { isProduction: false, replicationFactor: 1 }
const production = { isProduction: true, replicationFactor: 3 }
const weak: ConfigDifference = {
  topic: 'ride_requests',
  setting: 'min.insync.replicas',
  expected: '2',
  actual: '1'
}

describe('checkTopics', () => {
  test('lets a proper cluster pass', async () => {
    await checkTopics(admin({}), development)
    await checkTopics(admin({ differing: [{ ...weak, setting: 'retention.ms' }] }), production)
  })

  test('names missing topics and wrong partition counts', async () => {
    await expect(checkTopics(admin({ topics: ['ride_requests'] }), development)).rejects.toThrow(
      /signup_requests.* are missing/
    )
    const partitions = { ride_requests: 5 }
    await expect(checkTopics(admin({ partitions }), development)).rejects.toThrow(
      'ride_requests: expected 6 partitions, got 5'
    )
  })

  test('refuses in production what could lose an acknowledged record', async () => {
    await expect(checkTopics(admin({}), { ...production, replicationFactor: 1 })).rejects.toThrow(
      /REPLICATION_FACTOR 3/
    )
    await expect(checkTopics(admin({ differing: [weak] }), production)).rejects.toThrow(
      /min\.insync\.replicas=2, got 1/
    )
  })
})
