/**
 * @module Scenario: batches of positions, in events a second and events a second and core of the server.
 */
import { median } from '../comparison.ts'
import type { Scenario } from './scenario.ts'
import { startOwnIngress } from './servers.ts'
import { runWrk, type WrkRun } from './wrk.ts'

export interface BatchResult {
  readonly eventsPerSecond: number
  /** Events a second for one core of the server's process. */
  readonly eventsPerCore: number
  readonly p99: number
  readonly isRight: boolean
  readonly runs: readonly WrkRun[]
}

const path = '/api/v1/drivers/%s/locations'

export const batchPositions: Scenario<BatchResult> = async ({ stage, sizes, files }) => {
  // The batches come over and over again, so the limits of one driver would be met.
  const own = await startOwnIngress(stage, { LIMIT_LOCATIONS: '1000000' })
  try {
    const run = (seconds: number): Promise<WrkRun> =>
      runWrk({
        port: own.port,
        pid: own.pid,
        connections: sizes.connections[0] ?? 1,
        seconds,
        path,
        tokens: files.driverTokens,
        bodies: files.positions
      })
    await run(sizes.warmupSeconds)
    const runs: WrkRun[] = []
    for (let round = 1; round <= sizes.rounds; round += 1) {
      const result = await run(sizes.runSeconds)
      runs.push(result)
      const events = result.requestsPerSecond * sizes.pointsABatch
      stage.tell(`positions ${round}: ${events} events/s, ${result.serverCores} cores`)
    }
    const eventsOf = ({ requestsPerSecond }: WrkRun): number =>
      requestsPerSecond * sizes.pointsABatch
    return {
      eventsPerSecond: Math.round(median(runs.map(eventsOf))),
      eventsPerCore: Math.round(median(runs.map((each) => eventsOf(each) / each.serverCores))),
      p99: median(runs.map(({ p99 }) => p99)),
      isRight: runs.every(({ refused, broken, timedOut }) => refused + broken + timedOut === 0),
      runs
    }
  } finally {
    await own.stop()
  }
}
