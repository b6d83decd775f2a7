/**
 * @module Offsets of a group without transactions, committed by the membership consumer, so that
 * the broker checks its member id and generation: a member that lost its place can't move the
 * group's offsets.
 */

import type { Consumer } from 'kafkajs'
import { RetryError } from '../errors.ts'
import { toKafkaError } from './library-errors.ts'
import type { PlainOffset } from './types.ts'

/** `consumer` is null while there is no membership. Throws as GroupMember.commitOffsets says. */
export async function commitMemberOffsets(
  consumer: Consumer | null,
  offsets: readonly PlainOffset[]
): Promise<void> {
  if (offsets.length === 0) return
  if (consumer === null) {
    const message = 'could not commit offsets: not a member of the group now; they are read again'
    throw new RetryError('HAIL_KAFKA_UNAVAILABLE', message)
  }
  try {
    await consumer.commitOffsets(
      offsets.map(({ topic, partition, offset }) => {
        return { topic, partition, offset: offset.toString() }
      })
    )
  } catch (error) {
    throw toKafkaError(error, 'commit offsets')
  }
}
