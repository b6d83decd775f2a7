/**
 * @module Joins of two streams: pairs of records of one key that are close in time. Each side keeps its
 * records in a window store until their windows close and looks for partners in the other's.
 *
 * Two nodes, one for each side, name both stores and so are one sub-topology; both forward to a node
 * below. What found no partner is forwarded when its bucket closes, by the stream's time or by the
 * wall clock when input is idle.
 */
import { SkipToDlqError } from '../../../core/index.ts'
import type { Format, InputRecord, StoreDefinition } from '../../runtime/index.ts'
import { type Flow, type Forward, forwardAt, type Operator, type WantKey } from '../flow.ts'
import type { Node } from '../graph.ts'
import { requireFormat, requireKey, requireTime, type StreamHandle } from '../handle.ts'
import { createLate, type Late, type LateOptions } from '../late.ts'
import { createSegmentKeys } from '../segment-keys.ts'
import { requireCoPartitioned } from './co-partitioning.ts'
import { appendRow, type JoinRow, type JoinRows, joinRowsFormat, matchRows } from './join-rows.ts'
import { bucketMsOf, type JoinWindow } from './join-window.ts'

/** Which records come out without a partner: none, those of the left, those of both. */
export type JoinKind = 'inner' | 'left' | 'outer'

export interface StreamJoinOptions<V, W, R, L = V, O = W> {
  /** Names the stores `<name>_left` and `<name>_right`. */
  readonly name: string
  readonly window: JoinWindow
  /** Makes the result of a pair; null stands for a partner that did not come. */
  readonly join: (left: L, right: O, key: string) => R
  /** How the left values are stored; the stream's when absent. */
  readonly format?: Format<V>
  /** How the right values are stored; the other stream's when absent. */
  readonly otherFormat?: Format<W>
  /**
   * Records of one side, key and bucket; 1,000 when absent. A record beyond goes to the dead letters of its
   * source, undone as a whole: nothing is dropped unseen.
   */
  readonly rowsMax?: number
  /** What becomes of late records; they are counted in any case. */
  readonly late?: { readonly left?: LateOptions<V>; readonly right?: LateOptions<W> }
}

const rowsMaxDefault = 1_000

/** What one side knows of itself and of the other. */
interface Side {
  readonly name: string
  readonly kind: string
  readonly store: string
  readonly otherStore: string
  /** A partner may be this much earlier. */
  readonly backMs: number
  /** A partner may be this much later. */
  readonly aheadMs: number
  readonly graceMs: number
  readonly bucketMs: number
  readonly rowsMax: number
  /** True when this side's records come out without a partner. */
  readonly isEmitting: boolean
  readonly isOtherEmitting: boolean
  readonly late: Late
  /** The result of own value and partner; null for none. */
  readonly join: (own: unknown, other: unknown, key: string) => unknown
}

/**
 * Results carry the later timestamp of the pair, or the record's own without a partner, and the key. Null
 * values take no part.
 */
export function streamJoinNode<R>(
  left: StreamHandle<unknown>,
  right: StreamHandle<unknown>,
  kind: JoinKind,
  options: StreamJoinOptions<never, never, R, never, never>
): StreamHandle<R> {
  const { graph } = left
  const label = `${kind} join`
  for (const stream of [left, right]) {
    requireKey(stream, label)
    requireTime(stream, label)
  }
  const name = graph.claim(label, options.name)
  requireCoPartitioned(`${label} ${name}`, left, right)
  const { beforeMs, afterMs, graceMs } = options.window
  const join = options.join as Side['join']
  const common = {
    name,
    graceMs,
    bucketMs: bucketMsOf(options.window, kind !== 'inner'),
    rowsMax: options.rowsMax ?? rowsMaxDefault
  }
  const stores = {
    left: graph.claim(label, `${name}_left`),
    right: graph.claim(label, `${name}_right`)
  }
  const leftNode = sideNode(left, requireFormat(left, label, options.format), {
    ...common,
    kind: `${label} left`,
    store: stores.left,
    otherStore: stores.right,
    backMs: beforeMs,
    aheadMs: afterMs,
    isEmitting: kind !== 'inner',
    isOtherEmitting: kind === 'outer',
    late: createLate(name, options.late?.left),
    join
  })
  const rightNode = sideNode(right, requireFormat(right, label, options.otherFormat), {
    ...common,
    kind: `${label} right`,
    store: stores.right,
    otherStore: stores.left,
    backMs: afterMs,
    aheadMs: beforeMs,
    isEmitting: kind === 'outer',
    isOtherEmitting: kind !== 'inner',
    late: createLate(name, options.late?.right),
    join: (own, other, key) => join(other, own, key)
  })
  const node = graph.add({
    kind: label,
    parents: [leftNode, rightNode],
    create: (forward) => ({ process: forward })
  })
  // What comes at the close of a bucket is not the key of an input, so nothing below has it read.
  const isKeyChanged = kind !== 'inner'
  return { graph, node, format: null, isKeyChanged, isTimeChanged: true, isPure: false }
}

function sideNode(above: StreamHandle<unknown>, format: Format<unknown>, side: Side): Node {
  const closesAtMs = (startMs: number): number =>
    startMs + side.bucketMs + side.aheadMs + side.graceMs
  const store = { format: joinRowsFormat(format), kind: 'remote', segments: { closesAtMs } }
  return above.graph.add({
    kind: side.kind,
    name: side.store,
    parents: [above.node],
    stores: { [side.store]: store as unknown as StoreDefinition },
    uses: [side.otherStore],
    sinks: side.late.sinks,
    create: (forward) => createSide(forward, side)
  })
}

function createSide(forward: Forward, side: Side): Operator {
  const { name, store, otherStore, bucketMs, backMs, aheadMs, graceMs, late } = side
  const ownKey = createSegmentKeys()
  const otherKey = createSegmentKeys()
  const bucketOf = (ms: number): number => Math.floor(ms / bucketMs) * bucketMs
  const probe = createProbe(forward, side)
  const process: Forward = (flow, key, value) => {
    const { ctx, timestampMs } = flow
    const text = key as string
    if (value === null) {
      ctx.countOperator(name, 'null')
      return
    }
    const nowMs = ctx.windowTimeMs
    if (nowMs > timestampMs + aheadMs + graceMs) {
      const endMs = timestampMs + aheadMs + 1
      late.missed(flow, value, { key: text, startMs: timestampMs - backMs, endMs })
      late.record(flow, text, value)
      return
    }
    // The other side looks the opposite way: its rows close by how far back this side's may be.
    const openFromMs = Math.max(timestampMs - backMs, nowMs - backMs - graceMs)
    let isMatched = false
    const lastMs = bucketOf(timestampMs + aheadMs)
    for (let atMs = bucketOf(timestampMs - backMs); atMs <= lastMs; atMs += bucketMs) {
      if (probe(flow, { at: otherKey(atMs, text), openFromMs }, text, value)) isMatched = true
    }
    const at = ownKey(bucketOf(timestampMs), text)
    const before = ctx.get(store, at) as JoinRows | undefined
    if (before !== undefined && before.length >= side.rowsMax) throw tooMany(side, text)
    const row: JoinRow = { timestampMs, value, isMatched, bytes: null }
    ctx.put(store, at, appendRow(before, row) as never)
  }
  const reads = (want: WantKey, { key, timestampMs }: InputRecord): void => {
    want(store, ownKey(bucketOf(timestampMs), key))
    const lastMs = bucketOf(timestampMs + aheadMs)
    for (let atMs = bucketOf(timestampMs - backMs); atMs <= lastMs; atMs += bucketMs) {
      want(otherStore, otherKey(atMs, key))
    }
  }
  if (!side.isEmitting) return { process, reads }
  return {
    process,
    reads,
    onClose: (flow, { key, value }) => {
      const { rows, length } = value as JoinRows
      for (let index = 0; index < length; index += 1) {
        const row = rows[index] as JoinRow
        if (row.isMatched) continue
        const result = side.join(row.value, null, key)
        forwardAt(forward, flow, { key, value: result, old: null, timestampMs: row.timestampMs })
      }
    }
  }
}

/** `openFromMs` is the timestamp of the oldest row that may be a partner. */
type Probe = (
  flow: Flow,
  bucket: { readonly at: string; readonly openFromMs: number },
  key: string,
  value: unknown
) => boolean

/** Joins a record with the open rows of one bucket of the other side; says whether there was one. */
function createProbe(forward: Forward, side: Side): Probe {
  const { otherStore, aheadMs } = side
  return (flow, { at, openFromMs }, key, value) => {
    const { ctx, timestampMs } = flow
    const found = ctx.get(otherStore, at) as JoinRows | undefined
    if (found === undefined) return false
    const { rows, length } = found
    const toMs = timestampMs + aheadMs
    let matched: number[] | null = null
    let isMatched = false
    for (let index = 0; index < length; index += 1) {
      const row = rows[index] as JoinRow
      const otherMs = row.timestampMs
      if (otherMs < openFromMs || otherMs > toMs) continue
      isMatched = true
      if (side.isOtherEmitting && !row.isMatched) {
        if (matched === null) matched = [index]
        else matched.push(index)
      }
      flow.timestampMs = otherMs > timestampMs ? otherMs : timestampMs
      forward(flow, key, side.join(value, row.value, key), null)
      flow.timestampMs = timestampMs
    }
    if (matched !== null) ctx.put(otherStore, at, matchRows(found, matched) as never)
    return isMatched
  }
}

function tooMany({ name, store, rowsMax }: Side, key: string): SkipToDlqError {
  return new SkipToDlqError(
    'HAIL_RULE',
    `join ${name}: expected at most ${rowsMax} records of key "${key}" in one bucket of ${store}, got one ` +
      'more; raise `rowsMax` or narrow `bucketMs`'
  )
}
