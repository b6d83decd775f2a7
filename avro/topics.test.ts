import { describe, expect, test } from 'vitest'
import { schemaFiles } from './schemas.ts'
import { subjectsOf } from './subjects.ts'
import { topicDefinitions } from './topic-definitions.ts'
import { changelogTopic, dlqTopic, topicNames, topics, valueSubject } from './topics.ts'
import type { TopicName } from './types.generated.ts'

const changelogs = [
  { topic: changelogTopic({ app: 'trips', sub: 'rides', store: 'rides' }), record: 'RideState' }
] as const
const changelogTopics = changelogs.map((changelog) => ({
  ...changelog,
  partitions: 6,
  cleanup: 'compact' as const,
  retentionMs: null
}))

describe('topics', () => {
  test('carry each topic record, each in one topic and its overflow', () => {
    const lanes = topicNames.filter((name) => name.endsWith('.overflow'))
    const carried = topicNames
      .filter((name) => !lanes.includes(name))
      .map((name) => topics[name].record)
    for (const lane of lanes) {
      const main = topics[lane.replace(/\.overflow$/, '') as TopicName]
      expect(topics[lane]).toMatchObject({ record: main.record, key: main.key })
    }
    expect(carried.toSorted()).toEqual([...schemaFiles.topic.keys()].sort())
  })

  test('have equal partition counts where one task reads them together', () => {
    const groups = [
      ['signup_requests', 'ssn_claim_results'],
      ['driver_location_updates', 'driver_states'],
      ['driver_sessions', 'driver_offers', 'driver_commands', 'user_events'],
      ['dispatch_requests', 'available_drivers', 'demand_signals', 'surge_multipliers'],
      ['ride_requests', 'trips_closed'],
      ['trips_admissions', 'rider_actions', 'driver_actions', 'offer_results']
    ] as const
    for (const group of groups) {
      const counts = new Set(group.map((name) => topics[name].partitions))
      expect([group, counts.size]).toEqual([group, 1])
    }
  })

  test('keep deleted topics a week, overflow a day and compacted ones for good', () => {
    for (const name of topicNames) {
      const { cleanup, retentionMs } = topics[name]
      const deletedMs = name.endsWith('.overflow') ? 86_400_000 : 604_800_000
      expect([name, retentionMs]).toEqual([name, cleanup === 'compact' ? -1 : deletedMs])
    }
  })
})

describe('names', () => {
  test('of dead letters, changelogs and subjects derive from the topic', () => {
    expect(dlqTopic('ride_events')).toBe('ride_events.dlq')
    expect(changelogs[0].topic).toBe('trips-rides-rides-changelog')
    expect(valueSubject('ride_events')).toBe('ride_events-value')
  })

  test('never collide', () => {
    const names = topicDefinitions({ replicationFactor: 1, changelogs: changelogTopics })
    const unique = new Set(names.map(({ name }) => name.replaceAll('.', '_')))
    expect(unique.size).toBe(names.length)
  })
})

describe('topic definitions', () => {
  test('need two replicas of three in sync', () => {
    const definitions = topicDefinitions({ replicationFactor: 3, changelogs: changelogTopics })
    for (const { replicationFactor, config } of definitions) {
      expect(replicationFactor).toBe(3)
      expect(config).toMatchObject({
        'min.insync.replicas': '2',
        'unclean.leader.election.enable': 'false'
      })
    }
    const [single] = topicDefinitions({ replicationFactor: 1, changelogs: [] })
    expect(single?.config['min.insync.replicas']).toBe('1')
  })

  test('hold topic, dead letters and changelog', () => {
    const definitions = topicDefinitions({ replicationFactor: 1, changelogs: changelogTopics })
    const byName = new Map(definitions.map((definition) => [definition.name, definition]))
    expect(byName.get('ride_events')).toMatchObject({
      partitions: 6,
      config: { 'cleanup.policy': 'delete', 'retention.ms': '604800000' }
    })
    expect(byName.get('ride_events.dlq')).toMatchObject({
      partitions: 3,
      config: { 'cleanup.policy': 'delete', 'retention.ms': '2592000000' }
    })
    expect(byName.get('driver_states')?.config['cleanup.policy']).toBe('compact')
    expect(byName.get('trips-rides-rides-changelog')).toMatchObject({
      partitions: 6,
      config: { 'cleanup.policy': 'compact', 'delete.retention.ms': '86400000' }
    })
  })
})

describe('subjects', () => {
  test('promise full compatibility where public and backward where internal', () => {
    const byName = new Map(subjectsOf(changelogs).map((subject) => [subject.name, subject]))
    expect(byName.get('ride_events-value')?.compatibility).toBe('FULL_TRANSITIVE')
    expect(byName.get('trips_closed-value')?.compatibility).toBe('BACKWARD_TRANSITIVE')
    expect(byName.get('trips-rides-rides-changelog-value')).toEqual({
      name: 'trips-rides-rides-changelog-value',
      record: 'RideState',
      compatibility: 'BACKWARD_TRANSITIVE'
    })
  })
})
