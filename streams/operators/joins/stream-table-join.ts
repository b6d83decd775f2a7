/**
 * @module Joins of a stream with a table: each record is looked up in the table by its key. A change of
 * the table makes no result.
 */
import type { Format } from '../../runtime/index.ts'
import type { Flow } from '../flow.ts'
import {
  requireFormat,
  requireKey,
  type StreamHandle,
  streamBelow,
  type TableHandle,
  type Timestamped,
  wantEntry
} from '../handle.ts'
import { requireCoPartitioned } from './co-partitioning.ts'
import { createWaitingRoom, type WaitingRoom } from './grace-buffer.ts'
import { joinRowsFormat } from './join-rows.ts'
import { requireGetter, requireHistory } from './table-reading.ts'

/** Records that wait for the table before they are looked up. */
export interface AsOfOptions<V> {
  /** Names the store of those that wait. */
  readonly name: string
  /** How long a record waits after its timestamp, in task time; ms. */
  readonly graceMs: number
  /** How the waiting values are stored; the stream's when absent. */
  readonly format?: Format<V>
  /** Records of one key that wait; 1,000 when absent. One more goes to the dead letters of its source. */
  readonly rowsMax?: number
}

export interface TableLookupOptions<V, T, R, O = T> {
  /** Makes the result of a record and the table's value; null stands for no value. */
  readonly join: (value: V, table: O, key: string) => R
  /**
   * Absent: the newest value that the task has seen. `true`: the value that was valid at the record's
   * timestamp, from a table with `history`. With a grace: the same, looked up once task time has
   * passed the record's by it, so that changes of the table that come later than the record count.
   */
  readonly asOf?: true | AsOfOptions<V>
}

type Lookup = (flow: Flow, key: string, timestampMs: number) => Timestamped<unknown> | undefined
type Forwarded = (flow: Flow, key: string, value: unknown, timestampMs: number) => void

/** Results carry the record's timestamp and key. Null values take no part. */
export function streamTableJoinNode<R>(
  stream: StreamHandle<unknown>,
  table: TableHandle<unknown>,
  kind: 'inner' | 'left',
  options: TableLookupOptions<never, never, R, never>
): StreamHandle<R> {
  const { graph } = stream
  const { asOf } = options
  const label = `${kind} join with table`
  requireKey(stream, label)
  requireCoPartitioned(label, stream, table)
  const getter = requireGetter(graph, table, label)
  const waits = asOf === undefined || asOf === true ? null : asOf
  const find: Lookup =
    asOf === undefined
      ? (flow, key) => getter.get(flow, key)
      : requireHistory(graph, table, { kind: label, graceMs: waits?.graceMs ?? 0 }).get
  const room = waits === null ? null : roomOf(stream, label, waits)
  const node = graph.add({
    kind: label,
    parents: [stream.node],
    uses: [getter.store],
    ...(room && { name: room.name, stores: room.stores }),
    create: (forward) => {
      const join: Forwarded = (flow, key, value, timestampMs) => {
        const entry = find(flow, key, timestampMs)
        if (entry === undefined && kind === 'inner') return
        const result = options.join(value as never, (entry?.value ?? null) as never, key)
        const beforeMs = flow.timestampMs
        flow.timestampMs = timestampMs
        forward(flow, key, result, null)
        flow.timestampMs = beforeMs
      }
      const waiting = room?.open(join)
      return {
        reads: (want, record) => {
          wantEntry(want, getter, record.key)
          waiting?.reads(want, record)
        },
        process: (flow, key, value) => {
          if (value === null) return
          if (waiting) waiting.take(flow, key as string, value)
          else join(flow, key as string, value, flow.timestampMs)
        },
        ...(waiting && { onTimer: waiting.onTimer })
      }
    }
  })
  const isTimeChanged = room === null ? stream.isTimeChanged : true
  return streamBelow<R>(stream, { node, isTimeChanged, isPure: false })
}

function roomOf(
  stream: StreamHandle<unknown>,
  label: string,
  { name, graceMs, format, rowsMax }: AsOfOptions<never>
): WaitingRoom {
  const { graph } = stream
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    throw graph.wiring(`${label}: expected a grace of whole ms, got ${graceMs}`)
  }
  return createWaitingRoom({
    name: graph.claim(label, name),
    graceMs,
    format: joinRowsFormat(requireFormat(stream, label, format)),
    ...(rowsMax !== undefined && { rowsMax })
  })
}
