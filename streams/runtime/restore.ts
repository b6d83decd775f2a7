/**
 * @module Restoring one store of a task to a committed changelog position: nothing when the backend
 * already stands there, the tail when it is behind, everything when it is empty or too old to
 * trust (its tombstones may be gone).
 */
import type { Codec } from '../../avro/index.ts'
import { type Clock, CorruptError, FatalError, RetryError } from '../../core/index.ts'
import type { Fetcher } from '../../core/kafka/index.ts'
import type { Failpoints } from './failpoints.ts'
import { learning } from './learning.ts'
import type { StateBackend, TaskName } from './state-backend.ts'
import { storeChange } from './task-state.ts'
import type { StoreDefinition } from './topology.ts'

export interface RestoreOptions {
  readonly task: TaskName
  readonly store: string
  readonly definition: StoreDefinition
  readonly changelog: string
  readonly partition: number
  /** Committed position: the changelog is applied up to here and not beyond. */
  readonly target: bigint
  readonly backend: StateBackend
  readonly fetcher: Fetcher
  /** First offset still in the changelog partition, and its high watermark. */
  readonly changelogBounds: () => Promise<{ readonly logStart: bigint; readonly high: bigint }>
  readonly codec: Codec
  readonly clock: Clock
  readonly failpoints: Failpoints
  readonly isAbandoned: () => boolean
  /** A store untouched for longer than this is rebuilt, ms; below the changelog's delete.retention.ms. */
  readonly trustedAgeMs: number
  /** Longest wait for the changelog to become readable up to the target, ms. */
  readonly patienceMs: number
}

/** Fields applied in one call; keeps the script short. */
const applyFieldsMax = 5000

/**
 * @returns the number of changelog records applied
 * @throws CorruptError HAIL_POSITION when the backend moved on by another owner's hand
 * @throws RetryError HAIL_TIMEOUT when the changelog stays unreadable
 */
export async function restoreStore(options: RestoreOptions): Promise<number> {
  const { backend, task, store, target } = options
  const found = await backend.position(task, store)
  if (found.position === target) return 0
  const isTooOld =
    found.appliedAtMs !== null && options.clock.now() - found.appliedAtMs > options.trustedAgeMs
  if (found.position > target || isTooOld) {
    await rejectFuture(options, found.position)
    await backend.clear(task, store)
    return replay(options, 0n)
  }
  return replay(options, found.position)
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

async function replay(options: RestoreOptions, from: bigint): Promise<number> {
  let position = from
  let next = from
  let applied = 0
  const deadline = options.clock.monotonic() + options.patienceMs
  while (next < options.target) {
    if (options.isAbandoned())
      throw new CorruptError('HAIL_POSITION', `${options.task} was revoked`)
    const [fetched] = await fetchOnce(options, next, 50)
    if (fetched?.error === 'OFFSET_OUT_OF_RANGE') {
      next = await restart(options)
      position = 0n
      await waitOrFail(options, deadline, fetched.error)
      continue
    }
    if (fetched === undefined || fetched.error !== null) {
      await waitOrFail(options, deadline, fetched?.error ?? 'no answer')
      continue
    }
    const latest = new Map<string, Buffer | null>()
    for (const record of fetched.records) {
      if (record.offset < options.target) latest.set(String(record.key), record.value)
    }
    const reached = fetched.offsetNext < options.target ? fetched.offsetNext : options.target
    if (reached <= next) await waitOrFail(options, deadline, 'an open transaction')
    if (reached > position && (latest.size > 0 || reached === options.target)) {
      await applyLatest(options, latest, { from: position, to: reached })
      position = reached
      await options.failpoints('restore.mid')
    }
    applied += latest.size
    next = fetched.offsetNext > next ? fetched.offsetNext : next
  }
  return applied
}

/** The tail is gone: drop the store and start over from the log's first offset. */
async function restart(options: RestoreOptions): Promise<bigint> {
  const { logStart } = await options.changelogBounds()
  if (logStart > options.target) {
    throw new CorruptError(
      'HAIL_CHANGELOG_TRUNCATED',
      `${options.changelog}-${options.partition}: expected records below ${options.target}, but the log starts at ${logStart}; ` +
        'its cleanup policy must be compact'
    )
  }
  await options.backend.clear(options.task, options.store)
  return logStart
}

async function applyLatest(
  options: RestoreOptions,
  latest: ReadonlyMap<string, Buffer | null>,
  span: { from: bigint; to: bigint }
): Promise<void> {
  const entries = [...latest]
  let from = span.from
  for (let i = 0; i === 0 || i < entries.length; i += applyFieldsMax) {
    const isLast = i + applyFieldsMax >= entries.length
    // Slices before the last leave the position alone: it is written with the last entry.
    const to = isLast ? span.to : from
    const raw = { store: options.store, from, to, entries: entries.slice(i, i + applyFieldsMax) }
    const change = await learning(options.codec, () =>
      storeChange(options.definition, options.codec, raw)
    )
    const result = await options.backend.apply(options.task, [change], options.clock.now())
    if (!result.applied) {
      throw new CorruptError(
        'HAIL_POSITION',
        `${options.task} ${options.store}: expected position ${from} while restoring, got ${result.position}`
      )
    }
    from = to
  }
}

function fetchOnce(options: RestoreOptions, offset: bigint, maxWaitMs: number) {
  return options.fetcher.fetch(
    [{ topic: options.changelog, partition: options.partition, offset }],
    { maxWaitMs, maxBytesPerPartition: 1 << 20, maxBytes: 1 << 20, isolation: 'committed' }
  )
}

async function waitOrFail(options: RestoreOptions, deadline: number, why: string): Promise<void> {
  if (options.clock.monotonic() > deadline) {
    throw new RetryError(
      'HAIL_TIMEOUT',
      `${options.changelog}-${options.partition}: expected to read up to ${options.target} within ${options.patienceMs} ms, got ${why}`
    )
  }
  await options.clock.sleep(20)
}
