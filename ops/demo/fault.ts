/**
 * What goes wrong on purpose under load: a process is killed, or Redis loses everything.
 *
 * @module
 */
import { type Clock, createLogger, systemClock } from '../../core/index.ts'
import { createRedis } from '../../core/redis/index.ts'
import type { Simulation } from '../../simulator/index.ts'
import { type DemoSettings, demoLimits, type KilledApp } from './config.ts'
import type { Stage } from './stage.ts'
import { readMetrics, sumOfMetric } from './stream-metrics.ts'

/** A fault that happened. Times are epoch ms. */
export type Fault =
  | { readonly kind: 'kill'; readonly app: KilledApp; readonly atMs: number }
  | { readonly kind: 'flush'; readonly atMs: number; readonly restoredBefore: number }

/** What decides when and how. */
export type FaultOptions = {
  readonly settings: DemoSettings
  /** Length of the load. */
  readonly loadMs: number
  readonly stage: Stage
  readonly simulation: Simulation
  readonly clock: Clock
  readonly tell: (line: string) => void
  /** Aborts when the load is over or the demo stops. */
  readonly signal: AbortSignal
}

const restoredMetric = 'hail_streams_restored_records_total'

/** The faults the settings ask for, as they happened; none when the load ended before. */
export async function injectFaults(options: FaultOptions): Promise<Fault[]> {
  const { settings, tell } = options
  const { DEMO_KILL: app, DEMO_FLUSH: flushes } = settings
  const faults: Fault[] = []
  if (app === null && !flushes) return faults
  if (!(await isLoaded(options))) return faults
  if (app !== null) {
    tell(`fault: kill -9 of ${app} with ${options.simulation.ledger.counts().open} open rides`)
    options.stage.supervisor.kill(app, 'SIGKILL')
    faults.push({ kind: 'kill', app, atMs: options.clock.now() })
  }
  if (flushes) {
    tell(`fault: FLUSHALL of Redis with ${options.simulation.ledger.counts().open} open rides`)
    faults.push(await flush(options))
  }
  return faults
}

/** Changelog records that the streams replayed since the flush. */
export async function restoredSince(stage: Stage, restoredBefore: number): Promise<number> {
  return (await restoredRecords(stage)) - restoredBefore
}

/** Waits for the middle of the load with enough rides open. */
async function isLoaded({ loadMs, simulation, clock, signal }: FaultOptions): Promise<boolean> {
  try {
    await clock.sleep(loadMs * demoLimits.faultAfterShare, signal)
    while (simulation.ledger.counts().open < demoLimits.openAtFaultMin) {
      await clock.sleep(100, signal)
    }
    return true
  } catch {
    // The load ended before enough rides were open; the report says that no fault came.
    return false
  }
}

async function flush({ stage, clock }: FaultOptions): Promise<Fault> {
  const restoredBefore = await restoredRecords(stage)
  const url = stage.environment['REDIS_URL'] ?? ''
  const logger = createLogger({ name: 'demo', level: 'error' })
  const redis = createRedis({ url, logger, name: 'demo', clock: systemClock })
  try {
    // The raw client does not wait for its connection; this does.
    await redis.ping()
    await redis.client.flushall()
    return { kind: 'flush', atMs: clock.now(), restoredBefore }
  } finally {
    await redis.close()
  }
}

async function restoredRecords({ ports }: Stage): Promise<number> {
  const text = await readMetrics(ports.streamsOps)
  return text === null ? 0 : sumOfMetric(text, restoredMetric)
}
