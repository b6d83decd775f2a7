/**
 * @module One partition of a topic, and the key that stands for it in maps and sets.
 */

import type { TopicPartitionKey } from './types.ts'

export type TopicPartition = { readonly topic: string; readonly partition: number }

export function keyOf({ topic, partition }: TopicPartition): TopicPartitionKey {
  return `${topic}:${partition}`
}

/** Places by topic, as requests want them; both in the order given. */
export function byTopic<Place extends { readonly topic: string }>(
  places: readonly Place[]
): [topic: string, places: Place[]][] {
  const placesByTopic = new Map<string, Place[]>()
  for (const place of places) {
    const known = placesByTopic.get(place.topic)
    if (known === undefined) placesByTopic.set(place.topic, [place])
    else known.push(place)
  }
  return [...placesByTopic]
}
