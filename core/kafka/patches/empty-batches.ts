/**
 * @module The log cleaner leaves empty batches behind to remember an idempotent writer's sequence.
 * kafkajs moves its offset by records only, so a segment that ends in such a batch is fetched for
 * ever. A control record at the batch's last offset makes kafkajs step over it.
 */

import type { Patch } from './patch.ts'

type DecodedBatch = {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  records: unknown[]
}
type BatchDecoder = (decoder: unknown) => Promise<DecodedBatch>

export const emptyBatches: Patch = {
  name: 'empty-batches',
  apply(modules) {
    modules.replace<BatchDecoder>('src/protocol/recordBatch/v0/decoder', fillEmptyBatches)
  }
}

export function fillEmptyBatches(decode: BatchDecoder): BatchDecoder {
  return async (decoder) => {
    const batch = await decode(decoder)
    if (batch.records.length === 0) {
      const offset = String(BigInt(batch.firstOffset) + BigInt(batch.lastOffsetDelta))
      const control = { key: null, value: null, headers: {}, isControlRecord: true }
      batch.records = [{ ...control, offset, batchContext: batch }]
    }
    return batch
  }
}
