/**
 * @module Scenario: memory while Kafka is away and the load goes on. The broker is frozen, the worst kind
 * of away: connections stand, and nothing answers. Last of all scenarios, since it takes the broker.
 */
import { usageOf } from '../process-usage.ts'
import { findBroker } from './broker.ts'
import type { Scenario } from './scenario.ts'
import { startOwnIngress } from './servers.ts'
import { runWrk } from './wrk.ts'

export interface OutageResult {
  readonly seconds: number
  /** Resident memory under the same load before, MiB. */
  readonly residentBeforeMb: number
  /** Highest resident memory seen during the outage, MiB. */
  readonly residentMaxMb: number
  readonly answeredPerSecond: number
  /** Whether 202s come again once the broker does. */
  readonly hasResumed: boolean
}

const stepSeconds = 5

export const outage: Scenario<OutageResult> = async ({ stage, sizes, files }) => {
  const broker = await findBroker()
  const own = await startOwnIngress(stage)
  const load = (seconds: number) =>
    runWrk({
      port: own.port,
      pid: own.pid,
      connections: sizes.connections.at(-1) ?? 1,
      seconds,
      path: '/api/v1/rides',
      tokens: files.customerTokens,
      bodies: files.rides
    })
  const resident = async (): Promise<number> => (await usageOf(own.pid)).residentMb
  try {
    await load(sizes.warmupSeconds)
    const residentBeforeMb = Math.round(await resident())
    process.kill(broker, 'SIGSTOP')
    let residentMaxMb = residentBeforeMb
    let answered = 0
    let seconds = 0
    try {
      while (seconds < sizes.outageSeconds) {
        const step = Math.min(stepSeconds, sizes.outageSeconds - seconds)
        answered += (await load(step)).requests
        seconds += step
        residentMaxMb = Math.max(residentMaxMb, Math.round(await resident()))
      }
    } finally {
      process.kill(broker, 'SIGCONT')
    }
    await stage.clock.sleep(stepSeconds * 1_000)
    const after = await load(sizes.runSeconds)
    const hasResumed = after.requests > 0 && after.refused === 0
    stage.tell(`outage: ${residentBeforeMb} MiB before, ${residentMaxMb} MiB at most`)
    return {
      seconds,
      residentBeforeMb,
      residentMaxMb,
      answeredPerSecond: Math.round(answered / seconds),
      hasResumed
    }
  } finally {
    await own.stop()
  }
}
