/**
 * @module Reads topics to their ends, as a fresh reader sees them.
 */
import { type Codec, type TopicName, type TopicRecords, topics } from '../../avro/index.ts'
import type { Fetcher, KafkaAdmin, KafkaRecord } from '../../core/kafka/index.ts'

/** Next offset of each partition of a topic. */
export type Ends = ReadonlyMap<number, bigint>

/** High watermarks of a topic, to read from later. */
export async function endsOf(admin: KafkaAdmin, topic: string): Promise<Ends> {
  const offsets = await admin.endOffsets(topic)
  return new Map([...offsets].map(([partition, { high }]) => [partition, high]))
}

/** Every record of a topic from the given ends up to its present end. */
export async function readFrom(
  source: { readonly admin: KafkaAdmin; readonly fetcher: Fetcher },
  topic: string,
  from: Ends,
  isolation: 'committed' | 'uncommitted' = 'committed'
): Promise<KafkaRecord[]> {
  const found: KafkaRecord[] = []
  for (const [partition, end] of await endsOf(source.admin, topic)) {
    let offset = from.get(partition) ?? 0n
    while (offset < end) {
      const [fetched] = await source.fetcher.fetch([{ topic, partition, offset }], {
        maxWaitMs: 100,
        maxBytesPerPartition: 4 << 20,
        maxBytes: 4 << 20,
        isolation
      })
      if (fetched === undefined || (fetched.error !== null && fetched.error !== 'NOT_LEADER')) {
        throw new Error(`expected to read ${topic}-${partition}@${offset}, got ${fetched?.error}`)
      }
      found.push(...fetched.records)
      offset = fetched.offsetNext
    }
  }
  return found
}

/** Decodes records of a catalogue topic; tombstones are left out. */
export function decodeAll<T extends TopicName>(
  codec: Codec,
  topic: T,
  records: readonly KafkaRecord[]
): TopicRecords[T][] {
  return records.flatMap(({ value }) =>
    value === null ? [] : [codec.decode(topics[topic].record, value) as TopicRecords[T]]
  )
}
