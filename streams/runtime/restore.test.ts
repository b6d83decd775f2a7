import { describe, expect, test } from 'vitest'
import { createLocalCodec } from '../../avro/index.ts'
import { createFakeClock, type FakeClock } from '../../core/index.ts'
import type { FetchedPartition, Fetcher } from '../../core/kafka/index.ts'
import { MemoryLog, MemoryState } from '../../test/support/index.ts'
import { noFailpoints } from './failpoints.ts'
import { bytesFormat } from './format.ts'
import { type RestoreOptions, restoreStore } from './restore.ts'
import { createRestoreFetchers } from './restore-fetchers.ts'
import { type Store, segmentKey } from './store-definition.ts'
import { readTtl, stampTtl } from './ttl.ts'

const changelog = 'app-sub-s-changelog'
const task = 'app-sub-0'
const startMs = 1_000_000
const plain = { format: bytesFormat, kind: 'remote' } as unknown as Store
/** Segments of 100 ms that close when they end. */
const windowed: Store = { ...plain, segments: { closesAtMs: (start) => start + 100 } }

/** Hands out a few records a fetch, and tells which offsets were asked for. */
function slowly(fetcher: Fetcher, recordsMax: number, asked: bigint[]): Fetcher {
  return {
    async fetch(requests, options) {
      asked.push(...requests.map(({ offset }) => offset))
      const all = await fetcher.fetch(requests, options)
      return all.map((fetched): FetchedPartition => {
        const next = fetched.records[recordsMax]
        if (next === undefined) return fetched
        return {
          ...fetched,
          records: fetched.records.slice(0, recordsMax),
          offsetNext: next.offset
        }
      })
    },
    close: () => fetcher.close()
  }
}

interface Given {
  readonly clock: FakeClock
  readonly log: MemoryLog
  readonly state: MemoryState
  readonly asked: bigint[]
  write(entries: Record<string, string | null>): void
  restore(options?: Partial<RestoreOptions>): Promise<number>
  entries(): Promise<Record<string, string>>
}

function given(recordsPerFetch = 3): Given {
  const clock = createFakeClock(startMs)
  const log = new MemoryLog(() => clock.now())
  const state = new MemoryState()
  const asked: bigint[] = []
  const open = async (): Promise<Fetcher> => slowly(log.fetcher(), recordsPerFetch, asked)
  return {
    clock,
    log,
    state,
    asked,
    write(entries) {
      for (const [key, text] of Object.entries(entries)) {
        const value = text === null ? null : Buffer.from(text)
        log.append({ topic: changelog, partition: 0, key, value })
      }
    },
    restore: (options = {}) =>
      restoreStore({
        task,
        store: 's',
        definition: plain,
        changelog,
        partition: 0,
        target: log.end(changelog, 0),
        windowTimeMs: 0,
        backend: state,
        fetchers: createRestoreFetchers(open, 1),
        changelogBounds: async () => {
          const bounds = (await log.admin.endOffsets(changelog)).get(0)
          return bounds ?? { logStart: 0n, high: 0n }
        },
        codec: createLocalCodec(),
        clock,
        failpoints: noFailpoints,
        isAbandoned: () => false,
        trustedAgeMs: 60_000,
        patienceMs: 1_000,
        chunkBytes: 1 << 20,
        ...options
      }),
    async entries() {
      const found: Record<string, string> = {}
      for await (const [key, value] of state.scan(task, 's')) found[key] = value.toString()
      return found
    }
  }
}

describe('the restore of a store', () => {
  test('rebuilds an empty store, last values only, and stands at the target', async () => {
    const { write, restore, entries, state } = given()
    write({ a: '1', b: '2', c: '3' })
    write({ a: '4', b: null, d: '5' })
    expect(await restore()).toBe(6)
    expect(await entries()).toEqual({ a: '4', c: '3', d: '5' })
    expect(await state.position(task, 's')).toEqual({ position: 6n, appliedAtMs: startMs })
  })

  test('reads only the tail of a store that is behind', async () => {
    const { write, restore, entries, asked } = given()
    write({ a: '1', b: '2' })
    await restore()
    write({ b: '3', c: '4' })
    asked.length = 0
    expect(await restore()).toBe(2)
    expect(asked).toEqual([2n])
    expect(await entries()).toEqual({ a: '1', b: '3', c: '4' })
  })

  test('asks nothing of a changelog when the store stands at the target', async () => {
    const { write, restore, asked } = given()
    write({ a: '1' })
    await restore()
    asked.length = 0
    expect(await restore()).toBe(0)
    expect(asked).toEqual([])
  })

  test('applies nothing beyond the target', async () => {
    const { write, restore, entries, state } = given(10)
    write({ a: '1', b: '2', c: '3', d: '4' })
    expect(await restore({ target: 2n })).toBe(2)
    expect(await entries()).toEqual({ a: '1', b: '2' })
    expect((await state.position(task, 's')).position).toBe(2n)
  })

  test('fetches the next chunk while it applies the one before', async () => {
    const { write, restore, asked } = given(2)
    write({ a: '1', b: '2', c: '3', d: '4', e: '5' })
    const askedAtChunk: number[] = []
    await restore({ onProgress: () => askedAtChunk.push(asked.length) })
    expect(asked).toEqual([0n, 2n, 4n])
    expect(askedAtChunk).toEqual([2, 3, 3])
  })

  test('tells how far it is', async () => {
    const { write, restore } = given(2)
    write({ a: '1', b: '2', c: '3', d: '4', e: '5' })
    const progress: [number, bigint][] = []
    await restore({ onProgress: (records, left) => progress.push([records, left]) })
    expect(progress).toEqual([
      [2, 3n],
      [2, 1n],
      [1, 0n]
    ])
  })

  test('writes more keys than one slice holds', async () => {
    const { log, restore, entries } = given(20_000)
    for (let i = 0; i < 12_345; i += 1) {
      log.append({ topic: changelog, partition: 0, key: `k${i}`, value: Buffer.from(String(i)) })
    }
    expect(await restore()).toBe(12_345)
    const found = await entries()
    expect(Object.keys(found)).toHaveLength(12_345)
    expect(found['k12344']).toBe('12344')
  })

  test('goes on where a restore that died had come to', async () => {
    const { write, restore, entries } = given(2)
    write({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' })
    let chunks = 0
    const dying = restore({
      failpoints: () => {
        chunks += 1
        if (chunks === 2) throw new Error('dead')
      }
    })
    await expect(dying).rejects.toThrow('dead')
    expect(await restore()).toBe(2)
    expect(await entries()).toEqual({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' })
  })

  test('stops when its task is revoked', async () => {
    const { write, restore } = given(2)
    write({ a: '1', b: '2', c: '3' })
    let isAbandoned = false
    const options = { isAbandoned: () => isAbandoned, onProgress: () => (isAbandoned = true) }
    await expect(restore(options as never)).rejects.toMatchObject({ code: 'HAIL_POSITION' })
  })

  test('gives way to another owner who moves the store meanwhile', async () => {
    const { write, restore, state } = given(2)
    write({ a: '1', b: '2', c: '3', d: '4', e: '5' })
    let chunks = 0
    const failpoints = async (): Promise<void> => {
      chunks += 1
      if (chunks === 1) await restore()
    }
    await expect(restore({ failpoints })).rejects.toMatchObject({ code: 'HAIL_POSITION' })
    expect((await state.position(task, 's')).position).toBe(5n)
  })

  test('rebuilds a store that nobody touched for too long', async () => {
    const { write, restore, entries, clock, log } = given()
    write({ a: '1', b: '2' })
    await restore()
    write({ a: null, c: '3' })
    await clock.advance(60_001)
    // The first compaction keeps the tombstone of `a`; after the second it is gone for good.
    log.compact(changelog, 0, clock.now() + 1)
    log.compact(changelog, 0, clock.now() + 1)
    expect(await restore()).toBe(2)
    expect(await entries()).toEqual({ b: '2', c: '3' })
  })

  test('refuses a position beyond the committed one, which another owner has made', async () => {
    const { write, restore } = given()
    write({ a: '1', b: '2' })
    await restore()
    await expect(restore({ target: 1n })).rejects.toMatchObject({ code: 'HAIL_POSITION' })
    await expect(restore({ target: 0n })).rejects.toMatchObject({ code: 'HAIL_COMMIT_LOST' })
  })

  test('starts over when the position lies beyond the changelog', async () => {
    const { write, restore, entries } = given()
    write({ a: '1', b: '2', c: '3' })
    await restore()
    const again = { changelogBounds: async () => ({ logStart: 0n, high: 2n }), target: 2n }
    expect(await restore(again)).toBe(2)
    expect(await entries()).toEqual({ a: '1', b: '2' })
  })

  test('gives up on a changelog that stays unreadable', async () => {
    const { write, restore, clock } = given()
    write({ a: '1' })
    const failed = expect(restore({ target: 5n })).rejects.toMatchObject({ code: 'HAIL_TIMEOUT' })
    for (let i = 0; i < 100; i += 1) await clock.advance(20)
    await failed
  })

  test('refuses a changelog whose records below the target are gone', async () => {
    const { write, restore, log, clock } = given()
    write({ a: '1', b: '2', c: '3' })
    log.truncate(changelog, 0, 3n)
    const failed = expect(restore()).rejects.toMatchObject({ code: 'HAIL_CHANGELOG_TRUNCATED' })
    await clock.advance(20)
    await failed
  })
})

describe('the restore of a window store', () => {
  const at = (start: number, key: string): string => segmentKey(start, key)

  test('leaves out segments that have closed', async () => {
    const { write, restore, entries, state } = given()
    write({ [at(0, 'a')]: '1', [at(100, 'a')]: '2', [at(200, 'a')]: '3' })
    expect(await restore({ definition: windowed, windowTimeMs: 200 })).toBe(3)
    expect(await entries()).toEqual({ '200|a': '3' })
    expect(await state.segments(task, 's')).toEqual([200])
    expect((await state.position(task, 's')).position).toBe(3n)
  })

  test('keeps closed segments whose entries are handed over one by one', async () => {
    const { write, restore, entries } = given()
    const closesAtMs = (start: number): number => start + 100
    const definition: Store = { ...plain, segments: { closesAtMs, onClose: () => undefined } }
    write({ [at(0, 'a')]: '1', [at(0, 'b')]: '2', [at(200, 'a')]: '3' })
    write({ [at(0, 'a')]: null })
    await restore({ definition, windowTimeMs: 200 })
    expect(await entries()).toEqual({ '0|b': '2', '200|a': '3' })
  })

  test('drops what a commit dropped whose apply was lost', async () => {
    const { write, restore, entries } = given()
    write({ [at(0, 'a')]: '1', [at(100, 'a')]: '2' })
    await restore({ definition: windowed, windowTimeMs: 50 })
    expect(await entries()).toEqual({ '0|a': '1', '100|a': '2' })
    expect(await restore({ definition: windowed, windowTimeMs: 100 })).toBe(0)
    expect(await entries()).toEqual({ '100|a': '2' })
  })

  test('rebuilds from the start of a log that has lost its head', async () => {
    const { write, restore, entries, log, clock } = given()
    write({ [at(0, 'a')]: '1', [at(0, 'b')]: '2', [at(100, 'a')]: '3', [at(200, 'a')]: '4' })
    log.truncate(changelog, 0, 2n)
    const restored = restore({ definition: windowed, windowTimeMs: 150 })
    await clock.advance(20)
    expect(await restored).toBe(2)
    expect(await entries()).toEqual({ '100|a': '3', '200|a': '4' })
  })

  test('is empty, and no error, when the whole log has expired', async () => {
    for (const start of [2n, 3n]) {
      const { write, restore, entries, log, clock, state } = given()
      write({ [at(0, 'a')]: '1', [at(0, 'b')]: '2', [at(900, 'c')]: '3' })
      log.truncate(changelog, 0, start)
      const restored = restore({ definition: windowed, windowTimeMs: 500, target: 2n })
      await clock.advance(20)
      expect(await restored).toBe(0)
      expect(await entries()).toEqual({})
      expect((await state.position(task, 's')).position).toBe(2n)
    }
  })
})

describe('the fetchers of restores', () => {
  test('let no more restores read at once than allowed, and open no more', async () => {
    const log = new MemoryLog(() => startMs)
    let opened = 0
    const fetchers = createRestoreFetchers(async () => {
      opened += 1
      return log.fetcher()
    }, 2)
    let running = 0
    let runningMax = 0
    const use = (): Promise<void> =>
      fetchers.use(async () => {
        running += 1
        runningMax = Math.max(runningMax, running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
      })
    await Promise.all(Array.from({ length: 7 }, use))
    expect([opened, runningMax]).toEqual([2, 2])
    await fetchers.close()
    await expect(use()).rejects.toMatchObject({ code: 'HAIL_CLOSED' })
  })

  test('pass a place on when opening failed', async () => {
    const log = new MemoryLog(() => startMs)
    let tries = 0
    const fetchers = createRestoreFetchers(async () => {
      tries += 1
      if (tries === 1) throw new Error('no broker')
      return log.fetcher()
    }, 1)
    const results = await Promise.allSettled([1, 2, 3].map((n) => fetchers.use(async () => n)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})

test('a stamp of the time of writing comes off again', () => {
  const payload = Buffer.from('value')
  for (const writtenAtMs of [0, 1, 2 ** 32 - 1, 2 ** 32, 1_795_000_000_123, 2 ** 53 - 1]) {
    expect(readTtl(stampTtl(payload, writtenAtMs))).toEqual({ writtenAtMs, payload })
  }
  expect(() => readTtl(Buffer.alloc(7))).toThrow('stamp')
})
