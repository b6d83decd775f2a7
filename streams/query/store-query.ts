/**
 * @module Reading any store from any process: by key, page by page, or over windows. Every answer
 * says how fresh it is; see freshness.ts. A read costs one round trip for the place and one for the
 * values; a page of a range is one or a few bounded HSCANs.
 */
import { type Codec, learning } from '../../avro/index.ts'
import {
  keyInSegment,
  readTtl,
  type StateBackend,
  segmentKey,
  segmentStart
} from '../runtime/index.ts'
import {
  awaitFreshness,
  type Freshness,
  type FreshnessBound,
  type FreshnessDeps,
  taskName
} from './freshness.ts'
import { partitionOf, type QueryableStore } from './queryable-store.ts'
import { readRange } from './range.ts'

export interface StoreQueryOptions extends FreshnessDeps {
  readonly backend: StateBackend
  readonly codec: Codec
  readonly markets: { partitionOf(marketId: string): number }
}

/** One entry. `key` of a window store's entry is the key within its window. */
export interface QueryEntry {
  readonly key: string
  readonly value: unknown
  /** Start of the entry's window; absent in a store without windows. */
  readonly startMs?: number
  /** Window time of the write, for a store with a time to live: until swept, an entry that has ended still shows. */
  readonly writtenAtMs?: number
}

/** Which partition; when neither is given, the key's own, and for `get` every other one after it. */
export interface PartitionChoice {
  readonly partition?: number
  readonly partitionKey?: string
}

export interface GetRequest extends FreshnessBound, PartitionChoice {
  /** Of a window store: `segmentKey(startMs, key)`. */
  readonly key: string
}

export interface RangeRequest extends FreshnessBound {
  readonly partition: number
  /** Keys (within their windows) from here on. */
  readonly from?: string
  /** Keys before this one. */
  readonly to?: string
  readonly prefix?: string
  /** Windows that start from here on, epoch ms. */
  readonly fromMs?: number
  /** Windows that start up to here, epoch ms. */
  readonly toMs?: number
  /** From the answer before; absent begins. */
  readonly cursor?: string
  /** Entries looked at in one step; 100 when absent, `rangeLimitMax` at most. */
  readonly limit?: number
}

export interface WindowRequest extends FreshnessBound, PartitionChoice {
  readonly key: string
  /** First window start, inclusive. */
  readonly fromMs?: number
  /** Last window start, inclusive. */
  readonly toMs?: number
}

export interface ValueAnswer extends Freshness {
  readonly key: string
  readonly value: unknown
  readonly writtenAtMs?: number
}

export interface EntriesAnswer extends Freshness {
  readonly entries: readonly QueryEntry[]
}

export interface PageAnswer extends EntriesAnswer {
  /** For the next page; null after the last. */
  readonly cursor: string | null
}

export interface StoreQuery {
  /** @throws StaleStoreError when `minPosition` is not reached within `waitMs` */
  get(store: QueryableStore, request: GetRequest): Promise<ValueAnswer>
  /**
   * A page of one partition, in no order: Redis keeps hashes unordered, so bounds on keys filter
   * what is looked at. An entry that stays throughout comes at least once, maybe twice; a page may
   * be empty although more follow. Pages are read at different moments, each with its own position.
   * @throws RangeError for a cursor that is none
   */
  range(store: QueryableStore, request: RangeRequest): Promise<PageAnswer>
  /** The entries of one key over the windows there are, by start; `windowsMax` of them at most, the latest. */
  window(store: QueryableStore, request: WindowRequest): Promise<EntriesAnswer>
}

/** Windows read in one answer: one HMGET each, in one round trip. */
export const windowsMax = 500

export function createStoreQuery(options: StoreQueryOptions): StoreQuery {
  const { backend, codec, markets } = options

  const decode = (
    store: QueryableStore,
    bytes: Buffer
  ): Promise<Pick<QueryEntry, 'value' | 'writtenAtMs'>> =>
    learning(codec, () => {
      const { format, ttlMs } = store.definition
      if (ttlMs === undefined) return { value: format.decode(bytes, codec) }
      const { writtenAtMs, payload } = readTtl(bytes)
      return { value: format.decode(payload, codec), writtenAtMs }
    })

  const entry = async (store: QueryableStore, key: string, bytes: Buffer): Promise<QueryEntry> => {
    const decoded = await decode(store, bytes)
    if (!store.definition.isWindow) return { key, ...decoded }
    return { key: keyInSegment(key), startMs: segmentStart(key), ...decoded }
  }

  const chosen = (store: QueryableStore, key: string, at: PartitionChoice): number =>
    at.partition ?? partitionOf(store, markets, at.partitionKey ?? key)

  const lookUp = async (
    store: QueryableStore,
    partition: number,
    keys: readonly string[]
  ): Promise<readonly (Buffer | null)[]> => {
    const segmented = store.definition.isWindow
    const reads = [{ store: store.store, segmented, keys }]
    const [found] = await backend.read(taskName(store, partition), reads)
    return found?.values ?? []
  }

  return {
    async get(store, request) {
      const { key } = request
      const partitionKey = store.definition.isWindow ? keyInSegment(key) : key
      const isGiven = request.partition !== undefined || request.partitionKey !== undefined
      const first = isGiven || store.keyedBy === 'key' ? chosen(store, partitionKey, request) : 0
      const others = isGiven ? [] : partitionsBut(store, first)
      for (const partition of [first, ...others]) {
        const bound = partition === first ? request : { ...request, minPosition: 0n }
        const freshness = await awaitFreshness(options, store, { ...bound, partition })
        const [bytes] = await lookUp(store, partition, [key])
        if (bytes) return { ...freshness, key, ...(await decode(store, bytes)) }
      }
      const freshness = await awaitFreshness(options, store, { ...request, partition: first })
      return { ...freshness, key, value: null }
    },

    async range(store, request) {
      const freshness = await awaitFreshness(options, store, request)
      const page = await readRange(backend, store, request)
      const entries = await Promise.all(
        page.entries.map(([key, bytes]) => entry(store, key, bytes))
      )
      return { ...freshness, entries, cursor: page.cursor }
    },

    async window(store, request) {
      const { key, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = request
      const partition = chosen(store, key, request)
      const freshness = await awaitFreshness(options, store, { ...request, partition })
      const starts = (await backend.segments(taskName(store, partition), store.store))
        .filter((startMs) => startMs >= fromMs && startMs <= toMs)
        .slice(-windowsMax)
      const keys = starts.map((startMs) => segmentKey(startMs, key))
      const values = keys.length === 0 ? [] : await lookUp(store, partition, keys)
      const entries: QueryEntry[] = []
      for (const [at, bytes] of values.entries()) {
        if (bytes) entries.push(await entry(store, keys[at] ?? '', bytes))
      }
      return { ...freshness, entries }
    }
  }
}

function partitionsBut({ partitions }: QueryableStore, first: number): number[] {
  return Array.from({ length: partitions }, (_, at) => at).filter((at) => at !== first)
}
