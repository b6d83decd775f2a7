/**
 * @module The two requests that every transaction ends with: the offsets it has consumed, and its
 * end. kafkajs writes older versions, which cannot say that the group joins by sending its offsets,
 * nor tell the epoch of the next transaction.
 */

import type { ByteWriter } from './byte-writer.ts'
import { readPartitionErrors } from './partition-errors.ts'
import type { RawCall } from './raw-call.ts'
import type { BatchProducer } from './record-batch-writer.ts'
import { byTopic } from './topic-partition.ts'
import type { OffsetCommit } from './types.ts'

/**
 * Versions with the same layout. 3: of brokers from 2.8 on. 5: for transactions of version 2 (KIP-890).
 */
export type CommitVersion = 3 | 5

export type TransactionOwner = {
  readonly transactionalId: string
  readonly producer: BatchProducer
}

type Answer = { readonly throttleMs: number; readonly errorCode: number }

/** A partition's leader epoch, generation and member that aren't told. */
const unknown = -1

export function txnOffsetCommitCall(
  version: CommitVersion,
  owner: TransactionOwner,
  { groupId, offsets }: OffsetCommit
): RawCall<Answer> {
  return {
    apiKey: 28,
    apiVersion: version,
    apiName: 'TxnOffsetCommit',
    write: (writer) => {
      writer.compactText(owner.transactionalId)
      writer.compactText(groupId)
      writeProducer(writer, owner)
      writer.int32(unknown)
      // Member and group instance.
      writer.compactText('')
      writer.compactNullableText(null)
      writer.compactArray(byTopic(offsets), ([topic, entries]) => {
        writer.compactText(topic)
        writer.compactArray(entries, ({ partition, offset, metadata }) => {
          writer.int32(partition)
          writer.int64(offset)
          writer.int32(unknown)
          writer.compactText(metadata)
          writer.noTags()
        })
        writer.noTags()
      })
      writer.noTags()
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const errorCodes = reader.compactArray(() => readPartitionErrors(reader))
      return { throttleMs, errorCode: errorCodes.flat().find((code) => code !== 0) ?? 0 }
    }
  }
}

export type EndTxnAnswer = Answer & {
  /** Who the next transaction is from; null when that is who this one was from. */
  readonly next: Pick<BatchProducer, 'id' | 'epoch'> | null
}

export function endTxnCall(
  version: CommitVersion,
  owner: TransactionOwner,
  isCommit: boolean
): RawCall<EndTxnAnswer> {
  return {
    apiKey: 26,
    apiVersion: version,
    apiName: 'EndTxn',
    write: (writer) => {
      writer.compactText(owner.transactionalId)
      writeProducer(writer, owner)
      writer.int8(isCommit ? 1 : 0)
      writer.noTags()
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const errorCode = reader.int16()
      const isTold = version >= 5 && errorCode === 0
      const next = isTold ? { id: reader.int64(), epoch: reader.int16() } : null
      return { throttleMs, errorCode, next }
    }
  }
}

function writeProducer(writer: ByteWriter, { producer }: TransactionOwner): void {
  writer.int64(producer.id)
  writer.int16(producer.epoch)
}
