/**
 * @module The group protocol of our members, as kafkajs' assigner. Each member tells in its
 * subscription which tasks it had; the leader assigns by {@link assignTasks} and gives each task's
 * partition number of every topic to its owner.
 */

import type { PartitionAssigner } from 'kafkajs'
import { FatalError } from '../errors.ts'
import { assignTasks } from './task-assigner.ts'

/** All members of a group must agree on it: change it when the meaning of an assignment changes. */
const protocolName = 'hailstream-task'
const protocolVersion = 1

/** More tasks than a group can have here; a claim above it is nonsense and isn't read. */
const claimBytesMax = 64 * 1024

type TopicPartitions = ReadonlyMap<string, readonly number[]>

/** `ownedTasks` is asked at each join. */
export function createTaskProtocol(ownedTasks: () => readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: protocolName,
    version: protocolVersion,
    protocol: ({ topics }) => ({
      name: protocolName,
      metadata: encodeSubscription(topics, ownedTasks())
    }),
    assign: async ({ members, topics }) => {
      const counts = topics.map((topic) => cluster.findTopicPartitionMetadata(topic).length)
      const taskCount = commonCount(topics, counts)
      const claims = members.map(({ memberId, memberMetadata }) => {
        return { memberId, owned: decodeOwned(memberMetadata) }
      })
      return [...assignTasks(taskCount, claims)].map(([memberId, tasks]) => ({
        memberId,
        memberAssignment: encodeAssignment(new Map(topics.map((topic) => [topic, tasks])))
      }))
    }
  })
}

/** The partition count all topics share. Throws FatalError(HAIL_TOPOLOGY) when they don't. */
export function commonCount(topics: readonly string[], counts: readonly number[]): number {
  const [first] = counts
  if (first !== undefined && first > 0 && counts.every((count) => count === first)) return first
  const got = topics.map((topic, index) => `${topic} ${counts[index] ?? 0}`).join(', ')
  throw new FatalError(
    'HAIL_TOPOLOGY',
    `topics of one group must have the same partition count, got ${got}; recreate the odd ones`
  )
}

/** Kafka's consumer protocol: version i16, topics, then our claim as user data. */
export function encodeSubscription(topics: readonly string[], owned: readonly number[]): Buffer {
  const claim = Buffer.from(JSON.stringify({ tasks: owned }))
  return Buffer.concat([
    int16(protocolVersion),
    int32(topics.length),
    ...topics.map(encodeString),
    int32(claim.length),
    claim
  ])
}

/** The tasks a subscription claims; none when it is another program's or damaged. */
export function decodeOwned(subscription: Buffer): number[] {
  try {
    let at = 6
    for (let topics = subscription.readInt32BE(2); topics > 0; topics -= 1) {
      at += 2 + subscription.readInt16BE(at)
    }
    const bytes = subscription.readInt32BE(at)
    if (bytes <= 0 || bytes > claimBytesMax) return []
    const claim: unknown = JSON.parse(subscription.toString('utf8', at + 4, at + 4 + bytes))
    const { tasks } = (claim ?? {}) as { tasks?: unknown }
    return Array.isArray(tasks) ? tasks.filter((task) => Number.isInteger(task)) : []
  } catch {
    // Stickiness only saves work; an unreadable claim must never stop a group from forming.
    return []
  }
}

function encodeAssignment(partitionsByTopic: TopicPartitions): Buffer {
  const topics = [...partitionsByTopic].map(([topic, partitions]) =>
    Buffer.concat([encodeString(topic), int32(partitions.length), ...partitions.map(int32)])
  )
  return Buffer.concat([int16(protocolVersion), int32(topics.length), ...topics, int32(0)])
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([int16(bytes.length), bytes])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
