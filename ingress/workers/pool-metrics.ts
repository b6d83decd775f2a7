/**
 * The figures of all workers as those of one process. What only grows adds up over workers that have
 * ended too, so that no counter goes back when one is replaced; gauges add up over those that live.
 * Of one that was killed, what it counted since the last scrape is lost.
 *
 * @module
 */
import {
  dumpMetrics,
  growingMetrics,
  type Metrics,
  type MetricsDump,
  renderMetrics,
  sumMetrics
} from '../../core/index.ts'
import type { Worker } from './worker-process.ts'

/** See the module. */
export type PoolMetrics = {
  /** Keeps what only grows of a worker that has ended. */
  keep(metrics: MetricsDump): void
  /** The exposition text. */
  render(): Promise<string>
}

/** A worker that does not answer a scrape in this time is shown as it was at the last one. */
const answerMs = 1_000

/** Figures of the workers and of the primary itself. */
export const createPoolMetrics = (options: {
  primary: Metrics
  workers: () => readonly Worker[]
}): PoolMetrics => {
  const { primary, workers } = options
  let ended: MetricsDump = []
  return {
    keep: (metrics) => {
      ended = sumMetrics([ended, growingMetrics(metrics)])
    },
    render: async () => {
      const asked = workers().map((worker) =>
        worker.ask({ withMetrics: true, deadlineMs: answerMs })
      )
      const [own] = await Promise.all([dumpMetrics(primary), ...asked])
      // Taken after the answers: one that ended meanwhile is among the ended and not among these.
      return renderMetrics([ended, ...workers().map(({ metrics }) => metrics), own])
    }
  }
}
