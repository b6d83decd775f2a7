/**
 * @module One hop with state: keeps the latest value of each key and passes every record on.
 */
import { createStreamsBuilder } from '../../../streams/operators/index.ts'
import { bytesFormat } from '../../../streams/runtime/index.ts'
import type { Program } from './program.ts'

export const hop: Program = ({ app, inputs, output, partitions, commitMs }) => {
  const builder = createStreamsBuilder({ app, commitIntervalMs: commitMs })
  builder
    .stream(inputs[0], { name: 'hop' })
    .groupByKey()
    // Not cached: one result for each record, not the newest of each commit.
    .reduce({ name: 'latest', cached: false, reduce: (_, value) => value })
    .toStream()
    .to({ name: output, partitions, format: bytesFormat })
  return builder.build()
}
