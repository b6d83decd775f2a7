/**
 * The memory of reads: one read for however many ask at once, its value kept as long as its kind says,
 * and after that only while the source is away.
 *
 * ```
 * read(key) --young enough--> hit
 *           --a read of it is under way--> joined
 *           --else--> shared cache --young enough--> shared
 *                                  --else--> source --answers--> miss
 *                                                   --fails--> stale, or the failure
 * ```
 *
 * What is kept is the record, never an answer: who sees what of it is decided after the cache, for each
 * reader, so people who see different fields may share an entry.
 *
 * A value's age counts from the moment its read began, also across the shared cache and across caches
 * built on each other: what a reader gets is never older than the kind allows, however slow the read
 * was. For the same reason a read that is itself older than that is not joined. (The `fetchMethod` of
 * lru-cache counts from the end of the read, which is why this is written here.)
 *
 * @module
 */
import { LRUCache } from 'lru-cache'
import type { Clock, Counter, Metrics } from '../../core/index.ts'
import type { SharedCache } from './shared-cache.ts'

/** A value, when its read began (epoch ms) and whether it is older than usual as its source is away. */
export type Dated<V> = { readonly value: V; readonly atMs: number; readonly isStale: boolean }

/** What is kept of one kind of thing. */
export type CacheKind<V> = {
  /** Short, for keys and metrics. */
  readonly name: string
  /** How old a value may be when it is given out, ms; 0 keeps nothing but joins readers. */
  readonly freshMs: (value: V, nowMs: number) => number
  /** How old it may be while its source is away, ms; 0 where that is not allowed. */
  readonly staleMs: number
  /** Of one value, roughly; for the bound of the memory. */
  readonly bytesOf: (value: V) => number
  /** Version of the value's form: values are shared between processes under it. Not shared if absent. */
  readonly sharedVersion?: string
}

/** Loads a value: see `datedNow` for one from a source; one from another cache is dated already. */
export type Load<V> = () => Promise<Dated<V>>

/** Dates what `read` gives by when it began. */
export const datedNow = async <V>(
  clock: Pick<Clock, 'now'>,
  read: () => Promise<V>
): Promise<Dated<V>> => {
  const atMs = clock.now()
  return { value: await read(), atMs, isStale: false }
}

/** See the module. */
export type ReadCache = {
  /** Rejects with what `load` rejects with when there is nothing to give instead. */
  read<V>(kind: CacheKind<V>, key: string, load: Load<V>): Promise<Dated<V>>
  /** What is young enough in this process, at once; undefined says nothing of what `read` finds. */
  held<V>(kind: CacheKind<V>, key: string): Dated<V> | undefined
  /** Bytes kept, roughly. */
  readonly bytes: number
}

/** Whether a failure says that the source is away, so that an old value is better than none. */
export type IsOutage = (error: unknown) => boolean

type Entry = { readonly dated: Dated<unknown>; readonly bytes: number }
type Flight = { readonly startedMs: number; readonly promise: Promise<Dated<unknown>> }
type Result = 'hit' | 'joined' | 'shared' | 'miss' | 'stale' | 'failed'

/** Key, entry and list nodes beside the value. */
const entryBytes = 200

/** An empty memory. */
export const createReadCache = (options: {
  clock: Clock
  metrics: Metrics
  /** Bytes of values kept in this process. */
  bytesMax: number
  /** A read older than this is not joined, ms. */
  joinMsMax: number
  isOutage: IsOutage
  shared: SharedCache | null
}): ReadCache => {
  const { clock, joinMsMax } = options
  const entries = new LRUCache<string, Entry>({
    maxSize: options.bytesMax,
    sizeCalculation: ({ bytes }) => bytes
  })
  // Each has somebody waiting for it, so requests in progress bound their number.
  const flights = new Map<string, Flight>()
  const count = createCounters(options.metrics)
  options.metrics.gauge({
    name: 'hail_ingress_read_cache_bytes',
    help: 'Bytes of values kept by the cache of reads, roughly.',
    collect: (gauge) => gauge.set({}, entries.calculatedSize)
  })

  const fly = async <V>(kind: CacheKind<V>, key: string, load: Load<V>): Promise<Dated<V>> => {
    const id = idOf(kind, key)
    const other = await options.shared?.get<V>(kind, key)
    const old = newer(entries.get(id)?.dated as Dated<V> | undefined, other)
    if (old !== undefined && isYoung(kind, old, clock.now())) {
      keep(kind, key, old)
      count(kind.name, 'shared')
      return old
    }
    try {
      const dated = await load()
      if (!dated.isStale) {
        keep(kind, key, dated)
        options.shared?.put(kind, key, { dated, lifeMs: lifeOf(kind, dated) })
      }
      count(kind.name, 'miss')
      return dated
    } catch (error) {
      const ageMs = old === undefined ? Number.POSITIVE_INFINITY : clock.now() - old.atMs
      if (old === undefined || ageMs >= kind.staleMs || !options.isOutage(error)) {
        count(kind.name, 'failed')
        throw error
      }
      count(kind.name, 'stale')
      return { ...old, isStale: true }
    }
  }

  const keep = <V>(kind: CacheKind<V>, key: string, dated: Dated<V>): void => {
    if (lifeOf(kind, dated) <= 0) return
    const id = idOf(kind, key)
    entries.set(id, { dated, bytes: entryBytes + id.length + kind.bytesOf(dated.value) })
  }

  const lifeOf = <V>(kind: CacheKind<V>, { value }: Dated<V>): number => {
    const freshMs = kind.freshMs(value, clock.now())
    return freshMs <= 0 ? 0 : Math.max(freshMs, kind.staleMs)
  }

  const held = <V>(kind: CacheKind<V>, id: string, nowMs: number): Dated<V> | undefined => {
    const known = entries.get(id)?.dated as Dated<V> | undefined
    if (known === undefined || !isYoung(kind, known, nowMs)) return undefined
    count(kind.name, 'hit')
    return known
  }

  return {
    held: (kind, key) => held(kind, idOf(kind, key), clock.now()),
    read: <V>(kind: CacheKind<V>, key: string, load: Load<V>): Promise<Dated<V>> => {
      const id = idOf(kind, key)
      const nowMs = clock.now()
      const known = held(kind, id, nowMs)
      if (known !== undefined) return Promise.resolve(known)
      const current = flights.get(id)
      if (current !== undefined && isJoinable(current, nowMs, joinMsMax)) {
        count(kind.name, 'joined')
        return current.promise as Promise<Dated<V>>
      }
      const flight: Flight = {
        startedMs: nowMs,
        promise: fly(kind, key, load).finally(() => {
          if (flights.get(id) === flight) flights.delete(id)
        })
      }
      flights.set(id, flight)
      return flight.promise as Promise<Dated<V>>
    },
    get bytes() {
      return entries.calculatedSize
    }
  }
}

const idOf = ({ name }: { readonly name: string }, key: string): string => `${name}:${key}`

/** A clock that was set back makes a value of the future, whose age nobody knows: not young. */
const isYoung = <V>(kind: CacheKind<V>, { value, atMs }: Dated<V>, nowMs: number): boolean =>
  nowMs >= atMs && nowMs - atMs < kind.freshMs(value, nowMs)

const isJoinable = ({ startedMs }: Flight, nowMs: number, joinMsMax: number): boolean =>
  nowMs >= startedMs && nowMs - startedMs < joinMsMax

const newer = <V>(
  a: Dated<V> | undefined,
  b: Dated<V> | null | undefined
): Dated<V> | undefined => {
  if (a === undefined) return b ?? undefined
  return b === null || b === undefined || b.atMs <= a.atMs ? a : b
}

const createCounters = (metrics: Metrics): ((kind: string, result: Result) => void) => {
  const counter: Counter<'kind' | 'result'> = metrics.counter({
    name: 'hail_ingress_read_cache_total',
    help: 'Reads by kind and by where the answer came from: hit, joined, shared, miss, stale, failed.',
    labels: ['kind', 'result']
  })
  const counts = new Map<string, Record<Result, { inc(): void }>>()
  const countsOf = (kind: string): Record<Result, { inc(): void }> => {
    const of = (result: Result) => counter.with({ kind, result })
    const made = {
      hit: of('hit'),
      joined: of('joined'),
      shared: of('shared'),
      miss: of('miss'),
      stale: of('stale'),
      failed: of('failed')
    }
    counts.set(kind, made)
    return made
  }
  return (kind, result) => (counts.get(kind) ?? countsOf(kind))[result].inc()
}
