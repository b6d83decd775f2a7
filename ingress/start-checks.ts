/**
 * What has to hold before the ingress may promise that no 202 is lost: its topics exist with the
 * partition count that keys are spread over, and in production a write reaches two replicas.
 *
 * @module
 */
import { type TopicName, topicDefinitions, topics } from '../avro/index.ts'
import { FatalError } from '../core/index.ts'
import type { KafkaAdmin } from '../core/kafka/index.ts'

/** Topics the ingress writes. */
export const writtenTopics: readonly TopicName[] = [
  'signup_requests',
  'ride_requests',
  'rider_actions',
  'driver_actions',
  'driver_sessions',
  'driver_location_updates',
  'driver_location_updates.overflow',
  'demand_signals'
]

/** Topics push follows. */
export const followedTopics: readonly TopicName[] = [
  'ride_events',
  'action_results',
  'ride_positions'
]

type CheckedAdmin = Pick<KafkaAdmin, 'partitionCount' | 'listTopics' | 'ensureTopics'>

/** Throws `HAIL_TOPOLOGY` (fatal) saying what is wrong and what to do. */
export const checkTopics = async (
  admin: CheckedAdmin,
  { isProduction, replicationFactor }: { isProduction: boolean; replicationFactor: number }
): Promise<void> => {
  await requireTopics(admin, writtenTopics)
  if (isProduction) await checkDurability(admin, replicationFactor)
}

/** Throws `HAIL_TOPOLOGY` (fatal) where a topic is missing or split otherwise than the catalogue says. */
export const requireTopics = async (
  admin: Pick<CheckedAdmin, 'partitionCount' | 'listTopics'>,
  names: readonly TopicName[]
): Promise<void> => {
  const existing = new Set(await admin.listTopics())
  const missing = names.filter((topic) => !existing.has(topic))
  if (missing.length > 0) {
    throw refusal(`topics ${missing.join(', ')} are missing; create them with make up`)
  }
  for (const topic of names) {
    const expected = topics[topic].partitions
    const got = await admin.partitionCount(topic)
    if (got !== expected) throw refusal(`${topic}: expected ${expected} partitions, got ${got}`)
  }
}

const checkDurability = async (admin: CheckedAdmin, replicationFactor: number): Promise<void> => {
  if (replicationFactor < 3) {
    throw refusal(`expected REPLICATION_FACTOR 3 in production, got ${replicationFactor}`)
  }
  // All of them exist, so this compares and creates nothing. With two in-sync replicas demanded of
  // every write, a topic with fewer replicas than two could not be written at all.
  const definitions = topicDefinitions({ replicationFactor, changelogs: [] }).filter(({ name }) =>
    writtenTopics.some((topic) => topic === name)
  )
  const { differing } = await admin.ensureTopics(definitions)
  const durability = ['min.insync.replicas', 'unclean.leader.election.enable']
  const weak = differing.filter(({ setting }) => durability.includes(setting))
  if (weak.length === 0) return
  const found = weak.map(
    ({ topic, setting, expected, actual }) =>
      `${topic}: expected ${setting}=${expected}, got ${actual ?? 'none'}`
  )
  throw refusal(`${found.join('; ')}; an acknowledged record could be lost`)
}

const refusal = (message: string): FatalError => new FatalError('HAIL_TOPOLOGY', message)
