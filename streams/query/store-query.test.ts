import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLocalCodec } from '../../avro/index.ts'
import { createFakeClock } from '../../core/index.ts'
import { partitionForKey } from '../../core/kafka/index.ts'
import { MemoryState } from '../../test/support/index.ts'
import { longFormat, type StoreChange, segmentKey, stampTtl } from '../runtime/index.ts'
import type { QueryableStore } from './queryable-store.ts'
import { createStoreQuery, type QueryEntry, type StoreQuery } from './store-query.ts'

const codec = createLocalCodec()
const startMs = 1_700_000_000_000

function aStore(over: Partial<QueryableStore['definition']> = {}): QueryableStore {
  return {
    app: 'shop',
    sub: 'totals',
    store: 'totals',
    partitions: 3,
    lead: 'orders',
    keyedBy: 'key',
    definition: { format: longFormat as never, kind: 'remote', isWindow: false, ...over }
  }
}

function aChange(over: Partial<StoreChange> = {}): StoreChange {
  return {
    store: 'totals',
    segmented: false,
    from: 0n,
    to: 1n,
    puts: [],
    deletes: [],
    geoPuts: [],
    geoDeletes: [],
    drops: [],
    ...over
  }
}

const bytes = (value: number): Buffer => longFormat.encode(value, codec)

function aQuery(committed: bigint | null = null) {
  const backend = new MemoryState()
  const clock = createFakeClock(startMs)
  const query = createStoreQuery({
    backend,
    codec,
    clock,
    markets: { partitionOf: () => 2 },
    committedPosition: async () => committed
  })
  const put = (partition: number, change: Partial<StoreChange>) =>
    backend.apply(`shop-totals-${partition}`, [aChange(change)], startMs - 500)
  return { backend, clock, query, put }
}

async function allOf(
  query: StoreQuery,
  store: QueryableStore,
  bounds: { prefix?: string; from?: string; to?: string; limit?: number }
): Promise<QueryEntry[]> {
  const found: QueryEntry[] = []
  let cursor: string | null = null
  do {
    const at: { cursor?: string } = cursor === null ? {} : { cursor }
    const page = await query.range(store, { partition: 0, ...bounds, ...at })
    found.push(...page.entries)
    cursor = page.cursor
  } while (cursor !== null)
  return found
}

describe('a value by key', () => {
  test('comes from the partition of its key, with its freshness', async () => {
    const { query, put } = aQuery(7n)
    const partition = partitionForKey('a', 3)
    await put(partition, { to: 7n, puts: [['a', bytes(5)]] })
    expect(await query.get(aStore(), { key: 'a', withCommitted: true })).toEqual({
      key: 'a',
      value: 5,
      partition,
      position: 7n,
      committedPosition: 7n,
      appliedAtMs: startMs - 500,
      ageMs: 500
    })
  })

  test('is found in another partition when its own is not given', async () => {
    const { query, put } = aQuery()
    const elsewhere = (partitionForKey('a', 3) + 1) % 3
    await put(elsewhere, { puts: [['a', bytes(5)]] })
    expect(await query.get(aStore(), { key: 'a' })).toMatchObject({
      value: 5,
      partition: elsewhere
    })
    const given = { key: 'a', partition: partitionForKey('a', 3) }
    expect(await query.get(aStore(), given)).toMatchObject({ value: null })
    const market: QueryableStore = { ...aStore(), keyedBy: 'market' }
    expect(await query.get(market, { key: 'a', partitionKey: 'nyc' })).toMatchObject({
      partition: 2
    })
  })

  test('of a store with a time to live tells when it was written', async () => {
    const { query, put } = aQuery()
    await put(0, { puts: [['a', stampTtl(bytes(5), startMs - 9)]] })
    const answer = await query.get(aStore({ ttlMs: 100 }), { key: 'a', partition: 0 })
    expect(answer).toMatchObject({ value: 5, writtenAtMs: startMs - 9 })
  })

  test('is refused below the position asked for, at once or after the wait', async () => {
    const { query, put, clock } = aQuery()
    await put(0, { to: 7n, puts: [['a', bytes(5)]] })
    const at = { key: 'a', partition: 0, minPosition: 8n }
    const stale = { code: 'HAIL_TIMEOUT', reaction: 'retry', position: 7n }
    await expect(query.get(aStore(), at)).rejects.toMatchObject(stale)
    const waiting = expect(query.get(aStore(), { ...at, waitMs: 1_000 })).rejects.toMatchObject(
      stale
    )
    await clock.advance(1_001)
    await waiting
  })

  test('comes as soon as the position is reached', async () => {
    const { query, put, clock } = aQuery()
    await put(0, { to: 7n, puts: [['a', bytes(5)]] })
    const waiting = query.get(aStore(), { key: 'a', partition: 0, minPosition: 8n, waitMs: 1_000 })
    await clock.advance(300)
    await put(0, { from: 7n, to: 8n, puts: [['a', bytes(6)]] })
    await clock.advance(200)
    expect(await waiting).toMatchObject({ value: 6, position: 8n })
  })
})

describe('a range', () => {
  test('gives every entry within its bounds over its pages, of windows or not', async () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-c]{1,4}$/), { maxLength: 40 })
    const bounds = fc.record(
      {
        prefix: fc.stringMatching(/^[a-c]{0,2}$/),
        from: fc.stringMatching(/^[a-c]{1,3}$/),
        to: fc.stringMatching(/^[a-c]{1,3}$/),
        limit: fc.integer({ min: 1, max: 50 })
      },
      { requiredKeys: [] }
    )
    await fc.assert(
      fc.asyncProperty(keys, bounds, fc.boolean(), async (names, within, isWindow) => {
        const { query, put } = aQuery()
        const placed = names.map((key, at) => (isWindow ? segmentKey(60 * (at % 4), key) : key))
        await put(0, { segmented: isWindow, puts: placed.map((key, at) => [key, bytes(at)]) })
        const wanted = names
          .map((key, value) => ({ key, value }))
          .filter(({ key }) => key.startsWith(within.prefix ?? ''))
          .filter(({ key }) => key >= (within.from ?? '') && key < (within.to ?? '~'))
        const found = await allOf(query, aStore({ isWindow }), within)
        const seen = new Map(found.map(({ key, value }) => [key, value]))
        expect(seen).toEqual(new Map(wanted.map(({ key, value }) => [key, value])))
      })
    )
  })

  test('keeps to windows that start within its times', async () => {
    const { query, put } = aQuery()
    const starts = [0, 60, 120, 180]
    await put(0, { segmented: true, puts: starts.map((at) => [segmentKey(at, 'a'), bytes(at)]) })
    const store = aStore({ isWindow: true })
    const page = await query.range(store, { partition: 0, fromMs: 60, toMs: 120 })
    expect(page.entries).toEqual([{ key: 'a', startMs: 60, value: 60 }])
    const next = await query.range(store, {
      ...{ partition: 0, fromMs: 60, toMs: 120 },
      cursor: page.cursor ?? ''
    })
    expect(next).toMatchObject({ entries: [{ startMs: 120 }], cursor: null })
  })

  test('refuses a cursor that is none of its own', async () => {
    const { query } = aQuery()
    for (const cursor of ['x', 'WyJhIiwiMCJd', 'WzEsIjAiXQ', 'bnVsbA']) {
      await expect(query.range(aStore(), { partition: 0, cursor })).rejects.toThrow(RangeError)
    }
    const window = aStore({ isWindow: true })
    await expect(query.range(window, { partition: 0, cursor: '0' })).rejects.toThrow(RangeError)
  })
})

describe('a key over windows', () => {
  test('comes by start, within the times asked for', async () => {
    const { query, put } = aQuery()
    const entries = [
      [segmentKey(120, 'a'), bytes(3)],
      [segmentKey(0, 'a'), bytes(1)],
      [segmentKey(60, 'b'), bytes(2)],
      [segmentKey(60, 'a'), bytes(2)]
    ] as const
    await put(partitionForKey('a', 3), { segmented: true, puts: entries })
    const store = aStore({ isWindow: true })
    const starts = async (bounds: { fromMs?: number; toMs?: number }) =>
      (await query.window(store, { key: 'a', ...bounds })).entries.map((entry) => entry.startMs)
    expect(await starts({})).toEqual([0, 60, 120])
    expect(await starts({ fromMs: 60, toMs: 60 })).toEqual([60])
    expect(await starts({ fromMs: 121 })).toEqual([])
  })
})
