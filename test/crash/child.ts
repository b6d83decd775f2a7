/**
 * @module A process of the crash tests: runs the crash topology as it is told by its parent, one run
 * after the other, waits at the points named and says what happens to it. Started with its sockets'
 * redirects as the only argument.
 */
import { createLocalCodec } from '../../avro/index.ts'
import { createLogger, createMetrics, isHailError, systemClock } from '../../core/index.ts'
import { createKafka, type Kafka } from '../../core/kafka/index.ts'
import { createRedis, type Redis } from '../../core/redis/index.ts'
import {
  armFailpoint,
  createRuntimeMetrics,
  createStreams,
  type Failpoints,
  noFailpoints,
  type RuntimeMetrics,
  type Streams
} from '../../streams/runtime/index.ts'
import { type Redirects, redirectSockets } from '../support/socket-redirect.ts'
import { pointPlans } from './matrix.ts'
import type { Counts, FromChild, RunPlan, ToChild } from './messages.ts'
import { crashTopology } from './workload.ts'

interface Run {
  readonly plan: RunPlan
  readonly kafka: Kafka
  readonly redis: Redis
  readonly failpoints: Failpoints
  readonly metrics: RuntimeMetrics
  streams: Streams | null
}

redirectSockets(JSON.parse(process.argv[2] ?? '{}') as Redirects)
const logger = createLogger({ name: 'crash-child', level: 'info' })
let run: Run | null = null
let release: (() => void) | null = null
/** Orders are carried out one after the other, except those that let another one finish. */
let orders: Promise<void> = Promise.resolve()

process.on('message', (order: ToChild) => {
  if (order.do === 'go-on') release?.()
  else if (order.do === 'counts') tell({ told: 'counts', ...counts() })
  else orders = orders.then(() => obey(order)).catch(onFatal)
})
// Without a parent there is nobody to end it.
process.on('disconnect', () => process.exit(0))
tell({ told: 'ready' })

async function obey(order: ToChild): Promise<void> {
  if (order.do === 'run') run = begin(order.plan)
  if (order.do === 'run' || order.do === 'join') {
    await join()
    tell({ told: 'joined' })
  }
  if (order.do === 'leave') {
    await leave()
    tell({ told: 'left' })
  }
  if (order.do === 'end') {
    await leave()
    await run?.kafka.close()
    await run?.redis.close()
    run = null
    tell({ told: 'ended' })
  }
}

function begin(plan: RunPlan): Run {
  return {
    plan,
    kafka: createKafka({
      brokers: plan.brokers,
      clientId: plan.clientId,
      logger,
      clock: systemClock,
      transactionVersionMax: plan.transactionVersion
    }),
    redis: createRedis({ url: plan.redisUrl, logger, name: plan.clientId }),
    failpoints: armSequence(plan.stops, wait),
    metrics: reportingMetrics(),
    streams: null
  }
}

async function join(): Promise<void> {
  if (run === null) throw new RangeError('expected a run to join with, got none')
  const { plan, kafka, redis, failpoints, metrics } = run
  run.streams = createStreams({
    topologies: [crashTopology(plan.app)],
    kafka,
    redis,
    codec: createLocalCodec(),
    clock: systemClock,
    logger,
    metrics,
    failpoints,
    group: { sessionTimeoutMs: plan.sessionTimeoutMs, heartbeatMs: plan.sessionTimeoutMs / 10 },
    task: plan.task,
    onFatal
  })
  await run.streams.start()
}

async function leave(): Promise<void> {
  await run?.streams?.stop()
  if (run) run.streams = null
}

/** Each stop is armed once the one before has been passed. */
function armSequence(stops: readonly string[], strike: (stop: string) => Promise<void>) {
  let armed: Failpoints = noFailpoints
  const arm = (at: number): void => {
    const stop = stops[at]
    armed = noFailpoints
    if (stop === undefined) return
    armed = armFailpoint(stop, async () => {
      await strike(stop)
      arm(at + 1)
    })
  }
  arm(0)
  // Where aborted outputs are looked for, a transaction without any (a window dropped, an offset moved)
  // would leave nothing to see.
  const failpoints: Failpoints = (name, transaction) =>
    pointPlans[name].leavesAborted && transaction?.outputs === 0 ? undefined : armed(name)
  return failpoints
}

async function wait(stop: string): Promise<void> {
  await new Promise<void>((resolve) => {
    release = resolve
    tell({ told: 'hit', stop })
  })
  release = null
}

function reportingMetrics(): RuntimeMetrics {
  const metrics = createRuntimeMetrics(createMetrics())
  return {
    ...metrics,
    dropped(topology, code) {
      metrics.dropped(topology, code)
      tell({ told: 'dropped', code })
    }
  }
}

function counts(): Counts {
  const { assigned, running } = run?.streams?.counts ?? { assigned: 0, running: 0 }
  return { assigned, running, memberId: run?.streams?.groups[0]?.memberId ?? null }
}

function onFatal(error: unknown): void {
  const code = isHailError(error) ? error.code : 'HAIL_INTERNAL'
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  tell({ told: 'fatal', code, message })
}

function tell(news: FromChild): void {
  if (process.connected) process.send?.(news)
}
