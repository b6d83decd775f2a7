/**
 * Turns an event into a record (Avro value, partition, CloudEvents and trace headers) and hands it to
 * the accumulator.
 *
 * @module
 */
import { type Codec, type TopicName, type TopicRecords, topics } from '../../avro/index.ts'
import { type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import type { Exchange } from '../http/index.ts'
import type { Outcomes, RecordSink } from './accumulator.ts'

/** One event on its way; `id` is unique per fact and becomes `ce_id`. */
export type OutEvent<T extends TopicName> = {
  topic: T
  key: string
  /** Given for topics keyed by market, whose partition is a table and not a hash. */
  partition?: number
  id: string
  value: TopicRecords[T]
  /** Epoch ms: when it happened; also the record's timestamp. */
  at: number
}

/** Who asked for it. */
export type Origin = Pick<Exchange, 'correlationId' | 'traceparent' | 'tracestate'>

/** Any event. */
export type AnyEvent = { [T in TopicName]: OutEvent<T> }[TopicName]

/** Publishes events. */
export type Events = {
  /** Resolves when Kafka has it; rejects with a 503 problem. */
  publish<T extends TopicName>(event: OutEvent<T>, origin: Origin): Promise<void>
  /** The events of one request: resolves when each is acknowledged (null) or failed (503 problem). */
  publishAll(events: readonly AnyEvent[], origin: Origin): Promise<Outcomes>
}

/** Publishes through an accumulator. */
export const createEvents = (sink: RecordSink, codec: Pick<Codec, 'encode'>): Events => {
  const timeText = createTimeText()
  return {
    publish: (event, origin) => {
      const shared = { time: timeText(event.at), partition: partitionOf(event), origin, codec }
      return sink.add(toRecord(event, shared))
    },
    publishAll: (events, origin) => sink.addAll(toRecords(events, { origin, codec, timeText }))
  }
}

type PlainEvent = OutEvent<TopicName>

/** What records of one request may have in common, worked out once. */
type Shared = {
  time: string
  partition: number
  origin: Origin
  codec: Pick<Codec, 'encode'>
}

const toRecords = (
  events: readonly PlainEvent[],
  {
    origin,
    codec,
    timeText
  }: Pick<Shared, 'origin' | 'codec'> & { timeText: (at: number) => string }
): OutRecord[] => {
  const shared: Shared = { time: '', partition: 0, origin, codec }
  let last: PlainEvent | undefined
  return events.map((event) => {
    shared.time = timeText(event.at)
    const isAlike = event.topic === last?.topic && event.key === last.key
    if (!isAlike || event.partition !== last?.partition) shared.partition = partitionOf(event)
    last = event
    return toRecord(event, shared)
  })
}

/** Tens of records are of one millisecond, and writing a time costs as much as encoding a record. */
const createTimeText = (): ((at: number) => string) => {
  let lastMs = 0
  let last = new Date(lastMs).toISOString()
  return (at) => {
    if (at !== lastMs) {
      lastMs = at
      last = new Date(at).toISOString()
    }
    return last
  }
}

const partitionOf = ({ topic, key, partition }: PlainEvent): number =>
  partition ?? partitionForKey(key, topics[topic].partitions)

const toRecord = (event: PlainEvent, { time, partition, origin, codec }: Shared): OutRecord => {
  const { record } = topics[event.topic]
  const headers: Record<string, string> = {
    ce_id: event.id,
    ce_type: `hailstream.${record}`,
    ce_time: time,
    'correlation-id': origin.correlationId,
    traceparent: origin.traceparent,
    'content-type': 'application/avro'
  }
  if (origin.tracestate !== null) headers['tracestate'] = origin.tracestate
  return {
    topic: event.topic,
    partition,
    key: event.key,
    value: codec.encode(record, event.value as never),
    timestampMs: event.at,
    headers
  }
}
