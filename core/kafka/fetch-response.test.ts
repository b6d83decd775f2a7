import { expect, test } from 'vitest'
import { FatalError } from '../errors.ts'
import { parseFetchResponse } from './fetch-response.ts'

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

function aPartition(partition: number, error: number, data: string | null): Buffer {
  const aborted = [int32(1), int64(77n), int64(2n)]
  const records = data === null ? [int32(-1)] : [int32(data.length), Buffer.from(data)]
  return Buffer.concat([
    int32(partition),
    int16(error),
    int64(9n),
    int64(8n),
    int64(1n),
    ...aborted,
    int32(-1),
    ...records
  ])
}

function aResponse(): Buffer {
  return Buffer.concat([
    int32(5),
    int16(0),
    int32(0),
    int32(2),
    int16(3),
    Buffer.from('one'),
    int32(2),
    aPartition(0, 0, 'abc'),
    aPartition(4, 1, null),
    int16(3),
    Buffer.from('two'),
    int32(1),
    aPartition(7, 0, 'd')
  ])
}

test('splits a response into its partitions', () => {
  const aborted = [{ producerId: 77n, firstOffset: 2n }]
  const log = { highWatermark: 9n, lastStableOffset: 8n, logStart: 1n, aborted }
  expect(parseFetchResponse(aResponse())).toEqual({
    throttleMs: 5,
    errorCode: 0,
    partitions: [
      { topic: 'one', partition: 0, errorCode: 0, ...log, data: Buffer.from('abc') },
      { topic: 'one', partition: 4, errorCode: 1, ...log, data: Buffer.alloc(0) },
      { topic: 'two', partition: 7, errorCode: 0, ...log, data: Buffer.from('d') }
    ]
  })
})

test('refuses a response that ends too early, wherever it ends', () => {
  const whole = aResponse()
  for (let bytes = 0; bytes < whole.length; bytes += 1) {
    expect(() => parseFetchResponse(whole.subarray(0, bytes))).toThrow(FatalError)
  }
})
