/**
 * @module Splits the body of a Fetch response (version 11) into its partitions, without copying the
 * records.
 */

import { FatalError } from '../errors.ts'
import type { AbortedTransaction } from './record-batch.ts'

/** One partition of a response. `data` is a slice of the response. */
export type FetchResponsePartition = {
  readonly topic: string
  readonly partition: number
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly logStart: bigint
  readonly aborted: readonly AbortedTransaction[]
  readonly data: Buffer
}

export type FetchResponse = {
  /** How long the broker asks the client to be quiet, in ms. */
  readonly throttleMs: number
  readonly errorCode: number
  readonly partitions: readonly FetchResponsePartition[]
}

const noData = Buffer.alloc(0)

/** Throws FatalError(HAIL_KAFKA_REFUSED) when the body isn't what version 11 says. */
export function parseFetchResponse(body: Buffer): FetchResponse {
  try {
    const reader = { body, at: 14 }
    const partitions: FetchResponsePartition[] = []
    // 0 throttle i32 | 4 error i16 | 6 session i32 | 10 topics
    for (let topics = body.readInt32BE(10); topics > 0; topics -= 1) {
      const topic = readString(reader)
      for (let count = readInt32(reader); count > 0; count -= 1) {
        partitions.push(readPartition(reader, topic))
      }
    }
    return { throttleMs: body.readInt32BE(0), errorCode: body.readInt16BE(4), partitions }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const got = `${body.length} bytes that are none`
    throw new FatalError(
      'HAIL_KAFKA_REFUSED',
      `expected a fetch response of version 11, got ${got}`,
      {
        cause: error
      }
    )
  }
}

type Reader = { readonly body: Buffer; at: number }

/**
 * 0 partition i32 | 4 error i16 | 6 high watermark i64 | 14 last stable i64 | 22 log start i64 | 30
 * aborted (producer i64, first offset i64) | preferred replica i32 | records bytes
 */
function readPartition(reader: Reader, topic: string): FetchResponsePartition {
  const { body, at } = reader
  reader.at = at + 30
  const aborted: AbortedTransaction[] = []
  for (let count = readInt32(reader); count > 0; count -= 1) {
    aborted.push({
      producerId: body.readBigInt64BE(reader.at),
      firstOffset: body.readBigInt64BE(reader.at + 8)
    })
    reader.at += 16
  }
  reader.at += 4
  return {
    topic,
    partition: body.readInt32BE(at),
    errorCode: body.readInt16BE(at + 4),
    highWatermark: body.readBigInt64BE(at + 6),
    lastStableOffset: body.readBigInt64BE(at + 14),
    logStart: body.readBigInt64BE(at + 22),
    aborted,
    data: readData(reader)
  }
}

function readData(reader: Reader): Buffer {
  const bytes = readInt32(reader)
  if (bytes <= 0) return noData
  const start = reader.at
  reader.at += bytes
  if (reader.at > reader.body.length) throw new RangeError('records run past the response')
  return reader.body.subarray(start, reader.at)
}

function readInt32(reader: Reader): number {
  const value = reader.body.readInt32BE(reader.at)
  reader.at += 4
  return value
}

function readString(reader: Reader): string {
  const bytes = reader.body.readInt16BE(reader.at)
  const start = reader.at + 2
  reader.at = start + bytes
  return reader.body.toString('utf8', start, reader.at)
}
