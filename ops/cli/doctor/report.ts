/**
 * @module The doctor's report: everything read, nothing changed.
 */
import type { Clock } from '../../../core/index.ts'
import type { Fetcher, KafkaAdmin } from '../../../core/kafka/index.ts'
import type { Redis } from '../../../core/redis/index.ts'
import { createRedisState, type SubTopology } from '../../../streams/runtime/index.ts'
import { groupLags, type PartitionLag } from '../group-lag.ts'
import type { KnownGroup } from '../known-groups.ts'
import { describeAsData, internalTopicsOf } from '../topology-description.ts'
import type { Finding } from './finding.ts'
import { type GroupState, groupFindings, offsetFindings, surveyGroups } from './groups.ts'
import { findOrphans, namesThere, type Orphans, orphanFindings } from './orphans.ts'
import { surveyStores } from './store-survey.ts'
import type { StorePlace } from './store-verdict.ts'
import { type HangingPartition, type OpenTransaction, surveyTransactions } from './transactions.ts'

export interface Patient {
  readonly admin: KafkaAdmin
  readonly fetcher: Fetcher
  readonly redis: Redis
  readonly clock: Clock
  readonly topologies: readonly SubTopology[]
  readonly groups: readonly KnownGroup[]
  /** A transaction open for longer is hung, ms. */
  readonly hungAfterMs: number
}

export interface Report {
  readonly lags: readonly PartitionLag[]
  readonly stores: readonly StorePlace[]
  readonly open: readonly OpenTransaction[]
  readonly hanging: readonly HangingPartition[]
  readonly orphans: Orphans
  readonly groups: readonly GroupState[]
  readonly findings: readonly Finding[]
}

/** Consumer offsets are written in transactions too, and a hanging one there stops its group. */
const offsetsTopic = '__consumer_offsets'

/** Reads the state of everything the topologies own. */
export async function examine(patient: Patient): Promise<Report> {
  const { admin, fetcher, redis, clock, topologies } = patient
  const names = await namesThere(admin, redis)
  const existing = new Set(names.topics)
  const orphans = findOrphans(names, patient)
  const groups = await surveyGroups(admin, patient.groups)
  const lags = await groupLags({ admin, fetcher, clock }, patient.groups)
  const ownedGroups = new Set(
    groups.filter(({ members }) => members.length > 0).map(({ group }) => group)
  )
  const stores = await surveyStores({
    admin,
    backend: createRedisState(redis),
    clock,
    topologies,
    existingTopics: existing,
    ownedGroups
  })
  const wanted = topicsOf(patient)
  const transactions = await surveyTransactions({
    admin,
    clock,
    topologies,
    topics: [...wanted, offsetsTopic].filter((topic) => existing.has(topic)),
    hungAfterMs: patient.hungAfterMs
  })
  return {
    lags,
    stores: stores.places,
    open: transactions.open,
    hanging: transactions.hanging,
    orphans,
    groups,
    findings: [
      ...missingFindings(wanted, existing),
      ...offsetFindings(lags),
      ...stores.findings,
      ...transactions.findings,
      ...groupFindings(groups, lags),
      ...orphanFindings(orphans)
    ]
  }
}

/** Every topic that the topologies and groups name, sorted. */
function topicsOf({ topologies, groups }: Patient): string[] {
  const named = topologies.flatMap(({ sources, outputs }) => [...sources, ...outputs])
  const internal = describeAsData(topologies).subTopologies.flatMap(internalTopicsOf)
  return [...new Set([...named, ...internal, ...groups.flatMap(({ topics }) => topics)])].sort()
}

/** Changelogs are told of with their stores. */
function missingFindings(wanted: readonly string[], existing: ReadonlySet<string>): Finding[] {
  return wanted
    .filter((topic) => !existing.has(topic) && !topic.endsWith('-changelog'))
    .map((topic) => ({
      severity: 'hand',
      kind: 'topic-missing',
      subject: topic,
      message: 'it does not exist',
      next: 'make up, which creates what is missing'
    }))
}
