/**
 * @module Scenario: latency under an open load of half of what the closed loop reached. Requests are due
 * at a fixed rate whatever becomes of the earlier ones, and latency counts from the moment a request
 * was due (no coordinated omission).
 */
import type { HistogramSummary } from '../histogram.ts'
import { OpenLoopClient } from './open-loop-client.ts'
import type { Scenario } from './scenario.ts'
import { startOwnIngress } from './servers.ts'
import { runWrk } from './wrk.ts'

export interface OpenLoopResult {
  readonly ratePerSecond: number
  readonly connections: number
  /** Answers other than 202, and requests without an answer. */
  readonly wrong: number
  readonly latencyMs: HistogramSummary
}

export const openLoop: Scenario<OpenLoopResult> = async ({ stage, sizes, files }) => {
  const own = await startOwnIngress(stage)
  const connections = sizes.connections.at(-1) ?? 1
  try {
    const closed = await runWrk({
      port: own.port,
      pid: own.pid,
      connections,
      seconds: sizes.warmupSeconds,
      path: '/api/v1/rides',
      tokens: files.customerTokens,
      bodies: files.rides
    })
    const ratePerSecond = Math.max(1, Math.round(closed.requestsPerSecond / 2))
    const client = new OpenLoopClient({ clock: stage.clock, port: own.port, connections, files })
    const result = await client.run(ratePerSecond, sizes.openLoopSeconds)
    stage.tell(
      `open loop at ${ratePerSecond} requests/s: p50 ${result.latencyMs.p50}, p99 ${result.latencyMs.p99} ms`
    )
    return { ratePerSecond, connections, ...result }
  } finally {
    await own.stop()
  }
}
