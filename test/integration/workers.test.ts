/**
 * @module Several workers of the ingress on one port, under load: replaced twice, one killed, stopped.
 * Every answer is held against the topic; what a client sees of it is counted.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSharedConfig, systemClock } from '../../core/index.ts'
import { type Ends, endsOf, readFrom } from '../support/committed-records.ts'
import { ConnectionLoad, type Failure } from '../support/connection-load.ts'
import { type EdgeScene, openEdgeScene } from '../support/edge-scene.ts'
import {
  type IngressChild,
  killIngressChildren,
  startIngressChild
} from '../support/ingress-child.ts'
import { waitFor } from '../support/wait-for.ts'

/** Whether the kernel hands connections of a closing listener to the others. */
const isMigrating =
  readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', { encoding: 'utf8', flag: 'r' }).trim() === '1'
const workers = 2
const patience = { timeoutMs: 120_000 }
const customer = `c-${randomUUID().slice(0, 8)}`
const { jwtSecret, idSecret } = readSharedConfig(
  { NODE_ENV: 'test' },
  { secrets: ['jwtSecret', 'idSecret'] }
).secrets

const kept = 12
const fresh = 4

let scene: EdgeScene
let ingress: IngressChild
let from: Ends
const loads: ConnectionLoad[] = []

beforeAll(async () => {
  scene = await openEdgeScene()
  const admin = await scene.kafka.admin()
  from = await endsOf(admin, 'ride_requests')
  await admin.close()
  ingress = await start()
  await waitFor('all workers to be ready', areReady, patience)
}, 180_000)
afterAll(async () => {
  killIngressChildren()
  await scene?.close()
})

type WorkerStatus = { worker: number; pid: number; isReady: boolean }
type Status = { reloads: number; restarts: number; retiring: number; workers: WorkerStatus[] }

const start = (over: Record<string, string> = {}): Promise<IngressChild> =>
  startIngressChild({
    environment: {
      ...scene.environment,
      INGRESS_BUDGET_BYTES: '16777216',
      INGRESS_DEADLINE: '5s',
      INGRESS_WORKERS: String(workers),
      INGRESS_RELOAD_GRACE: '1500ms',
      DRAIN_GRACE: '1s',
      LIMIT_READS: '0',
      ...over
    }
  })

const load = async (): Promise<ConnectionLoad> => {
  const started = await ConnectionLoad.start({
    port: ingress.port,
    jwtSecret: jwtSecret ?? '',
    idSecret,
    customer,
    kept,
    fresh,
    paceMs: 20
  })
  loads.push(started)
  return started
}

const answers = async (running: ConnectionLoad, count: number): Promise<void> => {
  const before = running.answers
  await waitFor(`${count} answers`, () => running.answers >= before + count, { everyMs: 10 })
}

const areReady = async (): Promise<boolean> => {
  const status = await ingress.status<Status>()
  const ready = status.workers?.filter(({ isReady }) => isReady) ?? []
  return ready.length === workers && status.retiring === 0
}

const pidsOf = async (ingress: IngressChild): Promise<number[]> =>
  (await ingress.status<Status>()).workers.map(({ pid }) => pid)

const reload = async (times: number): Promise<void> => {
  process.kill(ingress.pid, 'SIGHUP')
  const isOver = async () => (await ingress.status<Status>()).reloads === times
  await waitFor('the reload to be over', isOver, patience)
  await waitFor('all workers to be ready', areReady, patience)
}

type Line = { message: string; time: string; pid: number; component?: string }

/** The lines of one process, in the order it wrote them. */
const linesOf = (pid: number): Line[] =>
  ingress
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.pid === pid)

const written = async (): Promise<Set<string>> => {
  const [admin, fetcher] = [await scene.kafka.admin(), await scene.kafka.fetcher()]
  const records = await readFrom({ admin, fetcher }, 'ride_requests', from)
  await fetcher.close()
  await admin.close()
  const own = records.filter(({ key }) => String(key) === customer)
  return new Set(own.map(({ headers }) => String(headers['ce_id'])))
}

/** Without the kernel's help a connection that is being opened as a listener closes may be reset. */
const unexcused = (failures: readonly Failure[]): readonly Failure[] =>
  failures.filter(({ isFresh, what }) => isMigrating || !isFresh || what !== 'ECONNRESET')

// Processes start in a second on a quiet machine and in fifteen on a busy one.
describe('workers of the ingress', { timeout: 300_000 }, () => {
  test('are replaced under load without a failed request, and count as one process', async () => {
    const first = await pidsOf(ingress)
    const running = await load()
    await answers(running, 300)
    await reload(1)
    const second = await pidsOf(ingress)
    await answers(running, 100)
    await reload(2)
    const third = await pidsOf(ingress)
    await answers(running, 300)
    await running.stop()
    expect(new Set([...first, ...second, ...third]).size).toBe(3 * workers)
    expect(unexcused(running.failures)).toEqual([])
    expect(running.failures.length).toBeLessThanOrEqual(2 * workers)
    expect((await ingress.readiness()).status).toBe(200)
    expect(await ingress.metric('hail_ingress_workers_ready')).toBe(workers)
    const name = 'hail_http_request_duration_seconds_count'
    expect(await ingress.metric(name)).toBe(running.answers)
  })

  test('of which one is killed serve on, and another takes its place', async () => {
    const [victim = 0] = await pidsOf(ingress)
    const running = await load()
    await answers(running, 300)
    process.kill(victim, 'SIGKILL')
    const isReplaced = async () => {
      const { workers, restarts } = await ingress.status<Status>()
      return restarts === 1 && !workers.some(({ pid }) => pid === victim)
    }
    await waitFor('the killed worker to be replaced', isReplaced, patience)
    await waitFor('all workers to be ready', areReady, patience)
    const broken = running.failures.length
    await answers(running, 300)
    await running.stop()
    // A client has one request under way: no more than all of them can have been with the victim.
    expect(broken).toBeLessThanOrEqual(kept + fresh)
    expect(running.failures.length - broken).toBe(0)
  })

  test('stop in order: not ready, grace, no new requests, those in progress, the queue, exit', async () => {
    const pids = await pidsOf(ingress)
    const running = await load()
    await answers(running, 200)
    const stopping = ingress.stop()
    const isDraining = async () => (await ingress.readiness()).status === 503
    await waitFor('the primary to be not ready', isDraining, { everyMs: 5 })
    const atMs = systemClock.now()
    await answers(running, 20)
    expect(await stopping).toBe(0)
    await running.stop()
    expect(running.failures.filter((failure) => failure.atMs < atMs)).toEqual([])
    const order = [
      'not ready any more; each answer closes its connection',
      'no new requests any more',
      'the requests in progress have ended',
      'the records in the queue are sent'
    ]
    for (const pid of pids) {
      const lines = linesOf(pid)
      const steps = lines.filter(({ message }) => order.includes(message))
      expect(steps.map(({ message }) => message)).toEqual(order)
      const [begun = 0, refusing = 0] = steps.map(({ time }) => Date.parse(time))
      expect(refusing - begun).toBeGreaterThanOrEqual(990)
      expect(lines.at(-1)).toMatchObject({ message: 'stopped', component: 'link' })
    }
    const ends = ingress.output().match(/"reason":"0","message":"a worker has ended"/g)
    expect(ends).toHaveLength(3 * workers)
  })

  test('have lost no 202 in all of this', async () => {
    const kept = await written()
    const accepted = loads.flatMap((each) => [...each.accepted])
    expect(accepted.length).toBeGreaterThan(500)
    expect(accepted.filter((rideId) => !kept.has(rideId))).toEqual([])
  })

  test('end the primary with a clear error when they do not start', async () => {
    const starting = start({ KAFKA_BROKERS: '127.0.0.1:1', INGRESS_WORKER_CRASHES: '2' })
    await expect(starting).rejects.toThrow(/ended with 70[\s\S]*HAIL_WORKERS/)
  })
})
