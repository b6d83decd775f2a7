/**
 * @module Sub-topologies as plain data: what a deployment leaves behind in Kafka and Redis. It is
 * kept as docs/topology.json, so that the next version can be compared with it.
 */
import { changelogTopic } from '../../avro/index.ts'
import type { SubTopology } from '../../streams/runtime/index.ts'

export interface TopicDescription {
  readonly topic: string
  /** Name of the format of its values: a record of the catalogue, or a plain format. */
  readonly format: string
  readonly partitions: number
  /** Between sub-topologies only: created and deleted with them. */
  readonly isInternal: boolean
}

export interface StoreDescription {
  readonly store: string
  readonly changelog: string
  readonly format: string
  readonly kind: 'remote' | 'resident'
  readonly isSegmented: boolean
  readonly ttlMs: number | null
  readonly hasPlaces: boolean
}

export interface SubTopologyDescription {
  readonly id: string
  readonly app: string
  readonly name: string
  readonly group: string
  readonly partitions: number
  /** The source whose committed offset carries the stores' positions. */
  readonly lead: string
  readonly commitIntervalMs: number
  readonly closesOnIdle: boolean
  readonly sources: readonly TopicDescription[]
  readonly outputs: readonly TopicDescription[]
  readonly stores: readonly StoreDescription[]
}

export interface TopologyDescription {
  readonly version: 1
  readonly subTopologies: readonly SubTopologyDescription[]
}

/** Describes sub-topologies; the same ones give the same data, in the order of their ids. */
export function describeAsData(topologies: readonly SubTopology[]): TopologyDescription {
  const subTopologies = topologies.map(describe)
  return { version: 1, subTopologies: subTopologies.toSorted(by(({ id }) => id)) }
}

/** The text of docs/topology.json. */
export function descriptionText(description: TopologyDescription): string {
  return `${JSON.stringify(description, null, 2)}\n`
}

/** @throws TypeError when the text is not a description of this version */
export function parseDescription(text: string): TopologyDescription {
  const parsed = JSON.parse(text) as Partial<TopologyDescription> | null
  if (parsed?.version !== 1 || !Array.isArray(parsed.subTopologies)) {
    throw new TypeError('expected a topology description of version 1, got something else')
  }
  return parsed as TopologyDescription
}

/** Topics that exist for a sub-topology alone: its changelogs and its declared internal topics. */
export function internalTopicsOf(described: SubTopologyDescription): string[] {
  const declared = [...described.sources, ...described.outputs].filter((topic) => topic.isInternal)
  const changelogs = described.stores.map(({ changelog }) => changelog)
  return [...new Set([...changelogs, ...declared.map(({ topic }) => topic)])].sort()
}

function describe(topology: SubTopology): SubTopologyDescription {
  const { id, app, name, group, partitions, lead, commitIntervalMs } = topology
  const topic = (named: string): TopicDescription => {
    const { format, partitions: count, isInternal } = topology.topic(named)
    return {
      topic: named,
      format: format.name,
      partitions: count,
      isInternal: isInternal === true
    }
  }
  const stores = Object.entries(topology.stores).map(([store, definition]) => ({
    store,
    changelog: changelogTopic({ app, sub: name, store }),
    format: definition.format.name,
    kind: definition.kind,
    isSegmented: definition.segments !== undefined,
    ttlMs: definition.ttlMs ?? null,
    hasPlaces: definition.geo !== undefined
  }))
  return {
    id,
    app,
    name,
    group,
    partitions,
    lead,
    commitIntervalMs,
    closesOnIdle: topology.closeOnIdle !== false,
    sources: topology.sources.map(topic),
    outputs: [...topology.outputs].sort().map(topic),
    stores: stores.toSorted(by(({ store }) => store))
  }
}

function by<T>(key: (value: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b)))
}
