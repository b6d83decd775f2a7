/**
 * @module Records of a stream that wait until task time has passed theirs by a grace, one list for each
 * key with a durable timer for its oldest. They leave in the order of their timestamps.
 */
import { SkipToDlqError } from '../../../core/index.ts'
import type { Format, InputRecord, StoreDefinition, Timer } from '../../runtime/index.ts'
import type { Flow, WantKey } from '../flow.ts'
import { deadLetterResult } from '../held-updates.ts'
import { appendRow, type JoinRows } from './join-rows.ts'

export interface WaitingRoomOptions {
  /** Names the store and the node. */
  readonly name: string
  readonly graceMs: number
  readonly format: Format<JoinRows>
  readonly rowsMax?: number
}

export interface WaitingRoom {
  readonly name: string
  readonly stores: Readonly<Record<string, StoreDefinition>>
  /** What one running operator has of it; `leave` is called for each record, once. */
  open(leave: (flow: Flow, key: string, value: unknown, timestampMs: number) => void): Waiting
}

export interface Waiting {
  reads(want: WantKey, record: InputRecord): void
  /** Takes a record in, or lets it leave at once when its time has come already. */
  take(flow: Flow, key: string, value: unknown): void
  onTimer(flow: Flow, timer: Timer): void
}

const rowsMaxDefault = 1_000
const timerName = 'due'

/**
 * Example: grace 10; records at 105 and 103 wait until 113, when that of 103 leaves, and that of 105
 * leaves at 115. One at 90 that comes when task time is 113 leaves at once.
 */
export function createWaitingRoom({
  name,
  graceMs,
  format,
  rowsMax = rowsMaxDefault
}: WaitingRoomOptions): WaitingRoom {
  const store = { format, kind: 'remote' } as unknown as StoreDefinition
  const setTimer = ({ ctx }: Flow, key: string, oldestMs: number): void => {
    ctx.setTimer(key, `${name}:${timerName}`, oldestMs + graceMs, 'task')
  }
  return {
    name,
    stores: { [name]: store },
    open: (leave) => ({
      reads: (want, { key }) => want(name, key),
      take: (flow, key, value) => {
        const { ctx, timestampMs } = flow
        if (timestampMs + graceMs <= ctx.taskTimeMs) {
          leave(flow, key, value, timestampMs)
          return
        }
        const before = ctx.get(name, key) as JoinRows | undefined
        if (before !== undefined && before.length >= rowsMax) throw tooMany(name, key, rowsMax)
        const row = { timestampMs, value, isMatched: false, bytes: null }
        ctx.put(name, key, appendRow(before, row) as never)
        if (before === undefined || timestampMs < oldestOf(before)) setTimer(flow, key, timestampMs)
      },
      onTimer: (flow, { key, dueMs }) => {
        const { ctx } = flow
        const found = ctx.get(name, key) as JoinRows | undefined
        if (found === undefined) return
        const nowMs = Math.max(ctx.taskTimeMs, dueMs)
        const rows = found.rows.slice(0, found.length)
        const rest = rows.filter(({ timestampMs }) => timestampMs + graceMs > nowMs)
        const due = rows.filter(({ timestampMs }) => timestampMs + graceMs <= nowMs)
        for (const { value, timestampMs } of due.sort((a, b) => a.timestampMs - b.timestampMs)) {
          try {
            leave(flow, key, value, timestampMs)
          } catch (error) {
            // The others of the key wait for this timer too.
            deadLetterResult(flow, name, error)
          }
        }
        if (rest.length === 0) {
          ctx.delete(name, key)
          return
        }
        const left = { rows: rest, length: rest.length }
        ctx.put(name, key, left as never)
        setTimer(flow, key, oldestOf(left))
      }
    })
  }
}

function oldestOf({ rows, length }: JoinRows): number {
  let oldestMs = Number.POSITIVE_INFINITY
  for (let index = 0; index < length; index += 1) {
    oldestMs = Math.min(oldestMs, rows[index]?.timestampMs ?? oldestMs)
  }
  return oldestMs
}

function tooMany(name: string, key: string, rowsMax: number): SkipToDlqError {
  return new SkipToDlqError(
    'HAIL_RULE',
    `join ${name}: expected at most ${rowsMax} records of key "${key}" to wait, got one more; raise ` +
      '`rowsMax` or shorten the grace'
  )
}
