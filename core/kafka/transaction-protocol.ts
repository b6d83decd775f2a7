/**
 * @module The requests for looking at transactions and ending what nobody else ends, which kafkajs
 * doesn't have. All flexible; brokers from 3.0 to 4.x read them.
 */

import type {
  ActiveProducer,
  HangingTransaction,
  ListedTransaction,
  TransactionDescription,
  TransactionFilter
} from './admin-types.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { readPartitionErrors } from './partition-errors.ts'
import type { RawCall } from './raw-call.ts'

type Answer<T> = { readonly throttleMs: number; readonly errorCode: number; readonly value: T }

/** Of one broker: the transactional ids it coordinates. */
export function listTransactionsCall(
  filter: TransactionFilter
): RawCall<Answer<ListedTransaction[]>> {
  return {
    apiKey: 66,
    apiVersion: 0,
    apiName: 'ListTransactions',
    write: (writer) => {
      writer.compactArray(filter.states ?? [], (state) => writer.compactText(state))
      writer.compactArray(filter.producerIds ?? [], (id) => writer.int64(id))
      writer.noTags()
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const errorCode = reader.int16()
      // States the broker doesn't know.
      reader.compactArray(() => reader.compactText())
      const value = reader.compactArray(() => {
        const transactionalId = reader.compactText()
        const producerId = reader.int64()
        const state = reader.compactText()
        reader.skipTags()
        return { transactionalId, producerId, state }
      })
      return { throttleMs, errorCode, value }
    }
  }
}

export type DescribedTransaction = TransactionDescription & { readonly errorCode: number }

/** Of the coordinator of these ids. Each has an error code of its own. */
export function describeTransactionsCall(
  transactionalIds: readonly string[]
): RawCall<Answer<DescribedTransaction[]>> {
  return {
    apiKey: 65,
    apiVersion: 0,
    apiName: 'DescribeTransactions',
    write: (writer) => {
      writer.compactArray(transactionalIds, (id) => writer.compactText(id))
      writer.noTags()
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const value = reader.compactArray(() => readDescription(reader))
      return { throttleMs, errorCode: 0, value }
    }
  }
}

function readDescription(reader: ByteReader): DescribedTransaction {
  const errorCode = reader.int16()
  const transactionalId = reader.compactText()
  const state = reader.compactText()
  const timeoutMs = reader.int32()
  const startMs = Number(reader.int64())
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const partitions = reader.compactArray(() => {
    const topic = reader.compactText()
    const numbers = reader.compactArray(() => reader.int32())
    reader.skipTags()
    return numbers.map((partition) => ({ topic, partition }))
  })
  reader.skipTags()
  return {
    errorCode,
    transactionalId,
    state,
    timeoutMs,
    startMs: startMs < 0 ? null : startMs,
    producerId,
    producerEpoch,
    partitions: partitions.flat()
  }
}

/** Of the leader of the partition. */
export function describeProducersCall(
  topic: string,
  partition: number
): RawCall<Answer<ActiveProducer[]>> {
  return {
    apiKey: 61,
    apiVersion: 0,
    apiName: 'DescribeProducers',
    write: (writer) => {
      writeTopics(writer, topic, partition)
      writer.noTags()
    },
    read: (reader) => {
      const throttleMs = reader.int32()
      const topics = reader.compactArray(() => {
        reader.compactText()
        const partitions = reader.compactArray(() => readProducers(reader))
        reader.skipTags()
        return partitions
      })
      return { throttleMs, errorCode: 0, value: [], ...topics.flat()[0] }
    }
  }
}

function readProducers(reader: ByteReader): { errorCode: number; value: ActiveProducer[] } {
  reader.int32()
  const errorCode = reader.int16()
  // The error's text.
  reader.compactText()
  const value = reader.compactArray(() => readProducer(reader))
  reader.skipTags()
  return { errorCode, value }
}

function readProducer(reader: ByteReader): ActiveProducer {
  const producerId = reader.int64()
  const producerEpoch = reader.int32()
  const lastSequence = reader.int32()
  const lastTimestampMs = Number(reader.int64())
  const coordinatorEpoch = reader.int32()
  const start = reader.int64()
  reader.skipTags()
  const transactionStart = start < 0n ? null : start
  return {
    producerId,
    producerEpoch,
    lastSequence,
    lastTimestampMs,
    coordinatorEpoch,
    transactionStart
  }
}

/** To the leader of the partition: an abort marker, as a coordinator would send it. */
export function abortMarkerCall(hanging: HangingTransaction): RawCall<Answer<null>> {
  return {
    apiKey: 27,
    apiVersion: 1,
    apiName: 'WriteTxnMarkers',
    write: (writer) => {
      writer.compactArray([hanging], ({ topic, partition, producerId, ...epochs }) => {
        writer.int64(producerId)
        writer.int16(epochs.producerEpoch)
        // Abort; 1 would be commit.
        writer.int8(0)
        writeTopics(writer, topic, partition)
        writer.int32(Math.max(0, epochs.coordinatorEpoch))
        writer.noTags()
      })
      writer.noTags()
    },
    read: (reader) => {
      const errorCodes = reader.compactArray(() => {
        reader.int64()
        const topics = reader.compactArray(() => readPartitionErrors(reader))
        reader.skipTags()
        return topics.flat()
      })
      return { throttleMs: 0, errorCode: errorCodes.flat()[0] ?? 0, value: null }
    }
  }
}

function writeTopics(writer: ByteWriter, topic: string, partition: number): void {
  writer.compactArray([topic], (name) => {
    writer.compactText(name)
    writer.compactArray([partition], (number) => writer.int32(number))
    writer.noTags()
  })
}
