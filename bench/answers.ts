/**
 * @module The answer a program wrote into its output topic, whatever its key format: the last value
 * of each window, or every joined pair.
 */
import type { KafkaRecord } from '../core/kafka/index.ts'
import { seqOf } from './input.ts'
import { type CountEntry, type Digest, digestOfCounts, digestOfPairs } from './oracle.ts'

/** Takes output records one by one. */
export interface Answer {
  add(record: KafkaRecord): void
  digest(): Digest
}

/** The window a key of an output topic names; times in epoch ms, of a session the last record's. */
export type WindowOfKey = (key: Buffer) => {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * Counts by window: the last value of a key counts, a tombstone takes its window back, as both
 * engines do when sessions merge.
 */
export function countsAnswer(windowOf: WindowOfKey, baseMs: number): Answer {
  const counts = new Map<string, CountEntry>()
  return {
    add(record) {
      if (record.key === null) throw new Error('expected a key in every output, got none')
      const { key, startMs, endMs } = windowOf(record.key)
      const id = `${key}|${startMs}|${endMs}`
      if (record.value === null) {
        counts.delete(id)
        return
      }
      const count = seqOf(record.value)
      counts.set(id, { key, startMs: startMs - baseMs, endMs: endMs - baseMs, count })
    },
    digest: () => digestOfCounts(counts.values())
  }
}

/** Joined pairs, each as often as it was written: a value is the left value, then the right one. */
export function pairsAnswer(valueBytes: number): Answer {
  const pairs: [number, number][] = []
  return {
    add({ value }) {
      if (value === null) throw new Error('expected a joined value in every output, got none')
      pairs.push([seqOf(value), seqOf(value, valueBytes)])
    },
    digest: () => digestOfPairs(pairs)
  }
}

/** Kafka Streams' TimeWindowedSerializer: the key, then the start as 8 bytes. */
export function javaTimeWindow(sizeMs: number): WindowOfKey {
  return (bytes) => {
    const startMs = Number(bytes.readBigInt64BE(bytes.length - 8))
    return { key: bytes.toString('utf8', 0, bytes.length - 8), startMs, endMs: startMs + sizeMs }
  }
}

/** Kafka Streams' SessionWindowedSerializer: the key, then end and start as 8 bytes each. */
export const javaSessionWindow: WindowOfKey = (bytes) => ({
  key: bytes.toString('utf8', 0, bytes.length - 16),
  endMs: Number(bytes.readBigInt64BE(bytes.length - 16)),
  startMs: Number(bytes.readBigInt64BE(bytes.length - 8))
})
