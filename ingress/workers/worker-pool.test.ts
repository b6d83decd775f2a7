import { describe, expect, test } from 'vitest'
import {
  createFakeClock,
  createMetrics,
  dumpMetrics,
  type MetricsDump,
  silentLogger
} from '../../core/index.ts'
import type { ToPrimary, ToWorker } from './messages.ts'
import { createPoolMetrics } from './pool-metrics.ts'
import { WorkerPool } from './worker-pool.ts'
import type { StartChild, WorkerChild, WorkerEnd } from './worker-process.ts'

/** A worker process in memory: it gets ready, answers, retires; a test can make it do otherwise. */
class FakeChild implements WorkerChild {
  readonly pid: number
  readonly index: number
  isMute = false
  isReady = true
  isStuck = false
  isRetired = false
  end: WorkerEnd | null = null
  metrics: MetricsDump = []
  #tell: (message: ToPrimary) => void = () => undefined
  #onEnd: (end: WorkerEnd) => void = () => undefined

  constructor(pid: number, index: number) {
    this.pid = pid
    this.index = index
  }

  listen(): void {
    this.#tell({ kind: 'listening' })
  }

  send(message: ToWorker): void {
    if (this.end !== null || this.isMute) return
    if (message.kind === 'retire') {
      this.isRetired = true
      if (!this.isStuck) this.#stop()
      return
    }
    const { id, withMetrics } = message
    queueMicrotask(() => {
      const metrics = withMetrics ? { metrics: this.metrics } : {}
      this.#tell({ kind: 'told', id, readiness: { ok: this.isReady }, ...metrics })
    })
  }

  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.die({ code: null, signal })
    else if (!this.isStuck) this.#stop()
  }

  die(end: WorkerEnd): void {
    if (this.end !== null) return
    this.end = end
    this.#onEnd(end)
  }

  onMessage(listener: (message: ToPrimary) => void): void {
    this.#tell = listener
  }

  onEnd(listener: (end: WorkerEnd) => void): void {
    this.#onEnd = listener
  }

  #stop(): void {
    queueMicrotask(() => {
      this.#tell({ kind: 'ended', metrics: this.metrics })
      this.die({ code: 0, signal: null })
    })
  }
}

const aPool = (options: { workers?: number } = {}) => {
  const clock = createFakeClock(0)
  const children: FakeChild[] = []
  const asked: { index: number; port: number }[] = []
  /** What a new child does; by default it listens at once. */
  const birth = { of: (child: FakeChild): void => child.listen() }
  const gaveUp: Error[] = []
  const start: StartChild = (worker) => {
    const child = new FakeChild(100 + children.length, worker.index)
    children.push(child)
    asked.push(worker)
    queueMicrotask(() => birth.of(child))
    return child
  }
  const primary = createMetrics()
  const pool: WorkerPool = new WorkerPool({
    start,
    clock,
    logger: silentLogger,
    workers: options.workers ?? 2,
    port: 8_080,
    readyMsMax: 5_000,
    silenceMsMax: 3_000,
    crashesMax: 3,
    stopMsMax: 10_000,
    onGiveUp: (error) => gaveUp.push(error),
    onEnd: (worker) => figures.keep(worker.metrics)
  })
  const figures = createPoolMetrics({ primary, workers: () => pool.all })
  const run = async <T>(promise: Promise<T>, ms = 1_000): Promise<T> => {
    await clock.advance(ms)
    return await promise
  }
  const pids = () => pool.serving.map((worker) => worker?.pid ?? null)
  return { clock, pool, children, asked, birth, gaveUp, figures, run, pids }
}

describe('a pool of workers', () => {
  test('is started once every worker is ready', async () => {
    const { pool, run, pids, asked } = aPool({ workers: 3 })
    await run(pool.start())
    expect(pids()).toEqual([100, 101, 102])
    expect(asked).toEqual([0, 1, 2].map((index) => ({ index, port: 8_080 })))
    expect(pool.serving.every((worker) => worker?.isReady)).toBe(true)
  })

  test('is stopped while it starts', async () => {
    const { pool, clock, birth, children } = aPool()
    birth.of = () => undefined
    const failed = expect(pool.start()).rejects.toMatchObject({ code: 'HAIL_WORKERS' })
    await clock.advance(200)
    const stopping = pool.stop()
    await clock.advance(200)
    await Promise.all([failed, stopping])
    expect(children.every(({ end }) => end?.code === 0)).toBe(true)
  })

  test('fails to start when a worker does not get ready', async () => {
    const { pool, run, birth } = aPool()
    birth.of = (child) => {
      child.isReady = child.index === 0
      child.listen()
    }
    const starting = pool.start()
    const failed = expect(starting).rejects.toMatchObject({ code: 'HAIL_WORKERS' })
    await run(failed, 6_000)
  })

  test('starts a dead worker anew, later each time it dies young', async () => {
    const { pool, run, clock, children, pids } = aPool()
    await run(pool.start(), 100)
    children[0]?.die({ code: null, signal: 'SIGKILL' })
    expect(pids()).toEqual([null, 101])
    await clock.advance(99)
    expect(pids()).toEqual([null, 101])
    await clock.advance(1)
    expect(pids()).toEqual([102, 101])
    children[2]?.die({ code: 70, signal: null })
    await clock.advance(199)
    expect(pids()).toEqual([null, 101])
    await clock.advance(1)
    expect(pids()).toEqual([103, 101])
    expect(pool.counts.restarts).toBe(2)
  })

  test('gives up when workers die again and again right after their start', async () => {
    const { pool, run, clock, children, birth, gaveUp } = aPool()
    await run(pool.start(), 100)
    birth.of = (child) => child.die({ code: 70, signal: null })
    children[0]?.die({ code: 70, signal: null })
    await clock.advance(60_000)
    expect(gaveUp).toMatchObject([{ code: 'HAIL_WORKERS' }])
    expect(gaveUp[0]?.message).toContain('3 times in a row')
    expect(children).toHaveLength(4)
  })

  test('does not count deaths of workers that lived', async () => {
    const { pool, run, clock, children, gaveUp, pids } = aPool()
    await run(pool.start(), 100)
    for (let n = 0; n < 10; n += 1) {
      await clock.advance(10_000)
      children.at(n === 0 ? 0 : -1)?.die({ code: null, signal: 'SIGKILL' })
      await clock.advance(100)
    }
    expect(gaveUp).toEqual([])
    expect(pids().includes(null)).toBe(false)
  })

  test('kills a worker whose event loop stands still, and starts it anew', async () => {
    const { pool, run, clock, children, pids } = aPool()
    await run(pool.start(), 100)
    const mute = children[1] as FakeChild
    mute.isMute = true
    await clock.advance(2_900)
    expect(mute.end).toBeNull()
    await clock.advance(2_000)
    expect(mute.end).toEqual({ code: null, signal: 'SIGKILL' })
    expect(pids()).toEqual([100, 102])
  })
})

describe('a reload', () => {
  test('replaces one worker after the other, the old one only once the new one is ready', async () => {
    const { pool, run, clock, children, birth, pids } = aPool()
    await run(pool.start())
    birth.of = () => undefined
    const reloading = pool.reload()
    await clock.advance(1_000)
    expect(pids()).toEqual([100, 101])
    expect(children[0]?.isRetired).toBe(false)
    children[2]?.listen()
    await clock.advance(200)
    expect(pids()).toEqual([102, 101])
    expect(children[0]).toMatchObject({ isRetired: true, end: { code: 0 } })
    expect(children[1]?.isRetired).toBe(false)
    children[3]?.listen()
    expect(await run(reloading)).toBe(true)
    expect(pids()).toEqual([102, 103])
    expect(pool.counts).toMatchObject({ reloads: 1, restarts: 0, retiring: 0, isReloading: false })
  })

  test('ends, and leaves the old workers, when a new one dies or does not get ready', async () => {
    const { pool, run, birth, children, pids } = aPool()
    await run(pool.start())
    birth.of = (child) => child.die({ code: 70, signal: null })
    expect(await run(pool.reload())).toBe(false)
    birth.of = () => undefined
    expect(await run(pool.reload(), 6_000)).toBe(false)
    expect(children.at(-1)?.end?.signal).toBe('SIGKILL')
    expect(pids()).toEqual([100, 101])
    expect(pool.all).toHaveLength(2)
  })

  test('asked for during a reload goes round once more', async () => {
    const { pool, run, pids } = aPool()
    await run(pool.start())
    const both = [pool.reload(), pool.reload(), pool.reload()]
    expect(await run(Promise.all(both), 2_000)).toEqual([true, true, true])
    expect(pids()).toEqual([104, 105])
    expect(pool.counts.reloads).toBe(2)
  })

  test('survives the death of the worker it is about to replace', async () => {
    const { pool, run, clock, children, birth, pids } = aPool()
    await run(pool.start())
    birth.of = () => undefined
    const reloading = pool.reload()
    await clock.advance(50)
    children[0]?.die({ code: null, signal: 'SIGKILL' })
    children[2]?.listen()
    birth.of = (child) => child.listen()
    expect(await run(reloading, 2_000)).toBe(true)
    expect(pids().includes(null)).toBe(false)
    expect(new Set(pids()).size).toBe(2)
    const alive = children.filter(({ end }) => end === null).map(({ pid }) => pid)
    expect(alive.toSorted()).toEqual(pids().toSorted())
  })

  test('kills an old worker that does not end', async () => {
    const { pool, run, children } = aPool({ workers: 1 })
    await run(pool.start())
    const old = children[0] as FakeChild
    old.isStuck = true
    expect(await run(pool.reload(), 11_000)).toBe(true)
    expect(old.end?.signal).toBe('SIGKILL')
  })
})

describe('the end', () => {
  test('waits for all workers, those that retire too, and starts none anew', async () => {
    const { pool, run, clock, children } = aPool()
    await run(pool.start())
    const old = children[0] as FakeChild
    old.isStuck = true
    const reloading = pool.reload()
    await clock.advance(200)
    const stopping = pool.stop()
    await clock.advance(11_000)
    await stopping
    expect(await reloading).toBe(false)
    expect(children.every(({ end }) => end !== null)).toBe(true)
    await clock.advance(60_000)
    expect(pool.all).toEqual([])
  })
})

describe('the figures of a pool', () => {
  test('add up over workers and never go back when one ends', async () => {
    const { pool, run, children, figures } = aPool()
    const figuresOf = async (requests: number, bytes: number) => {
      const metrics = createMetrics()
      metrics
        .counter({ name: 'hail_requests_total', help: 'x', labels: ['code'] })
        .inc({ code: 200 }, requests)
      metrics.gauge({ name: 'hail_bytes', help: 'x' }).set({}, bytes)
      metrics.histogram({ name: 'hail_seconds', help: 'x', buckets: [1] }).observe({}, 0.5)
      return dumpMetrics(metrics)
    }
    await run(pool.start())
    for (const child of children) child.metrics = await figuresOf(10, 100)
    const line = async (name: string) =>
      Number(
        (await run(figures.render(), 10))
          .split('\n')
          .find((each) => each.startsWith(name))
          ?.split(' ')
          .at(-1)
      )
    expect(await line('hail_requests_total{code="200"}')).toBe(20)
    expect(await line('hail_bytes')).toBe(200)
    expect(await line('hail_seconds_count')).toBe(2)
    await run(pool.reload())
    expect(await line('hail_requests_total{code="200"}')).toBe(20)
    expect(await line('hail_bytes')).toBeNaN()
    for (const child of children.slice(2)) child.metrics = await figuresOf(1, 5)
    expect(await line('hail_requests_total{code="200"}')).toBe(22)
    expect(await line('hail_bytes')).toBe(10)
    children[2]?.die({ code: null, signal: 'SIGKILL' })
    expect(await line('hail_requests_total{code="200"}')).toBe(22)
  })
})
