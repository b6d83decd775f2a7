import { expect, test } from 'vitest'
import { createMetrics } from '../../core/index.ts'
import { createRuntimeMetrics, defineSubTopology, stringFormat } from './index.ts'

const words = { name: 'words', partitions: 2, format: stringFormat } as const
const topology = defineSubTopology({
  app: 'probe',
  name: 'words',
  topics: [words],
  sources: ['words'],
  outputs: [],
  commitIntervalMs: 100,
  stores: {},
  on: { words: () => undefined }
})

test('a commit shows records, lateness, caches and operators by task', async () => {
  const metrics = createMetrics()
  createRuntimeMetrics(metrics).committed(topology, {
    partition: 1,
    durationMs: 20,
    outputs: 3,
    changelog: 2,
    deadLetters: 1,
    counts: [{ name: 'seen', labels: { kind: 'a' } }],
    operators: new Map([['minutes|late', 4]]),
    inputs: [{ topic: 'words', records: 10, lateRecords: 2, latenessMsMax: 1_500, ageMsMax: 300 }],
    caches: [{ store: 'counts', hits: 9, misses: 1 }]
  })
  const page = await metrics.render()
  for (const line of [
    'hail_streams_input_records_total{topology="probe-words",partition="1",topic="words"} 10',
    'hail_streams_late_records_total{topology="probe-words",partition="1",topic="words"} 2',
    'hail_streams_lateness_seconds_sum{topology="probe-words"} 1.5',
    'hail_streams_input_age_seconds_sum{topology="probe-words"} 0.3',
    'hail_streams_commit_duration_seconds_count{topology="probe-words",partition="1"} 1',
    'hail_streams_output_records_total{topology="probe-words",partition="1"} 3',
    'hail_streams_changelog_records_total{topology="probe-words",partition="1"} 2',
    'hail_streams_dead_letters_total{topology="probe-words",partition="1"} 1',
    'hail_streams_cache_hits_total{topology="probe-words",partition="1",store="counts"} 9',
    'hail_streams_cache_misses_total{topology="probe-words",partition="1",store="counts"} 1',
    'hail_streams_operator_records_total{topology="probe-words",operator="minutes",outcome="late"} 4',
    'hail_probe_seen_total{kind="a"} 1'
  ]) {
    expect(page).toContain(line)
  }
})

test('the gauges of a task that has moved away are gone', async () => {
  const metrics = createMetrics()
  const runtime = createRuntimeMetrics(metrics)
  const task = { partition: 0, isRunning: true, lag: 7, oldestUnreadAgeMs: 2_000 }
  runtime.tasks(topology, { assigned: 1, tasks: [task] })
  const labels = '{topology="probe-words",partition="0"}'
  expect(await metrics.render()).toContain(`hail_streams_lag_seconds${labels} 2`)
  runtime.tasks(topology, { assigned: 0, tasks: [] })
  expect(await metrics.render()).not.toContain(`hail_streams_lag_seconds${labels}`)
})
