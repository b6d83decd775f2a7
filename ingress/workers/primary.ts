/**
 * The primary process: it serves no requests, it keeps the workers that do. Signals: SIGHUP replaces
 * all workers one at a time; SIGTERM and SIGINT stop them in order and then itself.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import {
  type CheckResult,
  type Clock,
  createMetrics,
  createOpsServer,
  type Lifecycle,
  type Logger,
  type Metrics,
  type MetricsDump
} from '../../core/index.ts'
import type { IngressConfig } from '../config.ts'
import { createPoolMetrics } from './pool-metrics.ts'
import { WorkerPool } from './worker-pool.ts'
import { startWorkerChild } from './worker-process.ts'

/** How long a worker may take from the order to stop to its end, ms. */
export const workerStopMsMax = ({ settings, push }: IngressConfig): number =>
  Math.max(settings.DRAIN_GRACE, settings.INGRESS_RELOAD_GRACE) +
  push.PUSH_DRAIN_SPREAD +
  settings.DRAIN_TIMEOUT +
  settings.INGRESS_DEADLINE +
  5_000

type Primary = { config: IngressConfig; clock: Clock; logger: Logger; entry: string }

/** Adds the workers and the operators' port over all of them to a life cycle. */
export const addPrimary = (lifecycle: Lifecycle, options: Primary): void => {
  const { config, clock, logger } = options
  const { settings } = config
  const metrics = createMetrics()
  let pool: WorkerPool | null = null
  let isDraining = false
  const figures = createPoolMetrics({ primary: metrics, workers: () => pool?.all ?? [] })
  addGauges(metrics, () => pool)
  const readiness = (): CheckResult => {
    if (isDraining) return { ok: false, detail: 'draining' }
    return pool === null ? { ok: false, detail: 'not started' } : readinessOf(pool)
  }
  const server = createOpsServer({
    port: settings.INGRESS_OPS_PORT,
    name: 'ingress',
    metrics: { ...metrics, render: figures.render },
    clock,
    checks: { ingress: readiness },
    status: () => ({ roles: settings.ROLES, ...pool?.counts, workers: pool?.all.map(describe) })
  })
  lifecycle.add({
    name: 'ops',
    start: async () => {
      const port = await server.listen()
      logger.info({ port }, 'the operator port listens')
    },
    stop: () => server.close()
  })
  lifecycle.add({
    name: 'workers',
    start: async () => {
      const port = settings.INGRESS_PORT === 0 ? await freePort() : settings.INGRESS_PORT
      pool = createPool(options, {
        port,
        onGiveUp: (error) => lifecycle.fail(error),
        keep: figures.keep
      })
      await warnOfLostConnections(logger)
      await startPool(pool)
      logger.info({ port, count: settings.INGRESS_WORKERS }, 'the workers of the ingress listen')
    },
    stop: async () => {
      isDraining = true
      await pool?.stop()
    }
  })
}

const createPool = (
  { config, clock, logger, entry }: Primary,
  own: { port: number; onGiveUp: (error: Error) => void; keep: (dump: MetricsDump) => void }
): WorkerPool => {
  const { settings } = config
  return new WorkerPool({
    start: startWorkerChild(entry),
    clock,
    logger,
    workers: settings.INGRESS_WORKERS,
    port: own.port,
    readyMsMax: settings.INGRESS_WORKER_START,
    silenceMsMax: settings.INGRESS_WORKER_SILENCE,
    crashesMax: settings.INGRESS_WORKER_CRASHES,
    stopMsMax: workerStopMsMax(config),
    onGiveUp: own.onGiveUp,
    onEnd: (worker) => own.keep(worker.metrics)
  })
}

/** Waits for the workers, unless a signal ends that; leaves none behind when it fails. */
const startPool = async (pool: WorkerPool): Promise<void> => {
  const giveUp = (): void => void pool.stop()
  process.once('SIGTERM', giveUp)
  process.once('SIGINT', giveUp)
  try {
    await pool.start()
  } catch (error) {
    await pool.stop()
    throw error
  } finally {
    process.off('SIGTERM', giveUp)
    process.off('SIGINT', giveUp)
  }
  process.on('SIGHUP', () => void pool.reload())
}

/** The web server shares ports that are named, and none that the system chose for it. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Requests are taken as long as one worker takes them. */
const readinessOf = ({ serving }: WorkerPool): CheckResult => {
  const ready = serving.filter((worker) => worker?.isReady === true)
  const failing = serving.find((worker) => worker !== null && !worker.isReady)
  const why = failing?.last?.readiness.detail
  return {
    ok: ready.length > 0,
    detail: `${ready.length} of ${serving.length} workers are ready${why === undefined ? '' : `: ${why}`}`
  }
}

const describe = (worker: WorkerPool['all'][number]): Record<string, unknown> => ({
  worker: worker.index,
  pid: worker.pid,
  isReady: worker.isReady,
  ...(worker.last === null ? {} : { readiness: worker.last.readiness, status: worker.last.status })
})

const addGauges = (metrics: Metrics, pool: () => WorkerPool | null): void => {
  metrics.gauge({
    name: 'hail_ingress_workers_ready',
    help: 'Workers that take requests.',
    collect: (gauge) =>
      gauge.set({}, pool()?.serving.filter((worker) => worker?.isReady === true).length ?? 0)
  })
  metrics.gauge({
    name: 'hail_ingress_worker_restarts',
    help: 'Workers that died or fell silent and were started anew, since the primary started.',
    collect: (gauge) => gauge.set({}, pool()?.counts.restarts ?? 0)
  })
  metrics.gauge({
    name: 'hail_ingress_worker_reloads',
    help: 'Times that all workers were replaced, since the primary started.',
    collect: (gauge) => gauge.set({}, pool()?.counts.reloads ?? 0)
  })
}

const migration = '/proc/sys/net/ipv4/tcp_migrate_req'

/** Says so where the kernel resets connections that a closing listener has not yet accepted. */
const warnOfLostConnections = async (logger: Logger): Promise<void> => {
  const setting = await readFile(migration, 'utf8').catch(() => 'absent')
  if (setting.trim() === '1') return
  logger.warn(
    { path: migration, status: setting.trim() },
    'a reload can reset a connection that is being opened: set net.ipv4.tcp_migrate_req to 1'
  )
}
