/**
 * What a primary and its workers say to each other over the channel between them.
 *
 * ```
 * primary                     worker
 *    |<------ listening ---------|   once
 *    |------- ask (id) --------->|   each second, and for each scrape with metrics
 *    |<------ told (id) ---------|
 *    |------- retire ----------->|   another one took its place
 *    |<------ ended -------------|   last metrics, just before it exits
 * ```
 *
 * @module
 */
import type { CheckResult, MetricsDump } from '../../core/index.ts'

/** To a worker. */
export type ToWorker =
  | { kind: 'ask'; id: number; withMetrics: boolean }
  /** Stop listening, serve the connections there are for the grace, then stop. */
  | { kind: 'retire' }

/** To the primary. */
export type ToPrimary =
  | { kind: 'listening' }
  | { kind: 'told'; id: number; readiness: CheckResult; metrics?: MetricsDump; status?: unknown }
  | { kind: 'ended'; metrics: MetricsDump }
