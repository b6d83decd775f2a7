import { describe, expect, test } from 'vitest'
import { createFakeClock, createMetrics, RetryError } from '../../core/index.ts'
import { Problem } from '../http/index.ts'
import { createMemorySharedStore } from '../testing/memory-shared-store.ts'
import { type CacheKind, createReadCache, datedNow } from './read-cache.ts'
import { createSharedCache } from './shared-cache.ts'
import { isOutage } from './source-gate.ts'

const startMs = 1_700_000_000_000

/** A cache, a source whose reads are counted and can be held up, and the clock of both. */
const aWorld = (options: { bytesMax?: number; isShared?: boolean; kind?: object } = {}) => {
  const clock = createFakeClock(startMs)
  const metrics = createMetrics()
  const memory = createMemorySharedStore(clock)
  const createOne = (registry = createMetrics()) =>
    createReadCache({
      clock,
      metrics: registry,
      bytesMax: options.bytesMax ?? 1_000_000,
      joinMsMax: 1_000,
      isOutage,
      shared:
        options.isShared === true
          ? createSharedCache({
              store: memory.store,
              clock,
              metrics: registry,
              deadlineMs: 50,
              valueBytesMax: 1_000,
              bytesMax: 10_000
            })
          : null
    })
  const kind: CacheKind<string> = {
    name: 'thing',
    freshMs: (value) => (value.startsWith('settled') ? 3_600_000 : 1_000),
    staleMs: 60_000,
    bytesOf: (value) => value.length,
    sharedVersion: 'v1',
    ...options.kind
  }
  const source = {
    value: 'a',
    reads: 0,
    failure: null as unknown,
    gate: null as Promise<void> | null
  }
  const load = () =>
    datedNow(clock, async () => {
      source.reads += 1
      const { value } = source
      await source.gate
      if (source.failure !== null) throw source.failure
      return value
    })
  const cache = createOne(metrics)
  return { clock, metrics, memory, createOne, kind, source, load, cache }
}

const away = new RetryError('HAIL_MONGO_UNAVAILABLE', 'away')
const hold = () => {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  return { gate, release: () => release() }
}

describe('the memory of reads', () => {
  test('makes one read for a thousand who ask at once', async () => {
    const { cache, kind, load, source, metrics } = aWorld()
    const held = hold()
    source.gate = held.gate
    const readers = Array.from({ length: 1_000 }, () => cache.read(kind, 'k', load))
    held.release()
    const answers = await Promise.all(readers)
    expect(source.reads).toBe(1)
    expect(new Set(answers.map(({ value }) => value))).toEqual(new Set(['a']))
    const text = await metrics.render()
    expect(text).toContain('hail_ingress_read_cache_total{kind="thing",result="joined"} 999')
    expect(text).toContain('hail_ingress_read_cache_total{kind="thing",result="miss"} 1')
  })

  test('gives out a value until its kind says it is old, counted from the begin of its read', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    const held = hold()
    source.gate = held.gate
    const first = cache.read(kind, 'k', load)
    await clock.advance(900)
    source.value = 'b'
    held.release()
    expect((await first).value).toBe('a')
    await clock.advance(99)
    expect((await cache.read(kind, 'k', load)).value).toBe('a')
    await clock.advance(1)
    expect((await cache.read(kind, 'k', load)).value).toBe('b')
    expect(source.reads).toBe(2)
  })

  test('never gives out anything older than allowed, however slow the source', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    const versionAt = new Map<string, number>()
    for (let step = 0; step < 300; step += 1) {
      source.value = `version-${step}`
      versionAt.set(source.value, clock.now())
      const delayMs = Math.floor(clock.random() * 400)
      source.gate = clock.sleep(delayMs)
      const asked = clock.now()
      const reading = cache.read(kind, 'k', load)
      await clock.advance(delayMs + 100)
      const { value } = await reading
      // What was true when it was asked, or at most a second before.
      const nextVersion = `version-${Number(value.slice(8)) + 1}`
      const replacedAt = versionAt.get(nextVersion) ?? Number.POSITIVE_INFINITY
      expect(asked - replacedAt, value).toBeLessThan(1_000)
    }
    expect(source.reads).toBeLessThan(300)
  })

  test('does not let anybody join a read that is old itself', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    const held = hold()
    source.gate = held.gate
    const slow = cache.read(kind, 'k', load)
    await clock.advance(999)
    const joined = cache.read(kind, 'k', load)
    await clock.advance(1)
    source.gate = null
    source.value = 'b'
    expect((await cache.read(kind, 'k', load)).value).toBe('b')
    held.release()
    expect((await slow).value).toBe('a')
    expect((await joined).value).toBe('a')
    expect(source.reads).toBe(2)
  })

  test('keeps what has settled long', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    source.value = 'settled'
    await cache.read(kind, 'k', load)
    await clock.advance(3_599_999)
    await cache.read(kind, 'k', load)
    expect(source.reads).toBe(1)
    await clock.advance(1)
    await cache.read(kind, 'k', load)
    expect(source.reads).toBe(2)
  })

  test('gives an old value, and says so, only while the source is away and not for ever', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    await cache.read(kind, 'k', load)
    source.failure = away
    await clock.advance(1_500)
    expect(await cache.read(kind, 'k', load)).toEqual({ value: 'a', atMs: startMs, isStale: true })
    source.failure = null
    source.value = 'b'
    expect(await cache.read(kind, 'k', load)).toMatchObject({ value: 'b', isStale: false })
    source.failure = away
    await clock.advance(60_000)
    await expect(cache.read(kind, 'k', load)).rejects.toBe(away)
  })

  test('passes on failures that are no outage, although it has an old value', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    await cache.read(kind, 'k', load)
    await clock.advance(1_500)
    source.failure = new Problem('overloaded')
    await expect(cache.read(kind, 'k', load)).rejects.toBe(source.failure)
  })

  test('asks again after a failure, which all who joined share', async () => {
    const { cache, kind, load, source } = aWorld()
    source.failure = away
    const both = await Promise.allSettled([1, 2].map(() => cache.read(kind, 'k', load)))
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(source.reads).toBe(1)
    source.failure = null
    expect((await cache.read(kind, 'k', load)).value).toBe('a')
  })

  test('keeps no more bytes than it may, the least recently used go first', async () => {
    const { cache, kind, load, source } = aWorld({ bytesMax: 3_000 })
    source.value = 'settled'.padEnd(500)
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await cache.read(kind, key, load)
      expect(cache.bytes).toBeLessThanOrEqual(3_000)
    }
    await cache.read(kind, 'f', load)
    expect(source.reads).toBe(6)
    await cache.read(kind, 'a', load)
    expect(source.reads).toBe(7)
  })

  test('does not believe a value of the future after the clock was set back', async () => {
    const { cache, clock, kind, load, source } = aWorld()
    await cache.read(kind, 'k', async () => ({ ...(await load()), atMs: clock.now() + 5_000 }))
    await cache.read(kind, 'k', load)
    expect(source.reads).toBe(2)
  })

  test('keeps kinds apart that have the same key', async () => {
    const { cache, kind, load, source } = aWorld()
    await cache.read(kind, 'k', load)
    source.value = 'other'
    const other = { ...kind, name: 'other' }
    expect((await cache.read(other, 'k', load)).value).toBe('other')
  })
})

describe('the memory that processes share', () => {
  test('spares a second process the read, and its age is that of the read', async () => {
    const world = aWorld({ isShared: true })
    const { cache, clock, kind, load, source } = world
    await cache.read(kind, 'k', load)
    await clock.advance(600)
    const other = world.createOne()
    expect(await other.read(kind, 'k', load)).toEqual({ value: 'a', atMs: startMs, isStale: false })
    expect(source.reads).toBe(1)
    await clock.advance(400)
    source.value = 'b'
    expect((await other.read(kind, 'k', load)).value).toBe('b')
  })

  test('gives an old value while the source is away', async () => {
    const world = aWorld({ isShared: true })
    await world.cache.read(world.kind, 'k', world.load)
    await world.clock.advance(30_000)
    world.source.failure = away
    const other = world.createOne()
    expect(await other.read(world.kind, 'k', world.load)).toMatchObject({ isStale: true })
  })

  test('does not share between forms of values, nor kinds that are not to be shared', async () => {
    const world = aWorld({ isShared: true })
    const { kind, load, source } = world
    await world.cache.read(kind, 'k', load)
    await world.createOne().read({ ...kind, sharedVersion: 'v2' }, 'k', load)
    expect(source.reads).toBe(2)
    const { sharedVersion: _, ...unshared } = kind
    const { sets } = world.memory
    await world.cache.read({ ...unshared, name: 'own' }, 'k', load)
    expect(world.memory.sets).toBe(sets)
  })

  test('is as if it were not there when Redis fails or hangs, and is left alone for a while', async () => {
    const world = aWorld({ isShared: true, kind: { freshMs: () => 10 } })
    const { cache, clock, kind, load, memory, source } = world
    memory.isAway = true
    expect((await cache.read(kind, 'a', load)).value).toBe('a')
    expect((await cache.read(kind, 'b', load)).value).toBe('a')
    expect(memory.gets).toBe(1)
    memory.isAway = false
    memory.isHanging = true
    await clock.advance(1_000)
    const reading = cache.read(kind, 'c', load)
    await clock.advance(50)
    expect((await reading).value).toBe('a')
    expect(memory.gets).toBe(2)
    expect(source.reads).toBe(3)
  })

  test('takes no value that is too large, unreadable or over its share of Redis', async () => {
    const world = aWorld({ isShared: true })
    const { cache, clock, kind, load, memory, metrics, source } = world
    source.value = 'x'.repeat(1_001)
    await cache.read(kind, 'large', load)
    expect(memory.textByKey.size).toBe(0)
    source.value = 'x'.repeat(800)
    for (let n = 0; n < 20; n += 1) await cache.read(kind, `k-${n}`, load)
    expect(memory.textByKey.size).toBe(10)
    // What has expired may be spent again.
    await clock.advance(80_000)
    await cache.read(kind, 'later', load)
    expect(memory.textByKey.size).toBe(11)
    const text = await metrics.render()
    expect(text).toContain('hail_ingress_shared_cache_skipped_total{reason="large"} 1')
    expect(text).toContain('hail_ingress_shared_cache_skipped_total{reason="full"} 10')
    for (const [key, entry] of memory.textByKey) {
      memory.textByKey.set(key, { ...entry, text: '[1', untilMs: Number.POSITIVE_INFINITY })
    }
    const { reads } = source
    await world.createOne().read(kind, 'later', load)
    expect(source.reads).toBe(reads + 1)
  })
})
