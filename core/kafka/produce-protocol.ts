/**
 * @module Produce requests of batches that are encoded already, and their answers. kafkajs' own
 * encoder makes several objects of every record.
 */

import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { RawCall } from './raw-call.ts'
import { byTopic } from './topic-partition.ts'

/**
 * Versions with the same layout. 9: of brokers from 2.8 on. 12: each partition joins the
 * transaction by being written to (KIP-890), where the cluster has transactions of version 2.
 */
export type ProduceVersion = 9 | 12

/** Of a request, and of each topic and partition in it: what its names and counts take, roughly. */
const overheadBytes = 512
const partitionOverheadBytes = 64

/** One partition's part of a request, which can't hold two. */
export type EncodedBatch = {
  readonly topic: string
  readonly partition: number
  readonly count: number
  readonly bytes: Buffer
}

export type ProduceRequest = {
  readonly version: ProduceVersion
  readonly transactionalId: string | null
  /** -1: all replicas in sync. */
  readonly acks: number
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number
  readonly batches: readonly EncodedBatch[]
}

export type ProducedPartition = {
  readonly topic: string
  readonly partition: number
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number
  /** Offset of the first record; -1 when the broker doesn't know it. */
  readonly base: bigint
}

export type ProduceAnswer = {
  readonly throttleMs: number
  readonly partitions: readonly ProducedPartition[]
}

export function produceCall(request: ProduceRequest): RawCall<ProduceAnswer> {
  const bytes = request.batches.reduce(
    (sum, batch) => sum + batch.bytes.length + partitionOverheadBytes,
    overheadBytes
  )
  return {
    apiKey: 0,
    apiVersion: request.version,
    apiName: 'Produce',
    bytes,
    write: (writer) => writeProduce(writer, request),
    read: readProduced
  }
}

function writeProduce(writer: ByteWriter, request: ProduceRequest): void {
  writer.compactNullableText(request.transactionalId)
  writer.int16(request.acks)
  writer.int32(request.timeoutMs)
  writer.compactArray(byTopic(request.batches), ([topic, group]) => {
    writer.compactText(topic)
    writer.compactArray(group, ({ partition, bytes }) => {
      writer.int32(partition)
      writer.compactBytes(bytes)
      writer.noTags()
    })
    writer.noTags()
  })
  writer.noTags()
}

function readProduced(reader: ByteReader): ProduceAnswer {
  const partitions: ProducedPartition[] = []
  reader.compactArray(() => {
    const topic = reader.compactText()
    reader.compactArray(() => partitions.push(readPartition(reader, topic)))
    reader.skipTags()
  })
  return { partitions, throttleMs: reader.int32() }
}

function readPartition(reader: ByteReader, topic: string): ProducedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const base = reader.int64()
  // Append time and log start.
  reader.int64()
  reader.int64()
  // The records at fault, and the error's text.
  reader.compactArray(() => {
    reader.int32()
    reader.compactText()
    reader.skipTags()
  })
  reader.compactText()
  reader.skipTags()
  return { topic, partition, errorCode, base }
}
