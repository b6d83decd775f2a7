/**
 * @module What a test of exactly-once processing observed: the inputs it sent, what every reader saw,
 * and what was left at the end. The crash tests fill it from real servers, the simulation from
 * memory. Values are compared as text, so that neither needs the other's types; see `textOf`.
 */

/** What the sender of an input was told. `unknown`: no answer came, it may be in the log or not. */
export type Outcome = 'ok' | 'failed' | 'unknown'

export interface HistoryInput {
  /** Unique; outputs carry it as their cause. */
  readonly id: string
  readonly key: string
  readonly topic: string
  readonly partition: number
  /** Where the final read found it in the log; null when it is not there. */
  readonly offset: bigint | null
  readonly outcome: Outcome
  readonly timestampMs: number
  /** What the oracle needs of the value. */
  readonly payload?: string
}

export interface HistoryOutput {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string
  /** The id of the input, or the name of the timer or window, that this is the effect of. */
  readonly causeId: string
  readonly payload: string
}

/** What one reader saw, in the order it saw it. */
export interface HistoryRead {
  readonly reader: string
  readonly isolation: 'committed' | 'uncommitted'
  /** The read by a fresh client after everything; exactly one committed read is final. */
  readonly isFinal: boolean
  readonly outputs: readonly HistoryOutput[]
}

export interface HistoryCommit {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

export interface HistoryEnd {
  readonly topic: string
  readonly partition: number
  /** End of the log to a read-uncommitted reader. */
  readonly high: bigint
  /** End of the log to a read-committed reader. */
  readonly stable: bigint
  /** Offset after the last data record, where control records follow it; `high` when absent. */
  readonly records?: bigint
}

/** How far a store and its committed offsets were at one moment. */
export interface StorePositions {
  readonly task: string
  readonly store: string
  /** Changelog position of the store's contents. */
  readonly position: bigint
  /** Changelog position in the metadata of the task's committed offset. */
  readonly committed: bigint
}

/** One store of one task after everything. */
export interface HistoryStore extends StorePositions {
  readonly partition: number
  readonly entries: ReadonlyMap<string, string>
}

/** A database that follows an output topic: the last output of each key. */
export interface HistoryProjection {
  readonly name: string
  readonly topic: string
  readonly documents: ReadonlyMap<string, string>
  /** Versions of documents seen while it ran, in the order they were seen. */
  readonly seen: readonly { readonly key: string; readonly version: number }[]
}

/** One kind of fault and how often it happened. */
export interface NemesisBite {
  readonly name: string
  readonly hits: number
}

export interface History {
  /** The group that consumes the inputs. */
  readonly group: string
  /** Source topics in the order the task names them. */
  readonly sources: readonly string[]
  readonly inputs: readonly HistoryInput[]
  readonly reads: readonly HistoryRead[]
  readonly committed: readonly HistoryCommit[]
  readonly ends: readonly HistoryEnd[]
  readonly stores: readonly HistoryStore[]
  /** Positions read while it ran. */
  readonly probes?: readonly StorePositions[]
  /** State keys found that belong to no task of this run. */
  readonly orphanKeys?: readonly string[]
  readonly projections?: readonly HistoryProjection[]
  /** False when the run ended with work left: then lag and open transactions are no anomalies. */
  readonly isAtRest: boolean
  readonly liveness?: {
    /** From the end of the faults until lag 0; null when that never came. Any unit. */
    readonly took: number | null
    readonly limit: number
  }
  readonly nemesis?: readonly NemesisBite[]
  /** The crash point leaves aborted outputs behind: without any, it did not strike. */
  readonly expectsAborted?: boolean
}

/**
 * Text that is equal for equal values: keys sorted, bigints as digits.
 *
 * Example: `{ b: 1n, a: 'x' }` gives `{"a":"x","b":"1"}`.
 */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part)
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  })
}

/** The final committed read. @throws RangeError unless there is exactly one */
export function finalRead(history: History): readonly HistoryOutput[] {
  const found = history.reads.filter(
    ({ isFinal, isolation }) => isFinal && isolation === 'committed'
  )
  const [read] = found
  if (read === undefined || found.length > 1) {
    throw new RangeError(`expected one final committed read in the history, got ${found.length}`)
  }
  return read.outputs
}
