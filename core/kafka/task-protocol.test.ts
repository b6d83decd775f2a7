import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { membersOf } from './member-description.ts'
import {
  commonCount,
  createTaskProtocol,
  decodeOwned,
  encodeSubscription
} from './task-protocol.ts'

type AssignerInput = Parameters<ReturnType<typeof createTaskProtocol>>[0]

function anAssigner(owned: number[], countByTopic: Record<string, number>) {
  const cluster = {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: countByTopic[topic] ?? 0 }, (_, partitionId) => ({ partitionId }))
  }
  return createTaskProtocol(() => owned)({ cluster } as unknown as AssignerInput)
}

describe('task protocol', () => {
  test('carries the tasks a member had to the leader', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.nat()), (topics, owned) => {
        expect(decodeOwned(encodeSubscription(topics, owned))).toEqual(owned)
      })
    )
  })

  test('reads no tasks from what it does not understand', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeOwned(Buffer.from(bytes)).every(Number.isInteger)).toBe(true)
      })
    )
    expect(decodeOwned(Buffer.alloc(0))).toEqual([])
  })

  test('gives a task with its partition of every topic to one member', async () => {
    const topics = ['one', 'two']
    const assigner = anAssigner([], { one: 4, two: 4 })
    const members = [
      { memberId: 'a', memberMetadata: encodeSubscription(topics, [3, 2]) },
      { memberId: 'b', memberMetadata: encodeSubscription(topics, []) }
    ]
    const assigned = await assigner.assign({ members, topics })
    const described = membersOf(
      assigned.map(({ memberId, memberAssignment }) => ({
        memberId,
        memberAssignment,
        clientId: 'c',
        clientHost: 'h',
        memberMetadata: Buffer.alloc(0)
      }))
    )
    expect(described).toEqual([
      { memberId: 'a', clientId: 'c', host: 'h', partitions: [2, 3] },
      { memberId: 'b', clientId: 'c', host: 'h', partitions: [0, 1] }
    ])
  })

  test('asks what is owned at each join', () => {
    const owned: number[] = []
    const assigner = anAssigner(owned, {})
    owned.push(5)
    expect(decodeOwned(assigner.protocol({ topics: ['one'] }).metadata)).toEqual([5])
  })

  test('refuses topics whose partition counts differ, by name', () => {
    expect(commonCount(['a', 'b'], [3, 3])).toBe(3)
    expect(() => commonCount(['a', 'b'], [3, 6])).toThrow(/got a 3, b 6/)
    expect(() => commonCount(['a'], [0])).toThrow(/got a 0/)
  })
})

test('reads no partitions of a member whose assignment is empty or cut off', () => {
  const member = { memberId: 'm', clientId: 'c', clientHost: 'h', memberMetadata: Buffer.alloc(0) }
  const assignments = [Buffer.alloc(0), Buffer.from([0, 1, 0, 0, 0, 9, 0])]
  const described = assignments.flatMap((memberAssignment) =>
    membersOf([{ ...member, memberAssignment }])
  )
  expect(described.map(({ partitions }) => partitions)).toEqual([[], []])
})
