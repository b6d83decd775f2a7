/**
 * @module What a foreign-key join keeps and sends: rows of the left side, subscribers of the right
 * side's keys, subscriptions and answers.
 */
import type { Codec } from '../../../avro/index.ts'
import { type Format, jsonFormat, stringFormat } from '../../runtime/index.ts'
import { FrameReader, framed, numberBytes } from '../formats.ts'

/** A left entry with what the right side has answered for its foreign key. */
export interface Answered {
  /** Null for a left entry without one. */
  readonly foreignKey: string | null
  readonly value: unknown
  readonly timestampMs: number
  /** Null where the right side has none. */
  readonly right: unknown
  readonly rightTimestampMs: number
}

/** A left entry whose foreign key was not answered yet. */
export interface Unanswered {
  readonly foreignKey: string
  readonly value: unknown
  readonly timestampMs: number
}

/** `shown` is what the result is made of, until `pending` is answered and takes its place. */
export interface ForeignRow {
  readonly shown: Answered | null
  readonly pending: Unanswered | null
}

/** Sent to the partition of the foreign key, which is the record's key. */
export interface Subscription {
  readonly primaryKey: string
  /** Partition of the left task, where the answers go. */
  readonly partition: number
  readonly isActive: boolean
}

export const subscriptionFormat: Format<Subscription> = jsonFormat('subscription')

/** The partition of each subscribed left entry, by its key. */
export type Subscribers = ReadonlyMap<string, number>

export const subscribersFormat: Format<Subscribers> = {
  name: 'subscribers',
  encode: (subscribers) => Buffer.from(JSON.stringify([...subscribers]), 'utf8'),
  decode: (bytes, codec) => new Map(entriesFormat.decode(bytes, codec))
}

const entriesFormat = jsonFormat<readonly (readonly [string, number])[]>('subscribers')

/** Sent to the left entry's task; the record's key is that of the left entry. */
export interface Answer {
  readonly foreignKey: string
  /** Null where the right side has none, or none any more. */
  readonly right: unknown
}

/** The foreign key and the value, each framed. */
export function answerFormat<W>(format: Format<W>): Format<Answer> {
  return {
    name: `foreign_answer:${format.name}`,
    encode: ({ foreignKey, right }, codec) =>
      Buffer.concat([
        ...framed(stringFormat, foreignKey, codec),
        ...framed(format, right as W | null, codec)
      ]),
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      const foreignKey = reader.value(stringFormat, codec) ?? ''
      return { foreignKey, right: reader.value(format, codec) }
    }
  }
}

const hasShown = 1
const hasPending = 2

/** A number that says what there is, then the parts. */
export function foreignRowFormat<V, W>(left: Format<V>, right: Format<W>): Format<ForeignRow> {
  const entry = (row: Answered | Unanswered, codec: Codec): Buffer[] => [
    ...framed(stringFormat, row.foreignKey, codec),
    ...framed(left, row.value as V, codec),
    numberBytes(row.timestampMs)
  ]
  return {
    name: `foreign_row:${left.name}:${right.name}`,
    encode: ({ shown, pending }, codec) => {
      const flags = (shown === null ? 0 : hasShown) + (pending === null ? 0 : hasPending)
      const parts = [numberBytes(flags)]
      if (shown !== null) {
        parts.push(...entry(shown, codec), ...framed(right, shown.right as W | null, codec))
        parts.push(numberBytes(shown.rightTimestampMs))
      }
      if (pending !== null) parts.push(...entry(pending, codec))
      return Buffer.concat(parts)
    },
    decode: (bytes, codec) => {
      const reader = new FrameReader(bytes)
      const flags = reader.number()
      const readEntry = () => ({
        foreignKey: reader.value(stringFormat, codec),
        value: reader.value(left, codec) as unknown,
        timestampMs: reader.number()
      })
      const readAnswered = (): Answered => ({
        ...readEntry(),
        right: reader.value(right, codec),
        rightTimestampMs: reader.number()
      })
      const shown = (flags & hasShown) === 0 ? null : readAnswered()
      const pending = (flags & hasPending) === 0 ? null : (readEntry() as Unanswered)
      return { shown, pending }
    }
  }
}
