/** @module Reads what a coordinator tells about the members of a group. */

import type { MemberDescription } from 'kafkajs'
import type { GroupMemberDescription } from './admin-types.ts'

/** Members sorted by id, each with the partition numbers it holds over all topics. */
export function membersOf(members: readonly MemberDescription[]): GroupMemberDescription[] {
  return members
    .map(({ memberId, clientId, clientHost, memberAssignment }) => {
      return { memberId, clientId, host: clientHost, partitions: partitionsIn(memberAssignment) }
    })
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
}

/**
 * Consumer protocol: version i16, then for each topic its name and partitions. While a group
 * rebalances, or for another protocol, there is nothing to read: an empty list.
 */
function partitionsIn(assignment: Buffer): number[] {
  const partitions = new Set<number>()
  try {
    let at = 6
    for (let topics = assignment.readInt32BE(2); topics > 0; topics -= 1) {
      at += 2 + assignment.readInt16BE(at)
      const count = assignment.readInt32BE(at)
      at += 4
      for (let index = 0; index < count; index += 1, at += 4) {
        partitions.add(assignment.readInt32BE(at))
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return []
  }
  return [...partitions].sort((a, b) => a - b)
}
