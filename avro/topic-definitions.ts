/**
 * How topics are to be created: the catalogue, its dead-letter topics and the changelogs, with
 * broker settings.
 * @module
 */
import type { TopicDefinition } from '../core/kafka/index.ts'
import type { Changelog } from './subjects.ts'
import {
  dlqPartitions,
  dlqRetentionMs,
  dlqTopic,
  type TopicSpec,
  topicNames,
  topicRetentionMs,
  topics
} from './topics.ts'

const hourMs = 3_600_000

/**
 * Compacted topics. Brokers never compact the segment being written, so a segment is closed after
 * an hour or 64 MiB: a restore reads at most that much beyond the live keys, plus the share
 * allowed to be dirty. Tombstones stay a day, longer than any restore or reader may take to get
 * from the start to the end.
 */
const compaction = {
  'cleanup.policy': 'compact',
  'segment.ms': String(hourMs),
  'segment.bytes': String(64 * 1024 * 1024),
  'min.cleanable.dirty.ratio': '0.2',
  'delete.retention.ms': String(24 * hourMs)
}

/** A changelog with as many partitions as the sub-topology it belongs to has tasks. */
export type ChangelogTopic = Changelog & {
  readonly partitions: number
  /** `compact,delete` for windows that are dropped without tombstones. */
  readonly cleanup: 'compact' | 'compact,delete'
  /** How long records of a window are kept; null when only compaction removes them. */
  readonly retentionMs: number | null
}

/** A topic outside of the catalogue. */
export type DeclaredTopic = {
  readonly name: string
  readonly partitions: number
  readonly cleanup?: 'delete' | 'compact'
}

export type InternalTopicOptions = {
  /** With 3 or more, a write needs two replicas, so that losing one broker loses nothing. */
  readonly replicationFactor: number
  readonly changelogs: readonly ChangelogTopic[]
  /** Topics that sub-topologies declare themselves. */
  readonly declared?: readonly DeclaredTopic[]
  /** Names of dead letter topics of declared topics. */
  readonly deadLetters?: readonly string[]
}

export type TopicDefinitionOptions = InternalTopicOptions

/** Definitions of all topics, in the order of the catalogue, each before its dead letters. */
export function topicDefinitions(options: TopicDefinitionOptions): TopicDefinition[] {
  const define = definer(options.replicationFactor)
  function defineWithDlq(spec: TopicSpec): TopicDefinition[] {
    const isCompacted = spec.cleanup === 'compact'
    const topic = define(
      spec.name,
      spec.partitions,
      isCompacted ? compaction : deletion(spec.retentionMs)
    )
    if (!spec.dlq) return [topic]
    return [topic, define(dlqTopic(spec.name), dlqPartitions, deletion(dlqRetentionMs))]
  }
  return [
    ...topicNames.flatMap((name) => defineWithDlq(topics[name])),
    ...internalTopicDefinitions(options)
  ]
}

/** Definitions of what sub-topologies need besides the catalogue. */
export function internalTopicDefinitions(options: InternalTopicOptions): TopicDefinition[] {
  const define = definer(options.replicationFactor)
  const { changelogs, declared = [], deadLetters = [] } = options
  return [
    ...declared.map(({ name, partitions, cleanup }) =>
      define(name, partitions, cleanup === 'compact' ? compaction : deletion(topicRetentionMs))
    ),
    ...deadLetters.map((name) => define(name, dlqPartitions, deletion(dlqRetentionMs))),
    ...changelogs.map((changelog) =>
      define(changelog.topic, changelog.partitions, changelogConfig(changelog))
    )
  ]
}

function changelogConfig({ cleanup, retentionMs }: ChangelogTopic): TopicDefinition['config'] {
  const retention = retentionMs === null ? {} : { 'retention.ms': String(retentionMs) }
  return cleanup === 'compact'
    ? compaction
    : { ...compaction, ...retention, 'cleanup.policy': 'compact,delete' }
}

function definer(replicationFactor: number) {
  const durability = {
    'min.insync.replicas': replicationFactor >= 3 ? '2' : '1',
    'unclean.leader.election.enable': 'false'
  }
  return (name: string, partitions: number, config: TopicDefinition['config']): TopicDefinition => {
    return { name, partitions, replicationFactor, config: { ...config, ...durability } }
  }
}

function deletion(retentionMs: number) {
  return { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) }
}
