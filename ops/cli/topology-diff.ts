/**
 * @module What a new version of the topologies means for the state that the old one left: which
 * changes go by themselves, which need a hand, and which leave topics that nobody will use again.
 * Names are what ties state to code, so a renamed store or sub-topology shows as one removed and
 * one added.
 */
import {
  internalTopicsOf,
  type StoreDescription,
  type SubTopologyDescription,
  type TopicDescription,
  type TopologyDescription
} from './topology-description.ts'

/**
 * `compatible`: deploy. `needs-migration`: what is stored or committed does not fit the new code.
 * `orphans`: deploy, then remove what is left over.
 */
export type Verdict = 'compatible' | 'needs-migration' | 'orphans'

export interface TopologyChange {
  readonly subTopology: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** What changed, such as `store rides` or `partitions`. */
  readonly what: string
  readonly verdict: Verdict
  /** What follows from it and what to do. */
  readonly meaning: string
  /** Internal topics that no sub-topology of the new version names. */
  readonly orphans: readonly string[]
}

/** Every change from one description to another, in the order of the sub-topologies' ids. */
export function diffTopologies(
  before: TopologyDescription,
  after: TopologyDescription
): TopologyChange[] {
  const used = new Set(after.subTopologies.flatMap(internalTopicsOf))
  const old = new Map(before.subTopologies.map((described) => [described.id, described]))
  const now = new Map(after.subTopologies.map((described) => [described.id, described]))
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort()
  return ids.flatMap((id) => {
    const [from, to] = [old.get(id), now.get(id)]
    if (from && to) return changesOf(from, to, used)
    if (to) return [added(to)]
    return from ? [removed(from, used)] : []
  })
}

/** One line a change, for people. */
export function diffText(changes: readonly TopologyChange[]): string {
  return changes
    .map(({ subTopology, kind, what, verdict, meaning, orphans }) => {
      const left = orphans.length === 0 ? '' : ` Left over: ${orphans.join(', ')}.`
      return `  [${verdict}] ${subTopology}: ${what} ${kind}. ${meaning}${left}`
    })
    .join('\n')
}

function added({ id, group }: SubTopologyDescription): TopologyChange {
  const meaning = `Group ${group} begins at the first record its sources still have; its stores begin empty.`
  return change(id, { kind: 'added', what: 'sub-topology', verdict: 'compatible', meaning })
}

function removed(from: SubTopologyDescription, used: ReadonlySet<string>): TopologyChange {
  return change(from.id, {
    kind: 'removed',
    what: 'sub-topology',
    verdict: 'orphans',
    meaning: `Its state and group ${from.group} stay until they are removed: make doctor lists them.`,
    orphans: internalTopicsOf(from).filter((topic) => !used.has(topic))
  })
}

function changesOf(
  from: SubTopologyDescription,
  to: SubTopologyDescription,
  used: ReadonlySet<string>
): TopologyChange[] {
  return [
    ...shapeChanges(from, to),
    ...topicChanges('source', { from: from.sources, to: to.sources, id: to.id, used }),
    ...topicChanges('output', { from: from.outputs, to: to.outputs, id: to.id, used }),
    ...storeChanges(from, to, used)
  ]
}

function shapeChanges(from: SubTopologyDescription, to: SubTopologyDescription): TopologyChange[] {
  const changes: TopologyChange[] = []
  const note = (what: string, verdict: Verdict, meaning: string): void => {
    changes.push(change(to.id, { kind: 'changed', what, verdict, meaning }))
  }
  if (from.partitions !== to.partitions) {
    note(
      `partitions (${from.partitions} to ${to.partitions})`,
      'needs-migration',
      'Keys move to other partitions and their state does not follow: give the sub-topology a new name and process from the start.'
    )
  }
  if (from.lead !== to.lead) {
    note(
      `lead (${from.lead} to ${to.lead})`,
      'needs-migration',
      'The positions of the stores are committed with the old lead: keep it first, or move its metadata to the new one.'
    )
  }
  if (from.commitIntervalMs !== to.commitIntervalMs) {
    note(
      `commit interval (${from.commitIntervalMs} to ${to.commitIntervalMs} ms)`,
      'compatible',
      'Only the cadence changes.'
    )
  }
  if (from.closesOnIdle !== to.closesOnIdle) {
    note(
      `closing on idle (${from.closesOnIdle} to ${to.closesOnIdle})`,
      'compatible',
      'Windows that are open now close by the new rule.'
    )
  }
  return changes
}

interface TopicSides {
  readonly id: string
  readonly from: readonly TopicDescription[]
  readonly to: readonly TopicDescription[]
  readonly used: ReadonlySet<string>
}

function topicChanges(side: 'source' | 'output', sides: TopicSides): TopologyChange[] {
  const { id, from, to, used } = sides
  const old = new Map(from.map((topic) => [topic.topic, topic]))
  const now = new Map(to.map((topic) => [topic.topic, topic]))
  const isSource = side === 'source'
  const changes: TopologyChange[] = []
  for (const { topic } of to.filter((one) => !old.has(one.topic))) {
    const meaning = isSource
      ? 'Read from the first record that is still there.'
      : 'Create it first.'
    changes.push(
      change(id, { kind: 'added', what: `${side} ${topic}`, verdict: 'compatible', meaning })
    )
  }
  for (const { topic, isInternal } of from.filter((one) => !now.has(one.topic))) {
    const orphans = isInternal && !used.has(topic) ? [topic] : []
    const meaning = isSource
      ? 'What it holds unread is never processed.'
      : 'Its readers get no more records from here.'
    const verdict = orphans.length > 0 ? 'orphans' : 'compatible'
    changes.push(
      change(id, { kind: 'removed', what: `${side} ${topic}`, verdict, meaning, orphans })
    )
  }
  for (const topic of to) {
    const before = old.get(topic.topic)
    if (before) changes.push(...topicChange(id, `${side} ${topic.topic}`, [before, topic]))
  }
  return changes
}

function topicChange(
  id: string,
  what: string,
  [from, to]: readonly [TopicDescription, TopicDescription]
): TopologyChange[] {
  const changes: TopologyChange[] = []
  if (from.format !== to.format) {
    const meaning =
      'Records that lie in the topic cannot be read in the new format: use a new topic.'
    const told = `${what}: format (${from.format} to ${to.format})`
    changes.push(change(id, { kind: 'changed', what: told, verdict: 'needs-migration', meaning }))
  }
  if (from.partitions !== to.partitions) {
    const meaning =
      'Keys move to other partitions, so their order and state break: use a new topic.'
    const told = `${what}: partitions (${from.partitions} to ${to.partitions})`
    changes.push(change(id, { kind: 'changed', what: told, verdict: 'needs-migration', meaning }))
  }
  return changes
}

function storeChanges(
  from: SubTopologyDescription,
  to: SubTopologyDescription,
  used: ReadonlySet<string>
): TopologyChange[] {
  const old = new Map(from.stores.map((store) => [store.store, store]))
  const now = new Map(to.stores.map((store) => [store.store, store]))
  const isNew = to.stores.filter(({ store }) => !old.has(store))
  const isGone = from.stores.filter(({ store }) => !now.has(store))
  return [
    ...isNew.map(({ store }) =>
      change(to.id, {
        kind: 'added',
        what: `store ${store}`,
        verdict: 'compatible',
        meaning: 'It begins empty: what was processed before is not in it.'
      })
    ),
    ...isGone.map(({ store, changelog }) =>
      change(to.id, {
        kind: 'removed',
        what: `store ${store}`,
        verdict: 'orphans',
        meaning: 'Its changelog and its keys in Redis stay until they are removed.',
        orphans: used.has(changelog) ? [] : [changelog]
      })
    ),
    ...to.stores.flatMap((store) => {
      const before = old.get(store.store)
      return before ? storeChange(to.id, before, store) : []
    })
  ]
}

function storeChange(id: string, from: StoreDescription, to: StoreDescription): TopologyChange[] {
  const changes: TopologyChange[] = []
  const note = (what: string, verdict: Verdict, meaning: string): void => {
    const told = `store ${to.store}: ${what}`
    changes.push(change(id, { kind: 'changed', what: told, verdict, meaning }))
  }
  if (from.format !== to.format) {
    note(
      `format (${from.format} to ${to.format})`,
      'needs-migration',
      'Stored values and the changelog cannot be read in the new format: name a new store, or keep the format and let Avro resolve a new version of the record.'
    )
  }
  if (from.isSegmented !== to.isSegmented) {
    note(
      `segments (${from.isSegmented} to ${to.isSegmented})`,
      'needs-migration',
      'Keys and their places in Redis differ: name a new store.'
    )
  }
  if (from.ttlMs !== to.ttlMs) note(...ttlChange(from.ttlMs, to.ttlMs))
  if (from.kind !== to.kind) {
    note(
      `kind (${from.kind} to ${to.kind})`,
      'compatible',
      to.kind === 'resident'
        ? 'The whole partition is loaded into memory at each start: see that it fits.'
        : 'Values are read from Redis; a scan over all of them is not possible any more.'
    )
  }
  if (from.hasPlaces !== to.hasPlaces) {
    note(
      `geographic index (${from.hasPlaces} to ${to.hasPlaces})`,
      to.hasPlaces ? 'needs-migration' : 'compatible',
      to.hasPlaces
        ? 'Entries already stored enter the index when they are written next: delete the keys of the store in Redis, and it is rebuilt with its index.'
        : 'The index stays in Redis until it is removed.'
    )
  }
  return changes
}

/** A time to live is stored before each value, so that coming or going it changes what is stored. */
function ttlChange(from: number | null, to: number | null): [string, Verdict, string] {
  const what = `time to live (${from ?? 'none'} to ${to ?? 'none'} ms)`
  if (from === null || to === null) {
    return [
      what,
      'needs-migration',
      'Stored values begin with the time of their write only in a store with a time to live: name a new store.'
    ]
  }
  return to < from
    ? [what, 'needs-migration', 'Older entries end at once: see that nobody needs them.']
    : [what, 'compatible', 'Entries stay longer; those already swept do not come back.']
}

function change(
  subTopology: string,
  parts: Omit<TopologyChange, 'subTopology' | 'orphans'> & { orphans?: readonly string[] }
): TopologyChange {
  return { subTopology, ...parts, orphans: parts.orphans ?? [] }
}
