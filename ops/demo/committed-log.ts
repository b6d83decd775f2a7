/**
 * What the topics hold for good: records of committed transactions only, read without a group.
 *
 * @module
 */
import type { Codec, RecordName, Records } from '../../avro/index.ts'
import type { FetchedPartition, Fetcher, Kafka, KafkaAdmin } from '../../core/kafka/index.ts'

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, bigint>

/** A record as the log has it. */
export type CommittedRecord<R extends RecordName> = {
  readonly key: string
  readonly value: Records[R]
  readonly timestampMs: number
}

const bytesMax = 4 * 1024 * 1024
const attemptsMax = 50

/** Where new records of a topic will stand. */
export async function endsOf(admin: KafkaAdmin, topic: string): Promise<Offsets> {
  const ends = await admin.endOffsets(topic)
  return new Map([...ends].map(([partition, { high }]) => [partition, high]))
}

/** One answer of a fetch over all partitions of a topic. */
export async function fetchCommitted(
  fetcher: Fetcher,
  at: { readonly topic: string; readonly offsets: Offsets; readonly maxWaitMs: number }
): Promise<FetchedPartition[]> {
  const requests = [...at.offsets].map(([partition, offset]) => ({
    topic: at.topic,
    partition,
    offset
  }))
  return await fetcher.fetch(requests, {
    maxWaitMs: at.maxWaitMs,
    maxBytesPerPartition: bytesMax / 4,
    maxBytes: bytesMax,
    isolation: 'committed'
  })
}

/**
 * All records from `from` to the last stable offset of now. Partition by partition, each in its order.
 * @throws Error when a partition cannot be read
 */
export async function readCommitted<R extends RecordName>(
  kafka: Kafka,
  codec: Codec,
  what: { readonly topic: string; readonly record: R; readonly from: Offsets }
): Promise<CommittedRecord<R>[]> {
  const { topic, record } = what
  const admin = await kafka.admin()
  const ends = await admin.endOffsets(topic)
  await admin.close()
  const fetcher = await kafka.fetcher()
  const records: CommittedRecord<R>[] = []
  const offsets = new Map(what.from)
  const isDone = (): boolean =>
    [...offsets].every(([partition, offset]) => offset >= (ends.get(partition)?.stable ?? 0n))
  try {
    for (let failures = 0; !isDone(); ) {
      for (const answer of await fetchCommitted(fetcher, { topic, offsets, maxWaitMs: 100 })) {
        if (answer.error !== null && ++failures > attemptsMax) {
          throw new Error(`expected to read ${topic}-${answer.partition}, got ${answer.error}`)
        }
        offsets.set(answer.partition, answer.offsetNext)
        for (const { key, value, timestampMs } of answer.records) {
          if (value === null) continue
          records.push({
            key: key?.toString() ?? '',
            value: codec.decode(record, value),
            timestampMs
          })
        }
      }
    }
  } finally {
    await fetcher.close()
  }
  return records
}
