/**
 * @module The one batched read of a cycle: every key its inputs need, with the stores' positions in
 * the same call, so that a wiped or rolled-back backend is noticed before anything is computed.
 */
import { learning } from './learning.ts'
import type { RunningTask } from './running-task.ts'

export interface Surprise {
  readonly store: string
  readonly expected: bigint
  readonly got: bigint
}

/** @returns the first store that is not at the position this owner left it at, or null */
export async function readAhead(
  task: RunningTask,
  keysByStore: ReadonlyMap<string, ReadonlySet<string>>
): Promise<Surprise | null> {
  const reads: { store: string; keys: string[] }[] = []
  for (const [store, keys] of keysByStore) {
    const missing = task.state.missing(store, keys)
    if (missing.length > 0) reads.push({ store, keys: missing })
  }
  if (reads.length === 0) return null
  const results = await task.deps.backend.read(task.name, reads)
  for (const [i, { store, keys }] of reads.entries()) {
    const result = results[i]
    const expected = task.state.position(store)
    if (result === undefined || result.position !== expected) {
      return { store, expected, got: result?.position ?? 0n }
    }
    for (const [j, key] of keys.entries()) {
      const value = result.values[j] ?? null
      await learning(task.deps.codec, () => task.state.load(store, key, value))
    }
  }
  return null
}
