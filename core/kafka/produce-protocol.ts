/**
 * @module Produce requests (version 7) of batches that are encoded already, and their answers.
 * kafkajs' own encoder makes several objects of every record.
 */

import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { RawCall } from './raw-call.ts'

/** The newest kafkajs knows; brokers from 2.1 to 4.x read it. */
const produceVersion = 7
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
    apiVersion: produceVersion,
    apiName: 'Produce',
    isFlexible: false,
    bytes,
    write: (writer) => writeProduce(writer, request),
    read: readProduced
  }
}

function writeProduce(writer: ByteWriter, request: ProduceRequest): void {
  const batchesByTopic = new Map<string, EncodedBatch[]>()
  for (const batch of request.batches) {
    const group = batchesByTopic.get(batch.topic)
    if (group === undefined) batchesByTopic.set(batch.topic, [batch])
    else group.push(batch)
  }
  writer.nullableText(request.transactionalId)
  writer.int16(request.acks)
  writer.int32(request.timeoutMs)
  writer.array([...batchesByTopic], ([topic, group]) => {
    writer.text(topic)
    writer.array(group, ({ partition, bytes }) => {
      writer.int32(partition)
      writer.int32(bytes.length)
      writer.raw(bytes)
    })
  })
}

function readProduced(reader: ByteReader): ProduceAnswer {
  const partitions: ProducedPartition[] = []
  reader.array(() => {
    const topic = reader.text()
    reader.array(() => {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const base = reader.int64()
      // Append time and log start.
      reader.int64()
      reader.int64()
      partitions.push({ topic, partition, errorCode, base })
    })
  })
  return { partitions, throttleMs: reader.int32() }
}
