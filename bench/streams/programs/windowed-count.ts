/**
 * @module Count by key in tumbling windows, results on update.
 */
import { createStreamsBuilder, tumbling } from '../../../streams/operators/index.ts'
import { longFormat } from '../../../streams/runtime/index.ts'
import type { Program } from './program.ts'

export const windowedCount: Program = (settings) => {
  const { app, inputs, output, partitions, windowMs, graceMs, commitMs } = settings
  const builder = createStreamsBuilder({ app, commitIntervalMs: commitMs })
  builder
    .stream(inputs[0], { name: 'count' })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: windowMs, graceMs }))
    .count({ name: 'counts' })
    .toStream()
    .to({ name: output, partitions, format: longFormat })
  return builder.build()
}
