/**
 * Turns an event into a record (Avro value, partition, CloudEvents and trace headers) and hands it to
 * the accumulator.
 *
 * @module
 */
import { type Codec, type TopicName, type TopicRecords, topics } from '../../avro/index.ts'
import { type OutRecord, partitionForKey } from '../../core/kafka/index.ts'
import type { Exchange } from '../http/index.ts'
import type { RecordSink } from './accumulator.ts'

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
export type Origin = Pick<Exchange, 'correlationId' | 'traceparent'>

/** Publishes events; `publish` resolves when Kafka has it and rejects with a 503 problem. */
export type Events = {
  publish<T extends TopicName>(event: OutEvent<T>, origin: Origin): Promise<void>
}

/** Publishes through an accumulator. */
export const createEvents = (sink: RecordSink, codec: Pick<Codec, 'encode'>): Events => ({
  publish: (event, origin) => sink.add(toRecord(event, origin, codec))
})

const toRecord = <T extends TopicName>(
  event: OutEvent<T>,
  origin: Origin,
  codec: Pick<Codec, 'encode'>
): OutRecord => {
  const { record, partitions } = topics[event.topic]
  return {
    topic: event.topic,
    partition: event.partition ?? partitionForKey(event.key, partitions),
    key: event.key,
    value: codec.encode(record, event.value as never),
    timestampMs: event.at,
    headers: {
      ce_id: event.id,
      ce_type: `hailstream.${record}`,
      ce_time: new Date(event.at).toISOString(),
      'correlation-id': origin.correlationId,
      traceparent: origin.traceparent,
      'content-type': 'application/avro'
    }
  }
}
