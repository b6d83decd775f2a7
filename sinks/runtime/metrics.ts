/**
 * Figures of the connectors. All carry the label `connector`.
 *
 * @module
 */

import type { Metrics } from '../../core/index.ts'

/** What became of a record. */
export type RecordResult = 'written' | 'stale' | 'ignored' | 'dead_letter' | 'conflict'

/** What a connector is doing; the gauge `hail_sink_state` is 1 for the current one. */
export const sinkStates = ['starting', 'running', 'retrying', 'stopped', 'failed'] as const

/** One of {@link sinkStates}. */
export type SinkState = (typeof sinkStates)[number]

/** The figures of one connector. */
export type SinkMetrics = {
  count(result: RecordResult, by: number): void
  batchTook(seconds: number): void
  lag(records: number): void
  age(seconds: number): void
  retried(): void
  deadLettered(count: number): void
  staleSkipped(count: number): void
  /** Records that retention removed before they were read. */
  lost(count: number): void
  state(state: SinkState): void
}

/** The figures of the connector of this name. */
export function createSinkMetrics(metrics: Metrics, connector: string): SinkMetrics {
  const labels = ['connector'] as const
  const own = { connector }
  const counter = (name: string, help: string) => metrics.counter({ name, help, labels }).with(own)
  const gauge = (name: string, help: string) => metrics.gauge({ name, help, labels }).with(own)
  const records = metrics.counter({
    name: 'hail_sink_records_total',
    help: 'Records read, by what became of them.',
    labels: ['connector', 'result']
  })
  const states = metrics.gauge({
    name: 'hail_sink_state',
    help: '1 for the state a connector is in.',
    labels: ['connector', 'state']
  })
  const duration = metrics
    .histogram({ name: 'hail_sink_batch_duration_seconds', help: 'Time to write a batch.', labels })
    .with(own)
  const lag = gauge('hail_sink_lag_records', 'Records between the last one read and the log end.')
  const age = gauge(
    'hail_sink_record_age_seconds',
    'Age of the newest record written, when it was.'
  )
  const retries = counter('hail_sink_retries_total', 'Tries repeated because something was away.')
  const dead = counter('hail_sink_dead_letters_total', 'Records written to a dead-letter topic.')
  const stale = counter(
    'hail_sink_stale_skipped_total',
    'Records as old as what is stored, or older.'
  )
  const lost = counter(
    'hail_sink_lost_records_total',
    'Records removed by retention before a read.'
  )
  return {
    count: (result, by) => {
      if (by > 0) records.inc({ connector, result }, by)
    },
    batchTook: (seconds) => duration.observe(seconds),
    lag: (count) => lag.set(count),
    age: (seconds) => age.set(seconds),
    retried: () => retries.inc(),
    deadLettered: (count) => dead.inc(count),
    staleSkipped: (count) => stale.inc(count),
    lost: (count) => lost.inc(count),
    state: (current) => {
      for (const state of sinkStates) states.set({ connector, state }, state === current ? 1 : 0)
    }
  }
}
