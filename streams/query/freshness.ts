/**
 * @module How fresh an answer is, and waiting until it is fresh enough.
 */
import { type Clock, RetryError } from '../../core/index.ts'
import type { StateBackend, TaskName } from '../runtime/index.ts'
import type { QueryableStore } from './queryable-store.ts'

/** Where an answer stands. */
export interface Freshness {
  readonly partition: number
  /** Changelog offset up to which the store was applied: everything committed before is in it. */
  readonly position: bigint
  /**
   * The position that the task has committed, where it was asked for: equal to `position` when
   * nothing committed is missing; null when the task committed none.
   */
  readonly committedPosition?: bigint | null
  /** Wall clock of the last apply, epoch ms; null when there was none. */
  readonly appliedAtMs: number | null
  /** Time since then. A quiet store ages without being behind. */
  readonly ageMs: number | null
}

/** What a reader may ask of an answer. */
export interface FreshnessBound {
  /** The answer must stand at least here. */
  readonly minPosition?: bigint
  /** Longest wait for it, ms; 0 when absent, `waitMsMax` at most. */
  readonly waitMs?: number
  /** Tell the committed position too: one more question to Kafka. */
  readonly withCommitted?: boolean
}

/** A longer wait would hold an operator's connection for nothing: a task commits within a second. */
export const waitMsMax = 30_000

/** The store has not reached the position asked for. */
export class StaleStoreError extends RetryError {
  readonly position: bigint

  constructor(place: string, wanted: bigint, position: bigint) {
    super(
      'HAIL_TIMEOUT',
      `${place}: expected a position of at least ${wanted}, got ${position}; read again`
    )
    this.position = position
  }
}

export interface FreshnessDeps {
  readonly backend: Pick<StateBackend, 'position'>
  readonly clock: Clock
  /** Position that the task of a partition committed for the store; null when none. */
  readonly committedPosition?: (store: QueryableStore, partition: number) => Promise<bigint | null>
}

const pollMsFirst = 5
const pollMsMax = 100

/** The task whose store it is. */
export function taskName({ app, sub }: QueryableStore, partition: number): TaskName {
  return `${app}-${sub}-${partition}`
}

/**
 * Waits for the bound, then tells where the store stands. What is read afterwards is at least that
 * fresh.
 * @throws StaleStoreError when the position is not reached in time
 */
export async function awaitFreshness(
  deps: FreshnessDeps,
  store: QueryableStore,
  at: FreshnessBound & { readonly partition: number }
): Promise<Freshness> {
  const { backend, clock } = deps
  const { partition, minPosition = 0n } = at
  const task = taskName(store, partition)
  const deadline = clock.monotonic() + Math.min(Math.max(0, at.waitMs ?? 0), waitMsMax)
  let pollMs = pollMsFirst
  let found = await backend.position(task, store.store)
  while (found.position < minPosition) {
    const leftMs = deadline - clock.monotonic()
    if (leftMs <= 0)
      throw new StaleStoreError(`${task} ${store.store}`, minPosition, found.position)
    await clock.sleep(Math.min(pollMs, leftMs))
    pollMs = Math.min(pollMs * 2, pollMsMax)
    found = await backend.position(task, store.store)
  }
  const { position, appliedAtMs } = found
  const ageMs = appliedAtMs === null ? null : Math.max(0, clock.now() - appliedAtMs)
  const base = { partition, position, appliedAtMs, ageMs }
  if (!at.withCommitted || deps.committedPosition === undefined) return base
  return { ...base, committedPosition: await deps.committedPosition(store, partition) }
}
