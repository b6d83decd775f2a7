/**
 * @module One partition of a topic, and the key that stands for it in maps and sets.
 */

import type { TopicPartitionKey } from './types.ts'

export type TopicPartition = { readonly topic: string; readonly partition: number }

export function keyOf({ topic, partition }: TopicPartition): TopicPartitionKey {
  return `${topic}:${partition}`
}
