/**
 * @module Metrics of the runtime, by sub-topology; domain counters are made at their first use.
 */
import type { Metrics } from '../../core/index.ts'
import type { CountedEvent } from './context.ts'
import type { SubTopology } from './topology.ts'

export interface CommitFacts {
  readonly durationMs: number
  readonly outputs: number
  readonly changelog: number
  readonly deadLetters: number
  readonly counts: readonly CountedEvent[]
}

/** What tasks report; the engine adds gauges over all its tasks. */
export interface RuntimeMetrics {
  committed(topology: SubTopology, facts: CommitFacts): void
  restored(topology: SubTopology, records: number, durationMs: number): void
  dropped(topology: SubTopology, code: string): void
  tasks(topology: SubTopology, facts: { running: number; assigned: number; lag: number }): void
  entries(topology: SubTopology, store: string, entries: number): void
}

export function createRuntimeMetrics(metrics: Metrics): RuntimeMetrics {
  const labels = ['topology'] as const
  const commits = metrics.histogram({
    name: 'hail_streams_commit_duration_seconds',
    help: 'Time from the begin of a transaction to its applied stores',
    labels
  })
  const outputs = metrics.counter({
    name: 'hail_streams_output_records_total',
    help: 'Records committed to output topics',
    labels
  })
  const changelog = metrics.counter({
    name: 'hail_streams_changelog_records_total',
    help: 'Records committed to changelogs',
    labels
  })
  const deadLetters = metrics.counter({
    name: 'hail_streams_dead_letters_total',
    help: 'Inputs committed to dead letter topics',
    labels
  })
  const restoredRecords = metrics.counter({
    name: 'hail_streams_restored_records_total',
    help: 'Changelog records replayed into stores',
    labels
  })
  const acquisition = metrics.histogram({
    name: 'hail_streams_acquire_duration_seconds',
    help: 'Time to fence the predecessor, restore the stores and run',
    labels
  })
  const drops = metrics.counter({
    name: 'hail_streams_tasks_dropped_total',
    help: 'Tasks dropped to be acquired anew, by error code',
    labels: ['topology', 'code']
  })
  const running = metrics.gauge({
    name: 'hail_streams_tasks_running',
    help: 'Tasks running here',
    labels
  })
  const assigned = metrics.gauge({
    name: 'hail_streams_tasks_assigned',
    help: 'Tasks assigned to this process',
    labels
  })
  const lag = metrics.gauge({
    name: 'hail_streams_lag_records',
    help: 'Records behind the high watermark over the tasks running here',
    labels
  })
  const entries = metrics.gauge({
    name: 'hail_streams_store_entries',
    help: 'Store entries held in memory',
    labels: ['topology', 'store']
  })
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
  return {
    committed(topology, facts) {
      const of = { topology: topology.id }
      commits.observe(of, facts.durationMs / 1000)
      outputs.inc(of, facts.outputs)
      changelog.inc(of, facts.changelog)
      if (facts.deadLetters > 0) deadLetters.inc(of, facts.deadLetters)
      for (const event of facts.counts) countDomain(topology, event)
    },
    restored(topology, records, durationMs) {
      restoredRecords.inc({ topology: topology.id }, records)
      acquisition.observe({ topology: topology.id }, durationMs / 1000)
    },
    dropped(topology, code) {
      drops.inc({ topology: topology.id, code }, 1)
    },
    tasks(topology, facts) {
      running.set({ topology: topology.id }, facts.running)
      assigned.set({ topology: topology.id }, facts.assigned)
      lag.set({ topology: topology.id }, facts.lag)
    },
    entries(topology, store, count) {
      entries.set({ topology: topology.id, store }, count)
    }
  }
}
