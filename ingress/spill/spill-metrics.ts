/**
 * What the spill shows of itself.
 *
 * @module
 */
import type { Counter, Histogram, Metrics } from '../../core/index.ts'
import type { Space } from './space.ts'
import type { TopicLog } from './topic-log.ts'

/** See the module. */
export type SpillMetrics = {
  spilled: Counter<'topic'>
  replayed: Counter<'topic'>
  replayFailures: Counter<'topic'>
  refused: Counter<'reason'>
  tornBytes: Counter<'topic'>
  damagedBytes: Counter<'topic'>
  syncSeconds: Histogram
}

/** Registers them all; the gauges look at `space` and `logs` when they are asked. */
export const createSpillMetrics = (
  metrics: Metrics,
  { space, logs }: { space: Space; logs: ReadonlyMap<string, TopicLog> }
): SpillMetrics => {
  metrics.gauge({
    name: 'hail_ingress_spill_bytes',
    help: 'Bytes on the disk of the spill, set aside ones included.',
    collect: (gauge) => gauge.set({}, space.bytes)
  })
  metrics.gauge<'topic'>({
    name: 'hail_ingress_spill_records',
    help: 'Records on the disk that wait to be replayed.',
    labels: ['topic'],
    collect: (gauge) => {
      for (const [topic, log] of logs) gauge.set({ topic }, log.records)
    }
  })
  return {
    spilled: metrics.counter({
      name: 'hail_ingress_spill_written_total',
      help: 'Records written to the disk because Kafka did not take them.',
      labels: ['topic']
    }),
    replayed: metrics.counter({
      name: 'hail_ingress_spill_replayed_total',
      help: 'Records of the disk that Kafka has acknowledged.',
      labels: ['topic']
    }),
    replayFailures: metrics.counter({
      name: 'hail_ingress_spill_replay_failures_total',
      help: 'Requests with records of the disk that failed.',
      labels: ['topic']
    }),
    tornBytes: metrics.counter({
      name: 'hail_ingress_spill_torn_bytes_total',
      help: 'Bytes of interrupted writes cut off at the start.',
      labels: ['topic']
    }),
    damagedBytes: metrics.counter({
      name: 'hail_ingress_spill_damaged_bytes_total',
      help: 'Bytes of the disk set aside because they are no records.',
      labels: ['topic']
    }),
    refused: metrics.counter({
      name: 'hail_ingress_spill_refused_total',
      help: 'Records the spill did not take, by reason.',
      labels: ['reason']
    }),
    syncSeconds: metrics.histogram({
      name: 'hail_ingress_spill_sync_duration_seconds',
      help: 'Time of one write and fsync of the spill.'
    })
  }
}
