/**
 * @module The end of stored entries, at the start of a batch: segments of window stores that have
 * closed, and entries past their TTL. It runs when nothing is dirty, so the backend holds all there
 * is; what it does is part of the batch's transaction.
 *
 * A closed segment with `onClose` hands its entries over in pages, one page a batch, each entry
 * deleted with what came of it: after a crash the rest is still there, and nothing comes twice.
 */
import { learning } from '../../avro/index.ts'
import { isHailError } from '../../core/index.ts'
import { ReadAhead } from './read-ahead.ts'
import { type RunningTask, surprise } from './running-task.ts'
import type { StorePage } from './state-backend.ts'
import type { StoreCache } from './store-cache.ts'
import { keyInSegment } from './store-definition.ts'

export async function expire(task: RunningTask): Promise<void> {
  for (const cache of task.state.caches) {
    if (cache.isSegmented) await closeSegments(task, cache)
    else if (cache.store.ttlMs !== undefined) await sweep(task, cache)
  }
}

/** Window time at which the next segment of the task closes; +Infinity when there is none. */
export function nextCloseMs(task: RunningTask): number {
  let next = Number.POSITIVE_INFINITY
  for (const { store, oldestSegment } of task.state.caches) {
    if (store.segments === undefined || oldestSegment === undefined) continue
    next = Math.min(next, store.segments.closesAtMs(oldestSegment))
  }
  return next
}

/**
 * Learns which segments the backend has. A drop leaves no mark in the changelog, so one that a
 * failover took back shows nowhere else; it is dropped again.
 */
export async function refreshSegments(task: RunningTask): Promise<void> {
  for (const cache of task.state.caches) {
    if (!cache.isSegmented) continue
    cache.addSegments(await task.deps.backend.segments(task.name, cache.name))
  }
}

async function closeSegments(task: RunningTask, cache: StoreCache): Promise<void> {
  const { segments } = cache.store
  if (segments === undefined) return
  const windowMs = task.time.windowMs
  const { oldestSegment } = cache
  if (oldestSegment === undefined || segments.closesAtMs(oldestSegment) > windowMs) return
  await refreshSegments(task)
  let handed = 0
  for (const startMs of cache.segments) {
    if (segments.closesAtMs(startMs) > windowMs) return
    if (segments.onClose === undefined) {
      cache.drop(startMs)
      continue
    }
    const page = await nextEntries(task, cache, startMs)
    // What closes may read the plain stores by its key, as the record that wrote it did.
    const ahead = new ReadAhead(task)
    for (const [key] of page.entries) ahead.everywhere(keyInSegment(key))
    await ahead.read()
    for (const [key] of page.entries) closeEntry(task, { cache, startMs, key })
    if (page.entries.length === 0) cache.drop(startMs)
    handed += page.entries.length
    if (handed >= task.deps.settings.closedEntriesPerCommitMax) return
    // What is left of the segment comes with the next batch, when these are gone.
    if (page.entries.length > 0) return
  }
}

/**
 * Entries of a closed segment; none when none are left. A scan goes over emptied parts of a hash too,
 * so a page may be empty in the middle of it; the place is kept from batch to batch for the same reason.
 */
async function nextEntries(
  task: RunningTask,
  cache: StoreCache,
  segment: number
): Promise<StorePage> {
  const place = `${cache.name}@${segment}`
  let cursor = task.sweeps.get(place)?.cursor ?? '0'
  for (let isFromStart = cursor === '0'; ; isFromStart = isFromStart || cursor === '0') {
    const page = await readPage(task, cache, { segment, cursor })
    cursor = page.cursor
    if (page.entries.length > 0 || (cursor === '0' && isFromStart)) {
      if (page.entries.length > 0) task.sweeps.set(place, { cursor, atMs: 0 })
      else task.sweeps.delete(place)
      return page
    }
  }
}

function closeEntry(
  task: RunningTask,
  { cache, startMs, key }: { cache: StoreCache; startMs: number; key: string }
): void {
  const { context, deps } = task
  const value = cache.find(key)?.value
  if (value === undefined) return
  context.begin(null, undefined)
  const remove = (): void => task.state.put(cache.name, key, undefined)
  remove()
  try {
    cache.store.segments?.onClose?.(context, { startMs, key: keyInSegment(key), value })
    context.keep()
  } catch (error) {
    if (isHailError(error) && error.reaction !== 'skip-to-dlq') throw error
    context.discard()
    remove()
    deps.logger.error(
      { task: task.name, name: cache.name, err: error },
      'the close of a window entry failed; it is dropped'
    )
    context.deadLetter('HAIL_INTERNAL', `close of ${cache.name}: ${(error as Error).message}`)
    context.keep()
    task.breaker.admit({ records: 1, dead: 1 })
  }
}

/** One page of a store with a TTL: what is past it is deleted. The reader never saw it any more. */
async function sweep(task: RunningTask, cache: StoreCache): Promise<void> {
  const { settings, clock } = task.deps
  const due = task.sweeps.get(cache.name) ?? { cursor: '0', atMs: Number.NEGATIVE_INFINITY }
  const nowMs = clock.now()
  if (nowMs < due.atMs) return
  const page = cache.isResident
    ? { keys: [...cache.known()].map(({ key }) => key), cursor: '0' }
    : await keysOfPage(task, cache, due.cursor)
  task.context.begin(null, undefined)
  for (const key of page.keys) {
    const entry = cache.find(key)
    if (entry?.value === undefined || !task.state.isExpired(cache, entry)) continue
    task.state.put(cache.name, key, undefined)
  }
  task.context.keep()
  task.sweeps.set(cache.name, { cursor: page.cursor, atMs: nowMs + settings.sweepEveryMs })
}

async function keysOfPage(
  task: RunningTask,
  cache: StoreCache,
  cursor: string
): Promise<{ keys: string[]; cursor: string }> {
  const page = await readPage(task, cache, { segment: null, cursor })
  return { keys: page.entries.map(([key]) => key), cursor: page.cursor }
}

/** Reads a page into the cache, then makes sure that the store is where this owner left it. */
async function readPage(
  task: RunningTask,
  cache: StoreCache,
  at: { segment: number | null; cursor: string }
): Promise<StorePage> {
  const { backend, settings, codec } = task.deps
  const page = await backend.page(task.name, {
    store: cache.name,
    ...at,
    count: settings.closedEntriesPerCommitMax
  })
  const [checked] = await backend.read(task.name, [
    { store: cache.name, segmented: cache.isSegmented, keys: [] }
  ])
  if (checked?.position !== cache.position) {
    throw surprise(task.name, cache.name, cache.position, checked?.position ?? 0n)
  }
  let next = 0
  await learning(codec, () => {
    for (; next < page.entries.length; next += 1) {
      const [key, bytes] = page.entries[next] as readonly [string, Buffer]
      if (cache.find(key) === undefined) task.state.load(cache, key, bytes)
    }
  })
  return page
}
