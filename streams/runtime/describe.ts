/**
 * @module Sub-topologies as text.
 */
import { changelogTopic, topics } from '../../avro/index.ts'
import { isCatalogueTopic, type SubTopology } from './topology.ts'

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
    const key = isCatalogueTopic(source) ? `, key ${topics[source].key}` : ''
    lines.push(`  Source:  ${source}  (${topology.topic(source).format.name}${key}${lead})`)
  }
  for (const [name, store] of Object.entries(topology.stores)) {
    const traits = [
      store.format.name,
      store.kind,
      ...(store.segments ? ['windows'] : []),
      ...(store.ttlMs === undefined ? [] : [`TTL ${store.ttlMs} ms`]),
      ...(store.geo ? ['geographic index'] : [])
    ]
    const changelog = changelogTopic({ app: topology.app, sub: topology.name, store: name })
    lines.push(`  Store:   ${name}  (${traits.join(', ')}, changelog ${changelog})`)
  }
  for (const { id, kind, name, to } of topology.operators ?? []) {
    const below = to.length > 0 ? ` --> ${to.join(', ')}` : ''
    lines.push(`  Operator: ${id} ${kind}${name === null ? '' : ` "${name}"`}${below}`)
  }
  if (topology.punctuate)
    lines.push(`  Punctuate: every ${topology.punctuate.everyMs} ms of wall clock`)
  for (const sink of topology.outputs)
    lines.push(`  Sink:    ${sink}  (${topology.topic(sink).format.name})`)
  return `${lines.join('\n')}\n`
}
