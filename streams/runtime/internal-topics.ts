/**
 * @module The topics that sub-topologies keep for themselves: a changelog for each store, the
 * declared internal topics between them, and the dead letters of declared sources.
 */
import { type ChangelogTopic, changelogTopic, dlqTopic } from '../../avro/index.ts'
import type { TopicSpec } from './processor.ts'
import type { Store } from './store-definition.ts'
import { isCatalogueTopic, type SubTopology } from './topology.ts'

export type InternalTopic = ChangelogTopic

/**
 * Entries of a window store that was dropped whole have no tombstones: their changelog records go by
 * age. A day beyond the close of the last window leaves time for any restore.
 */
const windowSlackMs = 24 * 3_600_000

/** The changelog topics of sub-topologies; those of catalogue records name their record. */
export function topologyChangelogs(topologies: readonly SubTopology[]): InternalTopic[] {
  return topologies.flatMap((topology) =>
    Object.entries(topology.stores).map(([name, store]) => ({
      topic: changelogTopic({ app: topology.app, sub: topology.name, store: name }),
      record: store.format.record ?? null,
      partitions: topology.partitions,
      cleanup: store.segments && !store.segments.onClose ? 'compact,delete' : 'compact',
      retentionMs: store.segments ? windowRetentionMs(store) : null
    }))
  )
}

/** Topics outside of the catalogue that the sub-topologies read or write, each once. */
export function declaredTopics(topologies: readonly SubTopology[]): TopicSpec[] {
  const byName = new Map<string, TopicSpec>()
  for (const { topics } of topologies) for (const topic of topics) byName.set(topic.name, topic)
  return [...byName.values()]
}

/** Dead letter topics of declared sources. */
export function declaredDeadLetterTopics(topologies: readonly SubTopology[]): string[] {
  const sources = new Set(topologies.flatMap((topology) => topology.sources))
  return [...sources].filter((source) => !isCatalogueTopic(source)).map(dlqTopic)
}

function windowRetentionMs(store: Store): number {
  return (store.segments?.closesAtMs(0) ?? 0) + windowSlackMs
}
