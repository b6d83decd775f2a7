/**
 * @module Cuts a send into rounds of encoded batches. A request holds one batch per partition, and
 * a broker refuses a batch above `max.message.bytes` (1 MiB by default), so a large send becomes
 * several requests, one after the other.
 */

import { ByteWriter } from './byte-writer.ts'
import type { EncodedBatch } from './produce-protocol.ts'
import { type BatchProducer, writeRecordBatch } from './record-batch-writer.ts'
import type { Sequences } from './sequences.ts'
import type { OutRecord } from './types.ts'

/** Bounds of a round. A single record above them travels alone and the broker decides. */
export type RoundLimits = {
  readonly batchBytesMax: number
  readonly requestBytesMax: number
}

/**
 * 1,000,000 bytes are a little less than a broker's default of 1 MiB and take about 5 ms of CPU; 16
 * MiB is far below `socket.request.max.bytes` (100 MiB) and bounds what a send holds beside its
 * records.
 */
export const roundLimits: RoundLimits = {
  batchBytesMax: 1_000_000,
  requestBytesMax: 16 * 1024 * 1024
}

/** Record overhead, key and headers, on average: only a first guess of the buffer's size. */
const bytesBesideValue = 64

/** The records of one partition and how far they are sent. */
type Lane = {
  readonly topic: string
  readonly partition: number
  readonly records: OutRecord[]
  sent: number
}

export type RoundsOptions = {
  /** Time of records that bring none. */
  readonly nowMs: number
  readonly producer: BatchProducer
  /** Of the producer's id; null when it has none. */
  readonly sequences: Sequences | null
  readonly limits?: RoundLimits
}

export class SendRounds {
  readonly #lanes: Lane[] = []
  readonly #options: RoundsOptions
  #bytesLeft = 0

  constructor(records: readonly OutRecord[], options: RoundsOptions) {
    this.#options = options
    const lanesByTopic = new Map<string, Map<number, Lane>>()
    let lane: Lane | undefined
    for (const record of records) {
      const { topic, partition } = record
      if (lane === undefined || lane.partition !== partition || lane.topic !== topic) {
        lane = this.#laneOf(lanesByTopic, topic, partition)
      }
      lane.records.push(record)
      this.#bytesLeft += bytesBesideValue + (record.value === null ? 0 : record.value.length)
    }
  }

  /** Every partition that is written to, once. */
  partitions(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.#lanes
  }

  /**
   * The batches of the next request, encoded; empty when everything has been sent. Records of one
   * partition keep their order over all rounds. O(records of the round).
   */
  next(): EncodedBatch[] {
    const { batchBytesMax, requestBytesMax } = this.#options.limits ?? roundLimits
    const writer = new ByteWriter(Math.min(this.#bytesLeft, requestBytesMax + batchBytesMax))
    const ranges: { lane: Lane; count: number; start: number; end: number }[] = []
    for (const lane of this.#lanes) {
      if (writer.at > 0 && writer.at + batchBytesMax > requestBytesMax) break
      if (lane.sent === lane.records.length) continue
      const start = writer.at
      const count = this.#write(writer, lane, batchBytesMax)
      lane.sent += count
      ranges.push({ lane, count, start, end: writer.at })
    }
    this.#bytesLeft = Math.max(0, this.#bytesLeft - writer.at)
    // Sliced at the end, because the buffer moves when it grows.
    return ranges.map(({ lane: { topic, partition }, count, start, end }) => {
      return { topic, partition, count, bytes: writer.bytes.subarray(start, end) }
    })
  }

  #write(writer: ByteWriter, lane: Lane, bytesMax: number): number {
    const { nowMs, producer, sequences } = this.#options
    const { topic, partition, records, sent } = lane
    return writeRecordBatch(writer, {
      records,
      from: sent,
      nowMs,
      bytesMax,
      producer,
      sequenceOf: (count) => sequences?.take(topic, partition, count) ?? -1
    })
  }

  #laneOf(lanesByTopic: Map<string, Map<number, Lane>>, topic: string, partition: number): Lane {
    let lanes = lanesByTopic.get(topic)
    if (lanes === undefined) {
      lanes = new Map()
      lanesByTopic.set(topic, lanes)
    }
    const known = lanes.get(partition)
    if (known !== undefined) return known
    const lane: Lane = { topic, partition, records: [], sent: 0 }
    lanes.set(partition, lane)
    this.#lanes.push(lane)
    return lane
  }
}
