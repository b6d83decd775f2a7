/**
 * @module The place of every store of every task, read from Redis, from the committed offsets and
 * from the changelogs.
 */
import { changelogTopic } from '../../../avro/index.ts'
import type { Clock } from '../../../core/index.ts'
import type { KafkaAdmin, PartitionOffsets } from '../../../core/kafka/index.ts'
import type { StateBackend, SubTopology } from '../../../streams/runtime/index.ts'
import { decodeMetadata } from '../../../streams/runtime/index.ts'
import type { Finding } from './finding.ts'
import { type StorePlace, storeFinding, storeState } from './store-verdict.ts'

export interface SurveyOptions {
  readonly admin: Pick<KafkaAdmin, 'committed' | 'endOffsets'>
  readonly backend: Pick<StateBackend, 'position'>
  readonly clock: Clock
  readonly topologies: readonly SubTopology[]
  readonly existingTopics: ReadonlySet<string>
  readonly ownedGroups: ReadonlySet<string>
}

/** A running task is between commit and apply for some milliseconds: what is odd is read again. */
const settleMs = 1_500

/** Every store's place, and what to say of those that are not where they should be. */
export async function surveyStores(
  options: SurveyOptions
): Promise<{ places: StorePlace[]; findings: Finding[] }> {
  const findings: Finding[] = []
  const places: StorePlace[] = []
  for (const topology of options.topologies) {
    const first = await placesOf(options, topology)
    findings.push(...first.findings)
    const isOwned = options.ownedGroups.has(topology.group)
    const odd = first.places.filter((place) => storeState(place) !== 'ok')
    const again = odd.length > 0 && isOwned ? await placesLater(options, topology) : first.places
    for (const place of first.places) {
      const now = again.find(({ task, store }) => task === place.task && store === place.store)
      const settled = hasMoved(place, now) ? null : storeFinding(place, isOwned)
      if (settled) findings.push(settled)
      places.push(now ?? place)
    }
  }
  return { places, findings }
}

/** True when a second look shows a store that is right, or at least under way. */
function hasMoved(place: StorePlace, now: StorePlace | undefined): boolean {
  if (now === undefined) return false
  return storeState(now) === 'ok' || now.stored !== place.stored
}

async function placesLater(options: SurveyOptions, topology: SubTopology): Promise<StorePlace[]> {
  await options.clock.sleep(settleMs)
  return (await placesOf(options, topology)).places
}

async function placesOf(
  options: SurveyOptions,
  topology: SubTopology
): Promise<{ places: StorePlace[]; findings: Finding[] }> {
  const { admin, backend, existingTopics } = options
  const { app, name: sub, group, lead } = topology
  const partitions = Array.from({ length: topology.partitions }, (_, at) => at)
  // Redis before Kafka: a store that moves meanwhile then looks behind for a moment, never ahead.
  const stored = new Map<string, Awaited<ReturnType<StateBackend['position']>>>()
  for (const partition of partitions) {
    for (const store of Object.keys(topology.stores)) {
      const task = `${topology.id}-${partition}`
      stored.set(`${task} ${store}`, await backend.position(task, store))
    }
  }
  const committed = existingTopics.has(lead)
    ? await admin.committed(group, [lead])
    : new Map<never, never>()
  const bounds = await boundsOf(options, topology)
  const findings: Finding[] = []
  const places = partitions.flatMap((partition) => {
    const task = `${topology.id}-${partition}`
    const at = committed.get(`${lead}:${partition}`)
    const positions = positionsOf({ task, metadata: at?.metadata ?? '', group }, findings)
    return Object.entries(topology.stores).map(([store, { segments }]): StorePlace => {
      const changelog = changelogTopic({ app, sub, store })
      const found = stored.get(`${task} ${store}`) ?? { position: 0n, appliedAtMs: null }
      return {
        task,
        store,
        group,
        lead,
        partition,
        changelog,
        isSegmented: segments !== undefined,
        stored: found.position,
        appliedAtMs: found.appliedAtMs,
        committed: at === undefined || at.offset < 0n ? null : at.offset,
        target: positions.get(store) ?? 0n,
        bounds: bounds.get(changelog)?.get(partition) ?? null
      }
    })
  })
  return { places, findings }
}

async function boundsOf(
  { admin, existingTopics }: SurveyOptions,
  { app, name: sub, stores }: SubTopology
): Promise<Map<string, Map<number, PartitionOffsets>>> {
  const bounds = new Map<string, Map<number, PartitionOffsets>>()
  for (const store of Object.keys(stores)) {
    const changelog = changelogTopic({ app, sub, store })
    if (existingTopics.has(changelog)) bounds.set(changelog, await admin.endOffsets(changelog))
  }
  return bounds
}

function positionsOf(
  at: { readonly task: string; readonly metadata: string; readonly group: string },
  findings: Finding[]
): ReadonlyMap<string, bigint> {
  try {
    return decodeMetadata(at.metadata).stores
  } catch {
    findings.push({
      severity: 'hand',
      kind: 'metadata-foreign',
      subject: at.task,
      message: `the offset metadata of group ${at.group} was not written by this runtime`,
      next: 'find the program that commits in this group; then move the offset with REBUILD=1'
    })
    return new Map()
  }
}
