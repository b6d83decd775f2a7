/**
 * @module Sequence numbers of one producer id and epoch, by which brokers tell a repeated batch. They count a
 * partition's records from 0 and go on with 0 after 2^31 - 1; kafkajs' own count forgets what a
 * batch has beyond that, which the broker takes for a gap.
 */

const sequenceCount = 2 ** 31

export class Sequences {
  readonly #nextByTopic = new Map<string, Map<number, number>>()

  /** The sequence of the first of `count` records, which are taken with it. */
  take(topic: string, partition: number, count: number): number {
    let nextByPartition = this.#nextByTopic.get(topic)
    if (nextByPartition === undefined) {
      nextByPartition = new Map()
      this.#nextByTopic.set(topic, nextByPartition)
    }
    const first = nextByPartition.get(partition) ?? 0
    nextByPartition.set(partition, (first + count) % sequenceCount)
    return first
  }
}
