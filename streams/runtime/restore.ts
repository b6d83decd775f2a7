/**
 * @module Restoring one store of a task to a committed changelog position: nothing when the backend
 * already stands there, the tail when it is behind, everything when it is empty or too old to
 * trust (its tombstones may be gone). Of a window store without `onClose`, segments that have closed
 * are left out: they were dropped without tombstones, and their changelog may have lost its head.
 */
import type { Codec } from '../../avro/index.ts'
import { type Clock, CorruptError, FatalError } from '../../core/index.ts'
import { type ChangelogChunk, ChangelogReader } from './changelog-reader.ts'
import type { Failpoints } from './failpoints.ts'
import type { RestoreFetchers } from './restore-fetchers.ts'
import { RestoreWriter } from './restore-writer.ts'
import type { StateBackend, StorePosition, TaskName } from './state-backend.ts'
import { type Store, segmentStart } from './store-definition.ts'

export interface RestoreOptions {
  readonly task: TaskName
  readonly store: string
  readonly definition: Store
  readonly changelog: string
  readonly partition: number
  /** Committed position: the changelog is applied up to here and not beyond. */
  readonly target: bigint
  /** Committed window time: segments that have closed by it are left out; epoch ms. */
  readonly windowTimeMs: number
  readonly backend: StateBackend
  readonly fetchers: RestoreFetchers
  /** First offset still in the changelog partition, and its high watermark. */
  readonly changelogBounds: () => Promise<{ readonly logStart: bigint; readonly high: bigint }>
  readonly codec: Codec
  readonly clock: Clock
  readonly failpoints: Failpoints
  readonly isAbandoned: () => boolean
  /** A store untouched for longer than this is rebuilt, ms; below the changelog's delete.retention.ms. */
  readonly trustedAgeMs: number
  /** Longest wait for the changelog without progress, ms. */
  readonly patienceMs: number
  /** Bytes of one fetch; a restore holds two, decoded to about eight times as much. */
  readonly chunkBytes: number
  /** Called after each chunk: changelog records read in it, offsets left to the target. */
  readonly onProgress?: (records: number, left: bigint) => void
}

/**
 * @returns the number of changelog records replayed
 * @throws CorruptError HAIL_POSITION when the backend moved on by another owner's hand,
 * HAIL_CHANGELOG_TRUNCATED when records are missing that no retention may delete
 * @throws RetryError HAIL_TIMEOUT when the changelog stays unreadable
 * @throws FatalError HAIL_COMMIT_LOST when the group has lost its offsets
 */
export async function restoreStore(options: RestoreOptions): Promise<number> {
  const { backend, task, store, target, clock, trustedAgeMs } = options
  const found = await backend.position(task, store)
  let records = 0
  if (found.position !== target) {
    const isTooOld = found.appliedAtMs !== null && clock.now() - found.appliedAtMs > trustedAgeMs
    let from = found
    if (found.position > target || isTooOld) {
      await rejectFuture(options, found.position)
      await backend.clear(task, store)
      from = { position: 0n, appliedAtMs: null }
    }
    if (from.position < target) records = await replay(options, from)
  }
  await dropClosed(options)
  return records
}

/**
 * A position beyond the committed one, yet inside the changelog, is the mark of another owner: try
 * again. Beyond the changelog's end, the topic was recreated and the store is worth nothing.
 */
async function rejectFuture(options: RestoreOptions, position: bigint): Promise<void> {
  if (position <= options.target) return
  const { high } = await options.changelogBounds()
  if (position <= high && options.target === 0n) {
    throw new FatalError(
      'HAIL_COMMIT_LOST',
      `${options.task} ${options.store}: expected a committed offset beside the stored position ${position}, got none; ` +
        'the group lost its offsets. Restore them, or delete the store and its changelog to start over'
    )
  }
  if (position <= high) {
    throw new CorruptError(
      'HAIL_POSITION',
      `${options.task} ${options.store}: expected a position up to ${options.target}, got ${position}; another owner has moved it`
    )
  }
}

function replay(options: RestoreOptions, from: StorePosition): Promise<number> {
  return options.fetchers.use(async (fetcher) => {
    const { changelog: topic, partition, target } = options
    const { chunkBytes, patienceMs, clock, isAbandoned } = options
    const reader = new ChangelogReader({
      fetcher,
      topic,
      partition,
      from: from.position,
      target,
      chunkBytes,
      patienceMs,
      clock,
      isAbandoned
    })
    const writer = new RestoreWriter(options, from)
    try {
      return await copy(options, reader, writer)
    } finally {
      await reader.close()
      await writer.settle().catch(() => undefined)
    }
  })
}

async function copy(
  options: RestoreOptions,
  reader: ChangelogReader,
  writer: RestoreWriter
): Promise<number> {
  const isClosed = closedSegments(options)
  let records = 0
  for (;;) {
    const chunk = await reader.next()
    if (chunk === null) break
    if (chunk === 'out-of-range') {
      await writer.reset()
      reader.seek(await restart(options))
      continue
    }
    const read = await copyChunk(options, { chunk, writer, isClosed })
    records += read
    options.onProgress?.(read, options.target - chunk.to)
    await options.failpoints('restore.mid')
  }
  // Nothing of a window store is left when its whole changelog has expired.
  if (writer.position < options.target) await writer.write(options.target)
  await writer.settle()
  return records
}

async function copyChunk(
  options: RestoreOptions,
  {
    chunk,
    writer,
    isClosed
  }: {
    chunk: ChangelogChunk
    writer: RestoreWriter
    isClosed: (key: string) => boolean
  }
): Promise<number> {
  let read = 0
  for (const { offset, key, value } of chunk.records) {
    if (offset >= chunk.to) break
    if (writer.isFull) await writer.write(offset)
    read += 1
    const text = String(key)
    if (!isClosed(text)) writer.add(text, value)
  }
  const isMoved = writer.position < chunk.to
  if (isMoved && (!writer.isEmpty || chunk.to === options.target)) await writer.write(chunk.to)
  return read
}

/** The tail is gone: drop the store and start over from the log's first offset. */
async function restart(options: RestoreOptions): Promise<bigint> {
  const { logStart } = await options.changelogBounds()
  if (logStart > 0n && !dropsWhole(options.definition)) {
    // Compaction leaves the start of a log alone: what is gone was deleted, live keys maybe among it.
    throw new CorruptError(
      'HAIL_CHANGELOG_TRUNCATED',
      `${options.changelog}-${options.partition}: expected records from the first one to ${options.target}, but the log starts at ${logStart}; ` +
        'its cleanup policy must be compact'
    )
  }
  await options.backend.clear(options.task, options.store)
  return logStart
}

/** True for a window store whose segments end without tombstones, so that its changelog may expire. */
function dropsWhole({ segments }: Store): boolean {
  return segments !== undefined && segments.onClose === undefined
}

/** Tells the keys of segments that were dropped whole. */
function closedSegments({ definition, windowTimeMs }: RestoreOptions): (key: string) => boolean {
  const { segments } = definition
  if (segments === undefined || !dropsWhole(definition)) return () => false
  const isClosed = new Map<number, boolean>()
  return (key) => {
    const startMs = segmentStart(key)
    let known = isClosed.get(startMs)
    if (known === undefined) {
      known = segments.closesAtMs(startMs) <= windowTimeMs
      isClosed.set(startMs, known)
    }
    return known
  }
}

/** Drops the segments that were dropped by commits whose apply is missing. */
async function dropClosed(options: RestoreOptions): Promise<void> {
  const { definition, backend, task, store, target, windowTimeMs } = options
  const { segments } = definition
  if (segments === undefined || !dropsWhole(definition)) return
  const live = await backend.segments(task, store)
  const drops = live.filter((startMs) => segments.closesAtMs(startMs) <= windowTimeMs)
  if (drops.length === 0) return
  const writer = new RestoreWriter(options, await backend.position(task, store))
  await writer.write(target, drops)
  await writer.settle()
}
