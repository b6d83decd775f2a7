/**
 * @module kafkajs copies a partition's whole array for every message it adds to it, so a send is
 * quadratic in the messages of a partition: 10,000 of them cost half a second of CPU. Appending is
 * linear.
 */

import type { Patch } from './patch.ts'

type GroupInput = {
  readonly topic: string
  readonly partitionMetadata: readonly unknown[]
  readonly messages: readonly unknown[]
  partitioner(input: {
    topic: string
    partitionMetadata: readonly unknown[]
    message: unknown
  }): number
}
type GroupMessages = (input: GroupInput) => Record<string, unknown[]>

export const linearGrouping: Patch = {
  name: 'linear-grouping',
  apply(modules) {
    modules.replace<GroupMessages>('src/producer/groupMessagesPerPartition', () => groupMessages)
  }
}

export const groupMessages: GroupMessages = ({
  topic,
  partitionMetadata,
  messages,
  partitioner
}) => {
  const grouped: Record<string, unknown[]> = {}
  if (partitionMetadata.length === 0) return grouped
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = grouped[partition]
    if (group === undefined) grouped[partition] = [message]
    else group.push(message)
  }
  return grouped
}
