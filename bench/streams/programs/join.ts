/**
 * @module Inner join of two streams by key within a distance in time; a pair is written as the two
 * values one after the other.
 */
import { createStreamsBuilder, joinWindow } from '../../../streams/operators/index.ts'
import { bytesFormat } from '../../../streams/runtime/index.ts'
import type { Program } from './program.ts'

export const join: Program = (settings) => {
  const { app, inputs, output, partitions, windowMs, graceMs, commitMs } = settings
  const [left, right] = inputs
  if (right === undefined) throw new Error('expected two input topics for a join, got one')
  const builder = createStreamsBuilder({ app, commitIntervalMs: commitMs })
  builder
    .stream(left, { name: 'join' })
    .join(builder.stream(right), {
      name: 'joined',
      window: joinWindow({ beforeMs: windowMs, afterMs: windowMs, graceMs }),
      join: (one, other): Buffer => Buffer.concat([one, other])
    })
    .to({ name: output, partitions, format: bytesFormat })
  return builder.build()
}
