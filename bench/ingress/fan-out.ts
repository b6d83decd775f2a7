/**
 * @module Scenario: push. Every client is the customer of one ride; events of the rides are written to
 * Kafka at a fixed rate, and each has to reach its client over a WebSocket, none missing, none twice.
 * An event is due at a fixed time whatever became of the earlier ones, and lateness counts from then.
 */
import { aRide } from '../../ingress/testing/builders.ts'
import { Histogram, type HistogramSummary } from '../histogram.ts'
import { usageOf } from '../process-usage.ts'
import { type EventLoad, EventWriter } from './event-writer.ts'
import { PushCrowd } from './push-crowd.ts'
import type { Scenario } from './scenario.ts'
import { startOwnIngress } from './servers.ts'

export interface FanOutResult {
  readonly clients: number
  /** Events written a second, all clients together. */
  readonly ratePerSecond: number
  /** From the first event due to the last message received. */
  readonly messagesPerSecond: number
  readonly missing: number
  /** Gaps and repeats by the numbers of the rides, and snapshots that stood in for events. */
  readonly anomalies: number
  /** From the moment an event was due until its client had it. */
  readonly latenessMs: HistogramSummary
  readonly serverCores: number
  readonly residentMb: number
}

/** Messages of one load as they come. */
interface Tally {
  readonly load: EventLoad
  readonly lateness: Histogram
  lastMs: number
}

/** Wait for the last messages after the last event was written, ms. */
const drainMs = 10_000
const lookEveryMs = 5

export const fanOut: Scenario<FanOutResult> = async ({ stage, sizes, files }) => {
  const { clock } = stage
  const ratePerSecond = sizes.fanOutRatePerSecond
  const bearers = files.customers.slice(0, sizes.fanOutClients)
  const rides = bearers.map(({ subject }, index) =>
    aRide({ rideId: index.toString(16).padStart(32, '0'), customerId: subject })
  )
  // First, since the stage closes what is left of it, and nobody an ingress that was started in vain.
  const writer = await EventWriter.open(stage, rides)
  const own = await startOwnIngress(stage, { ROLES: 'push' })
  let tally: Tally | null = null
  const note = (of: Tally, event: number): void => {
    of.lastMs = clock.monotonic()
    const dueMs = of.load.startMs + (event / of.load.ratePerSecond) * 1_000
    of.lateness.record((of.lastMs - dueMs) * 1_000)
  }
  const crowd = new PushCrowd({
    baseUrl: new URL(own.url).origin,
    bearers,
    clock,
    onEvent: (client, seq) => {
      if (tally !== null) note(tally, (seq - tally.load.seqBefore - 1) * rides.length + client)
    }
  })
  const run = async (seconds: number, seqBefore: number): Promise<Tally> => {
    const startMs = clock.monotonic()
    const total = Math.ceil((ratePerSecond * seconds) / rides.length) * rides.length
    const load = { startMs, ratePerSecond, total, seqBefore }
    const current: Tally = { load, lateness: new Histogram(), lastMs: startMs }
    tally = current
    await writer.write(load)
    const until = clock.monotonic() + drainMs
    while (current.lateness.count < total && clock.monotonic() < until) {
      await clock.sleep(lookEveryMs)
    }
    return current
  }
  try {
    await crowd.connect()
    stage.tell(`push: ${bearers.length} clients are connected`)
    const warmUp = await run(sizes.warmupSeconds, 0)
    const before = await usageOf(own.pid)
    const { load, lateness, lastMs } = await run(
      sizes.fanOutSeconds,
      warmUp.load.total / rides.length
    )
    const after = await usageOf(own.pid)
    const seconds = (lastMs - load.startMs) / 1_000
    const cores = (after.cpuSeconds - before.cpuSeconds) / seconds
    const result: FanOutResult = {
      clients: bearers.length,
      ratePerSecond,
      messagesPerSecond: Math.round(lateness.count / seconds),
      missing: load.total - lateness.count,
      anomalies: crowd.anomalies,
      latenessMs: lateness.summary(1_000),
      serverCores: Math.round(cores * 100) / 100,
      residentMb: Math.round(after.residentMb)
    }
    const { p50, p99 } = result.latenessMs
    stage.tell(
      `push: ${result.messagesPerSecond} messages/s to ${result.clients} clients, ` +
        `p50 ${p50}, p99 ${p99} ms, ${result.serverCores} cores, ${result.missing} missing`
    )
    return result
  } finally {
    crowd.close()
    await writer.close()
    await own.stop()
  }
}
