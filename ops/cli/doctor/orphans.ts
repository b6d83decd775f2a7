/**
 * @module What deployments left behind: internal topics, groups and keys in Redis that no
 * sub-topology of this version names. Only names of our own make count; a topic of somebody else
 * that ends alike is left alone.
 */
import type { KafkaAdmin } from '../../../core/kafka/index.ts'
import type { Redis } from '../../../core/redis/index.ts'
import type { SubTopology } from '../../../streams/runtime/index.ts'
import type { KnownGroup } from '../known-groups.ts'
import { describeAsData, internalTopicsOf } from '../topology-description.ts'
import type { Finding } from './finding.ts'

export interface Orphans {
  readonly topics: readonly string[]
  readonly groups: readonly string[]
  readonly keys: readonly string[]
}

/** What this version has names for. */
export interface Known {
  readonly topologies: readonly SubTopology[]
  readonly groups: readonly KnownGroup[]
}

/** `<app>-<sub>-<store>-changelog` and `...-repartition`, of the characters names may have. */
const internalTopic = /^[a-z][a-z0-9_]*(?:-[a-z0-9_]+)+-(?:changelog|repartition)$/
const storeKey = /^hs:\{([^{}]+)-(\d+)\}:([^:@]+)/

/** Sorted names out of those that are there. */
export function findOrphans(found: Orphans, known: Known): Orphans {
  const topics = new Set(
    describeAsData(known.topologies).subTopologies.flatMap((described) =>
      internalTopicsOf(described)
    )
  )
  const groups = new Set(known.groups.map(({ group }) => group))
  const byId = new Map(known.topologies.map((topology) => [topology.id, topology]))
  return {
    topics: found.topics.filter((name) => internalTopic.test(name) && !topics.has(name)).sort(),
    groups: found.groups.filter((name) => name.startsWith('hs-') && !groups.has(name)).sort(),
    keys: found.keys.filter((key) => isOrphanKey(key, byId)).sort()
  }
}

function isOrphanKey(key: string, byId: ReadonlyMap<string, SubTopology>): boolean {
  const [, id = '', partition, store = ''] = storeKey.exec(key) ?? []
  if (partition === undefined) return false
  const topology = byId.get(id)
  if (topology === undefined || Number(partition) >= topology.partitions) return true
  return !Object.hasOwn(topology.stores, store)
}

/** Names of all topics, groups and store keys that are there. */
export async function namesThere(
  admin: Pick<KafkaAdmin, 'listTopics' | 'listGroups'>,
  redis: Redis
): Promise<Orphans> {
  const [topics, groups, keys] = await Promise.all([
    admin.listTopics(),
    admin.listGroups(),
    storeKeys(redis)
  ])
  return { topics, groups, keys }
}

/** One note a kind; the command that drops them lists them first. */
export function orphanFindings({ topics, groups, keys }: Orphans): Finding[] {
  const next = 'make doctor DO=drop-orphans, which lists them; with YES=1 it deletes them'
  const note = (kind: string, what: string, names: readonly string[]): Finding[] =>
    names.length === 0
      ? []
      : [
          {
            severity: 'note',
            kind,
            subject: `${names.length} ${what}`,
            message: `${shown(names)}: no sub-topology of this version names them`,
            next
          }
        ]
  return [
    ...note('orphan-topics', 'topics', topics),
    ...note('orphan-groups', 'groups', groups),
    ...note('orphan-keys', 'keys', keys)
  ]
}

const shownMax = 5

function shown(names: readonly string[]): string {
  const rest = names.length - shownMax
  const first = names.slice(0, shownMax).join(', ')
  return rest > 0 ? `${first} and ${rest} more` : first
}

async function storeKeys(redis: Redis): Promise<string[]> {
  const keys = new Set<string>()
  // The raw client does not wait for its connection; the port does.
  await redis.ping()
  let cursor = '0'
  do {
    const [next, page] = await redis.client.scan(cursor, 'MATCH', 'hs:{*', 'COUNT', 1_000)
    for (const key of page) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys]
}
