/**
 * @module What a task writes into the metadata of its lead topic's committed offset: each store's
 * changelog position, task time and stream time. A new owner restores exactly to these.
 */
import { CorruptError } from '../../core/index.ts'

export interface TaskPositions {
  readonly stores: ReadonlyMap<string, bigint>
  readonly taskMs: number
  readonly streamMs: number
}

export function encodeMetadata(positions: TaskPositions): string {
  const stores: Record<string, string> = {}
  for (const [store, position] of positions.stores) stores[store] = String(position)
  return JSON.stringify({ v: 1, s: stores, k: positions.taskMs, t: positions.streamMs })
}

/** @throws CorruptError HAIL_POSITION when the metadata is not of this runtime. */
export function decodeMetadata(metadata: string): TaskPositions {
  if (metadata === '') return { stores: new Map(), taskMs: 0, streamMs: 0 }
  try {
    const raw = JSON.parse(metadata) as {
      v: number
      s: Record<string, string>
      k: number
      t: number
    }
    if (raw.v !== 1) throw new TypeError(`version ${raw.v}`)
    const stores = new Map(Object.entries(raw.s).map(([name, at]) => [name, BigInt(at)] as const))
    return { stores, taskMs: raw.k, streamMs: raw.t }
  } catch (cause) {
    throw new CorruptError(
      'HAIL_POSITION',
      'expected offset metadata written by this runtime, got something else; does another program commit in this group?',
      { cause }
    )
  }
}
