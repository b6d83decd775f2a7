/**
 * @module How far a group has come, seen from outside: by the offsets it has committed, which in an
 * exactly-once program are part of the transaction that wrote the outputs.
 */
import type { Clock } from '../core/index.ts'
import type { KafkaAdmin } from '../core/kafka/index.ts'

/** A look at the group. */
export interface ProgressPoint {
  /** Epoch ms, when the answer had come. */
  readonly atMs: number
  /** Records before the committed offsets, over all partitions. */
  readonly committed: number
}

export interface ProgressOptions {
  readonly admin: KafkaAdmin
  readonly clock: Clock
  readonly groupId: string
  readonly topics: readonly string[]
  /** Records to wait for. */
  readonly records: number
  /** Time between two looks, ms: the resolution of the measured end. */
  readonly everyMs: number
  /** Longest time without progress, ms. */
  readonly patienceMs: number
  /** Rejects when the program dies. */
  readonly died: Promise<never>
  /** Called at each look that saw progress. */
  readonly onProgress?: (point: ProgressPoint) => Promise<void>
}

/**
 * Looks until everything is committed.
 *
 * @returns every look at which the group had come further
 * @throws Error when it stands still for longer than the patience
 */
export async function watchProgress(options: ProgressOptions): Promise<ProgressPoint[]> {
  const { admin, clock, groupId, topics, records } = options
  const points: ProgressPoint[] = []
  let movedAt = clock.monotonic()
  for (;;) {
    const offsets = await Promise.race([admin.committed(groupId, topics), options.died])
    let committed = 0
    for (const { offset } of offsets.values()) if (offset > 0n) committed += Number(offset)
    if (committed > (points.at(-1)?.committed ?? 0)) {
      const point = { atMs: clock.now(), committed }
      points.push(point)
      movedAt = clock.monotonic()
      await options.onProgress?.(point)
    }
    if (committed >= records) return points
    if (clock.monotonic() - movedAt > options.patienceMs) {
      throw new Error(
        `expected group ${groupId} to commit ${records} records, it stands at ${committed} ` +
          `for ${options.patienceMs} ms`
      )
    }
    await Promise.race([clock.sleep(options.everyMs), options.died])
  }
}

/**
 * Records a second between the first look that saw progress and the last: leaves out the start,
 * also that of a program which reads long before it first commits.
 */
export function steadyRate(points: readonly ProgressPoint[]): number {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || last.atMs === first.atMs) return Number.NaN
  return ((last.committed - first.committed) * 1000) / (last.atMs - first.atMs)
}
