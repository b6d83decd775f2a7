/**
 * @module A topic read from its start to its end, as a reader of committed records sees it.
 */
import type { Kafka, KafkaAdmin, KafkaRecord } from '../core/kafka/index.ts'

export interface TopicReadOptions {
  readonly kafka: Kafka
  readonly admin: KafkaAdmin
  readonly topic: string
  readonly onRecord: (record: KafkaRecord) => void
}

/** Hands over every committed record, partitions in no promised order; how many there were. */
export async function readCommittedTopic(options: TopicReadOptions): Promise<number> {
  const { kafka, admin, topic, onRecord } = options
  const ends = new Map(
    [...(await admin.endOffsets(topic))].map(([partition, { stable }]) => [partition, stable])
  )
  const next = new Map([...ends.keys()].map((partition) => [partition, 0n]))
  const fetcher = await kafka.fetcher()
  let count = 0
  try {
    for (;;) {
      const wanted = [...next].flatMap(([partition, offset]) =>
        offset < (ends.get(partition) ?? 0n) ? [{ topic, partition, offset }] : []
      )
      if (wanted.length === 0) return count
      const fetched = await fetcher.fetch(wanted, {
        maxWaitMs: 100,
        maxBytesPerPartition: 1 << 20,
        maxBytes: 8 << 20,
        isolation: 'committed'
      })
      for (const { partition, error, records, offsetNext } of fetched) {
        if (error !== null && error !== 'NOT_LEADER' && error !== 'UNAVAILABLE') {
          throw new Error(`expected to read ${topic}-${partition}, got ${error}`)
        }
        next.set(partition, offsetNext)
        count += records.length
        for (const record of records) onRecord(record)
      }
    }
  } finally {
    await fetcher.close()
  }
}
