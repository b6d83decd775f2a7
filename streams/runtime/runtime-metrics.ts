/**
 * @module Metrics of the runtime, by sub-topology; domain counters are made at their first use.
 */
import type { Metrics } from '../../core/index.ts'
import type { CountedEvent } from './context.ts'
import type { GlobalTableFacts } from './global-table.ts'
import type { TopicTally } from './input-tally.ts'
import type { SubTopology } from './topology.ts'

/** One commit of a task. */
export interface CommitFacts {
  readonly partition: number
  readonly durationMs: number
  readonly outputs: number
  readonly changelog: number
  readonly deadLetters: number
  readonly counts: readonly CountedEvent[]
  /** Counts of operators' outcomes, by `operator|outcome`. */
  readonly operators: ReadonlyMap<string, number>
  readonly inputs: readonly TopicTally[]
  readonly caches: readonly {
    readonly store: string
    readonly hits: number
    readonly misses: number
  }[]
}

/** State of one task, for gauges. */
export interface TaskFacts {
  readonly partition: number
  readonly isRunning: boolean
  readonly lag: number
  readonly oldestUnreadAgeMs: number
}

/** What tasks report; the engine adds gauges over all its tasks. */
export interface RuntimeMetrics {
  committed(topology: SubTopology, facts: CommitFacts): void
  /** Records replayed since the last call, and offsets left to the committed position. */
  restoring(
    topology: SubTopology,
    facts: { partition: number; store: string; records: number; left: bigint }
  ): void
  /** A task has been acquired. */
  restored(topology: SubTopology, durationMs: number): void
  dropped(topology: SubTopology, code: string): void
  tasks(topology: SubTopology, facts: { assigned: number; tasks: readonly TaskFacts[] }): void
  entries(topology: SubTopology, store: string, entries: number): void
  /** A global table has moved; skipped records are those since the last call. */
  globalTable?(table: string, facts: GlobalTableFacts): void
}

/** Tasks of a process (48 at most by the transaction budget) times topics or stores. */
const labelSetsMax = 1_000
const ofTask = ['topology', 'partition'] as const
const ofTopology = ['topology'] as const

function defineMetrics(metrics: Metrics) {
  const counter = <L extends string>(name: string, help: string, labels: readonly L[]) =>
    metrics.counter({ name, help, labels, labelSetsMax })
  const gauge = <L extends string>(name: string, help: string, labels: readonly L[]) =>
    metrics.gauge({ name, help, labels, labelSetsMax })
  const seconds = <L extends string>(name: string, help: string, labels: readonly L[]) =>
    metrics.histogram({ name, help, labels, labelSetsMax })
  const ofTopic = [...ofTask, 'topic'] as const
  const ofStore = [...ofTask, 'store'] as const
  return {
    inputs: counter('hail_streams_input_records_total', 'Records handled', ofTopic),
    late: counter('hail_streams_late_records_total', 'Records stamped below stream time', ofTopic),
    lateness: seconds(
      'hail_streams_lateness_seconds',
      'Largest distance below stream time in a commit',
      ['topology']
    ),
    age: seconds(
      'hail_streams_input_age_seconds',
      'Largest age of a record when handled, in a commit',
      ['topology']
    ),
    commits: seconds(
      'hail_streams_commit_duration_seconds',
      'Time from begin to applied stores',
      ofTask
    ),
    outputs: counter(
      'hail_streams_output_records_total',
      'Records committed to output topics',
      ofTask
    ),
    changelog: counter(
      'hail_streams_changelog_records_total',
      'Records committed to changelogs',
      ofTask
    ),
    deadLetters: counter(
      'hail_streams_dead_letters_total',
      'Inputs committed to dead letter topics',
      ofTask
    ),
    operators: counter('hail_streams_operator_records_total', 'Records by operator and outcome', [
      'topology',
      'operator',
      'outcome'
    ]),
    hits: counter('hail_streams_cache_hits_total', 'Store reads answered from memory', ofStore),
    misses: counter(
      'hail_streams_cache_misses_total',
      'Store reads answered by the backend',
      ofStore
    ),
    restored: counter(
      'hail_streams_restored_records_total',
      'Changelog records replayed into stores',
      ofTopology
    ),
    restoreLeft: gauge(
      'hail_streams_restore_left_records',
      'Changelog offsets left to replay',
      ofStore
    ),
    acquisition: seconds(
      'hail_streams_acquire_duration_seconds',
      'Time to fence the predecessor, restore the stores and run',
      ofTopology
    ),
    drops: counter(
      'hail_streams_tasks_dropped_total',
      'Tasks dropped to be acquired anew, by error code',
      ['topology', 'code']
    ),
    running: gauge('hail_streams_tasks_running', 'Tasks running here', ofTopology),
    assigned: gauge('hail_streams_tasks_assigned', 'Tasks assigned to this process', ofTopology),
    lag: gauge('hail_streams_lag_records', 'Records behind the high watermark', ofTask),
    lagSeconds: gauge(
      'hail_streams_lag_seconds',
      'Age of the oldest fetched and unread record',
      ofTask
    ),
    entries: gauge('hail_streams_store_entries', 'Store entries held in memory', [
      'topology',
      'store'
    ]),
    globalEntries: gauge('hail_streams_global_entries', 'Entries of a global table', ['table']),
    globalSkipped: counter(
      'hail_streams_global_skipped_records_total',
      'Records of a global table left out, since they could not be decoded',
      ['table']
    )
  }
}

export function createRuntimeMetrics(metrics: Metrics): RuntimeMetrics {
  const all = defineMetrics(metrics)
  const domain = new Map<string, ReturnType<Metrics['counter']>>()
  const countDomain = (topology: SubTopology, event: CountedEvent): void => {
    const name = `hail_${topology.app}_${event.name}_total`
    let counter = domain.get(name)
    if (counter === undefined) {
      const help = `Domain events "${event.name}" of ${topology.app}`
      counter = metrics.counter({ name, help, labels: Object.keys(event.labels) })
      domain.set(name, counter)
    }
    counter.inc(event.labels, 1)
  }
  /** Partitions with gauges, to forget those that have moved away. */
  const shown = new Map<string, Set<number>>()
  return {
    committed(topology, facts) {
      const of = { topology: topology.id, partition: facts.partition }
      for (const { topic, records, lateRecords, latenessMsMax, ageMsMax } of facts.inputs) {
        all.inputs.inc({ ...of, topic }, records)
        all.age.observe({ topology: topology.id }, ageMsMax / 1000)
        if (lateRecords === 0) continue
        all.late.inc({ ...of, topic }, lateRecords)
        all.lateness.observe({ topology: topology.id }, latenessMsMax / 1000)
      }
      all.commits.observe(of, facts.durationMs / 1000)
      all.outputs.inc(of, facts.outputs)
      all.changelog.inc(of, facts.changelog)
      if (facts.deadLetters > 0) all.deadLetters.inc(of, facts.deadLetters)
      for (const { store, hits, misses } of facts.caches) {
        if (hits > 0) all.hits.inc({ ...of, store }, hits)
        if (misses > 0) all.misses.inc({ ...of, store }, misses)
      }
      for (const [key, count] of facts.operators) {
        const [operator = '', outcome = ''] = key.split('|')
        all.operators.inc({ topology: topology.id, operator, outcome }, count)
      }
      for (const event of facts.counts) countDomain(topology, event)
    },
    restoring(topology, { partition, store, records, left }) {
      all.restored.inc({ topology: topology.id }, records)
      all.restoreLeft.set({ topology: topology.id, partition, store }, Number(left))
    },
    restored(topology, durationMs) {
      all.acquisition.observe({ topology: topology.id }, durationMs / 1000)
    },
    globalTable(table, { entries, skipped }) {
      all.globalEntries.set({ table }, entries)
      if (skipped > 0) all.globalSkipped.inc({ table }, skipped)
    },
    dropped(topology, code) {
      all.drops.inc({ topology: topology.id, code }, 1)
    },
    tasks(topology, { assigned, tasks }) {
      const of = { topology: topology.id }
      all.assigned.set(of, assigned)
      all.running.set(of, tasks.filter(({ isRunning }) => isRunning).length)
      const before = shown.get(topology.id) ?? new Set()
      shown.set(topology.id, new Set(tasks.map(({ partition }) => partition)))
      for (const { partition, lag, oldestUnreadAgeMs } of tasks) {
        before.delete(partition)
        all.lag.set({ ...of, partition }, lag)
        all.lagSeconds.set({ ...of, partition }, oldestUnreadAgeMs / 1000)
      }
      for (const partition of before) {
        all.lag.remove({ ...of, partition })
        all.lagSeconds.remove({ ...of, partition })
      }
    },
    entries(topology, store, count) {
      all.entries.set({ topology: topology.id, store }, count)
    }
  }
}
