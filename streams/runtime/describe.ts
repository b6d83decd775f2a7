/**
 * @module Sub-topologies as text and as the list of internal topics they need.
 */
import { changelogTopic, type RecordName, topics } from '../../avro/index.ts'
import type { SubTopology } from './topology.ts'

/** The changelog topics of sub-topologies, with the record each holds and its partition count. */
export function topologyChangelogs(
  topologies: readonly SubTopology[]
): { topic: string; record: RecordName; partitions: number }[] {
  return topologies.flatMap((topology) =>
    Object.entries(topology.stores).map(([store, { record }]) => ({
      topic: changelogTopic({ app: topology.app, sub: topology.name, store }),
      record,
      partitions: topology.partitions
    }))
  )
}

/** Each sub-topology's graph, stores and internal topics, for `make topology`. */
export function describeTopologies(topologies: readonly SubTopology[]): string {
  return topologies.map(describe).join('\n')
}

function describe(topology: SubTopology): string {
  const lines = [
    `Sub-topology: ${topology.id}  (group ${topology.group}, ${topology.partitions} tasks, commit every ${topology.commitIntervalMs} ms)`
  ]
  for (const source of topology.sources) {
    const lead = source === topology.lead ? ', lead' : ''
    lines.push(`  Source:  ${source}  (${topics[source].record}, key ${topics[source].key}${lead})`)
  }
  for (const [store, definition] of Object.entries(topology.stores)) {
    const geo = definition.geo ? ', geographic index' : ''
    const changelog = changelogTopic({ app: topology.app, sub: topology.name, store })
    lines.push(
      `  Store:   ${store}  (${definition.record}, ${definition.kind}${geo}, changelog ${changelog})`
    )
  }
  if (topology.punctuate)
    lines.push(`  Punctuate: every ${topology.punctuate.everyMs} ms of wall clock`)
  for (const sink of topology.outputs) lines.push(`  Sink:    ${sink}  (${topics[sink].record})`)
  return `${lines.join('\n')}\n`
}
