/**
 * What push shows of itself.
 *
 * @module
 */
import type { Metrics } from '../../core/index.ts'
import type { CloseReason } from './close-reason.ts'
import type { ResyncReason } from './connection.ts'
import { type Frame, frameKinds } from './frames.ts'

/** See the module. */
export type PushMetrics = {
  /** A frame went out; its lateness is the time since what it tells happened. */
  sent(frame: Frame, nowMs: number): void
  conflated(): void
  blocked(): void
  resynced(reason: ResyncReason): void
  /** `client` where the client ended it, `lost` where the connection broke. */
  closed(reason: CloseReason | 'client' | 'lost'): void
  refused(code: string): void
  skipped(topic: string): void
  undecodable(topic: string): void
}

/** What is read at each scrape. */
export type PushGauges = {
  connections(): Readonly<Record<string, number>>
  ring(): { rides: number; events: number; bytes: number }
  lagByTopic(): ReadonlyMap<string, number>
  behindMs(): number
}

/** From a millisecond to a minute: an outage shows as minutes of lateness once it is over. */
const latenessBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Registers everything. */
export const createPushMetrics = (metrics: Metrics): PushMetrics => {
  const frames = metrics.counter({
    name: 'hail_push_frames_total',
    help: 'Frames sent to WebSocket clients.',
    labels: ['kind']
  })
  const lateness = metrics.histogram({
    name: 'hail_push_lateness_seconds',
    help: 'From what a frame tells (event, outcome, position) to its sending.',
    labels: ['kind'],
    buckets: latenessBuckets
  })
  const byKind = new Map(
    frameKinds.map((kind) => [
      kind,
      { count: frames.with({ kind }), late: lateness.with({ kind }) }
    ])
  )
  const counter = (name: string, help: string, label: string) => {
    const counted = metrics.counter({ name, help, labels: [label] })
    return (value: string): void => counted.inc({ [label]: value })
  }
  const conflated = metrics.counter({
    name: 'hail_push_positions_conflated_total',
    help: 'Positions replaced by a later one before a slow client took them.'
  })
  const blocked = metrics.counter({
    name: 'hail_push_blocked_total',
    help: 'Times a client was too slow for its buffer.'
  })
  return {
    sent: ({ kind, atMs }, nowMs) => {
      const figures = byKind.get(kind)
      figures?.count.inc()
      if (atMs !== null) figures?.late.observe(Math.max(0, nowMs - atMs) / 1_000)
    },
    conflated: () => conflated.inc(),
    blocked: () => blocked.inc(),
    resynced: counter(
      'hail_push_resyncs_total',
      'Snapshots sent in place of events, by why.',
      'reason'
    ),
    closed: counter('hail_push_closes_total', 'Connections ended, by why.', 'reason'),
    refused: counter('hail_push_refused_total', 'Upgrades refused, by problem code.', 'code'),
    skipped: counter(
      'hail_push_skips_total',
      'Times records of a topic were skipped, which resynchronises connections.',
      'topic'
    ),
    undecodable: counter(
      'hail_push_undecodable_total',
      'Records that could not be decoded.',
      'topic'
    )
  }
}

/** Registers what is read at each scrape. */
export const registerPushGauges = (metrics: Metrics, gauges: PushGauges): void => {
  metrics.gauge({
    name: 'hail_push_connections',
    help: 'Open WebSocket connections.',
    labels: ['role'],
    collect: (gauge) => {
      for (const [role, count] of Object.entries(gauges.connections())) gauge.set({ role }, count)
    }
  })
  metrics.gauge({
    name: 'hail_push_ring',
    help: 'Ride events remembered for clients that come back.',
    labels: ['of'],
    collect: (gauge) => {
      for (const [of, value] of Object.entries(gauges.ring())) gauge.set({ of }, value)
    }
  })
  metrics.gauge({
    name: 'hail_push_lag_records',
    help: 'Records between the end of the log and what was read of it.',
    labels: ['topic'],
    collect: (gauge) => {
      for (const [topic, lag] of gauges.lagByTopic()) gauge.set({ topic }, lag)
    }
  })
  metrics.gauge({
    name: 'hail_push_behind_seconds',
    help: 'Time since every partition was last read.',
    collect: (gauge) => gauge.set({}, gauges.behindMs() / 1_000)
  })
}
