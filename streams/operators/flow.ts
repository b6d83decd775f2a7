/**
 * @module What runs: operators, which take results and forward others, and the flow they share while
 * one input goes through them. Handlers are synchronous, so one flow a sub-topology is enough; it
 * is set anew for each input, and nothing of a task lives in an operator.
 */
import type { ClosedEntry, Context, InputRecord, Timer } from '../runtime/index.ts'

/** What the operators of a sub-topology share while an input goes through them. */
export interface Flow {
  ctx: Context
  /** Event time that a result forwarded now carries, epoch ms. */
  timestampMs: number
  /** The source's record; null in a timer, at the close of a window and before a commit. */
  record: InputRecord | null
  /** True while operators run ahead to find the calls out: without a context, for values alone. */
  readonly isAhead: boolean
}

/**
 * Hands a result to the operators below. `key` is a text, or a `Windowed` below windows. `value` is
 * null for a deletion. `old` is what a table held before, null for none; streams pass null.
 */
export type Forward = (flow: Flow, key: unknown, value: unknown, old: unknown) => void

/** Asks for one key of a store to be read ahead. */
export type WantKey = (store: string, key: string) => void

/** One running operator of a sub-topology. All but `process` are left out where not needed. */
export interface Operator {
  /** Takes a result of the operator above. */
  readonly process: Forward
  /** Names the keys this operator will touch for a source's record: all of them, nothing else can be read. */
  readonly reads?: (want: WantKey, record: InputRecord) => void
  /** As `reads`, for a source's tombstone; its key in every store without windows is read in any case. */
  readonly tombstoneReads?: (want: WantKey, key: string) => void
  /** Forwards what was held back since the last commit. */
  readonly beforeCommit?: (flow: Flow) => void
  /** A timer of this node is due; `name` is without the node's prefix. */
  readonly onTimer?: (flow: Flow, timer: Timer) => void
  /** An entry of a closed segment of one of this node's window stores. */
  readonly onClose?: (flow: Flow, entry: ClosedEntry, store: string) => void
}

/** Forwards a result with another timestamp than that of the input at hand. */
export function forwardAt(
  forward: Forward,
  flow: Flow,
  result: {
    readonly key: unknown
    readonly value: unknown
    readonly old: unknown
    readonly timestampMs: number
  }
): void {
  const before = flow.timestampMs
  flow.timestampMs = result.timestampMs
  forward(flow, result.key, result.value, result.old)
  flow.timestampMs = before
}
