/**
 * @module The left side of a foreign-key join: its entries, what was answered for them, and the result
 * that is made of both.
 */
import type { TopicSpec } from '../../runtime/index.ts'
import { type Flow, type Forward, forwardAt, type Operator } from '../flow.ts'
import type { TableGetter, Timestamped } from '../handle.ts'
import type { Answer, Answered, ForeignRow } from './foreign-key-formats.ts'

export interface RowOptions {
  readonly name: string
  readonly kind: 'inner' | 'left'
  readonly subscriptions: TopicSpec
  readonly foreignKey: (value: never, key: string) => string | null
  readonly join: (left: never, right: never, key: string) => unknown
}

/** Takes the changes of the left table. */
export function createLeftSide(forward: Forward, options: RowOptions): Operator {
  const { name, subscriptions } = options
  const subscribe = (flow: Flow, foreignKey: string, key: string, isActive: boolean): void => {
    const { ctx, timestampMs } = flow
    const subscription = { primaryKey: key, partition: ctx.partition, isActive }
    ctx.emit(subscriptions, foreignKey, subscription, { timestampMs })
  }
  return {
    reads: (want, record) => want(name, record.key),
    process: (flow, key, value) => {
      const { ctx, timestampMs } = flow
      const text = key as string
      const before = ctx.get(name, text) as ForeignRow | undefined
      if (value === null && before === undefined) return
      const foreignKey = value === null ? null : options.foreignKey(value as never, text)
      const subscribed = subscribedKey(before)
      if (subscribed !== foreignKey) {
        if (subscribed !== null) subscribe(flow, subscribed, text, false)
        if (foreignKey !== null) subscribe(flow, foreignKey, text, true)
      }
      if (value === null) {
        ctx.delete(name, text)
        show(forward, flow, options, { key: text, before, after: undefined })
        return
      }
      const after = changedRow(before, { foreignKey, value, timestampMs })
      ctx.put(name, text, after as never)
      show(forward, flow, options, { key: text, before, after })
    }
  }
}

/** Takes the answers. */
export function createResponses(forward: Forward, options: RowOptions): Operator {
  const { name } = options
  return {
    reads: (want, record) => want(name, record.key),
    process: (flow, key, value) => {
      const { ctx } = flow
      const text = key as string
      const before = ctx.get(name, text) as ForeignRow | undefined
      const { foreignKey, right } = value as Answer
      if (before === undefined || subscribedKey(before) !== foreignKey) {
        ctx.countOperator(name, 'stale')
        return
      }
      const entry = (before.pending ?? before.shown) as NonNullable<ForeignRow['pending']>
      const shown: Answered = { ...entry, right, rightTimestampMs: flow.timestampMs }
      const after: ForeignRow = { shown, pending: null }
      ctx.put(name, text, after as never)
      show(forward, flow, options, { key: text, before, after })
    }
  }
}

/** How other operators read the result. */
export function resultGetter<R>(options: RowOptions): TableGetter<R> {
  return {
    store: options.name,
    get: ({ ctx }, key) => {
      const row = ctx.get(options.name, key) as ForeignRow | undefined
      return (resultOf(options, row, key) as Timestamped<R> | null) ?? undefined
    }
  }
}

/** The foreign key that the right side knows of, or will by what was sent. */
function subscribedKey(row: ForeignRow | undefined): string | null {
  if (row === undefined) return null
  return row.pending === null ? (row.shown?.foreignKey ?? null) : row.pending.foreignKey
}

function changedRow(
  before: ForeignRow | undefined,
  entry: Pick<Answered, 'foreignKey' | 'value' | 'timestampMs'>
): ForeignRow {
  const { foreignKey } = entry
  if (foreignKey === null) {
    const { timestampMs } = entry
    return { shown: { ...entry, right: null, rightTimestampMs: timestampMs }, pending: null }
  }
  const shown = before?.shown ?? null
  const isAnswered = before?.pending === null && shown?.foreignKey === foreignKey
  if (isAnswered && shown !== null) return { shown: { ...shown, ...entry }, pending: null }
  return { shown, pending: { ...entry, foreignKey } }
}

function show(
  forward: Forward,
  flow: Flow,
  options: RowOptions,
  row: {
    readonly key: string
    readonly before: ForeignRow | undefined
    readonly after: ForeignRow | undefined
  }
): void {
  const { key, before, after } = row
  if (before?.shown === after?.shown && before !== undefined) return
  const old = resultOf(options, before, key)
  const made = resultOf(options, after, key)
  if (old === null && made === null) return
  forwardAt(forward, flow, {
    key,
    value: made === null ? null : made.value,
    old: old === null ? null : old.value,
    timestampMs: made === null ? flow.timestampMs : made.timestampMs
  })
}

/** The result of a row; null where it shows none. */
function resultOf(
  { kind, join }: RowOptions,
  row: ForeignRow | undefined,
  key: string
): Timestamped<unknown> | null {
  const shown = row?.shown ?? null
  if (shown === null || (shown.right === null && kind === 'inner')) return null
  return {
    value: join(shown.value as never, shown.right as never, key),
    timestampMs: Math.max(shown.timestampMs, shown.rightTimestampMs)
  }
}
