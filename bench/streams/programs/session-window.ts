/**
 * @module Count by key in session windows, results on update.
 */
import { createStreamsBuilder, session } from '../../../streams/operators/index.ts'
import { longFormat } from '../../../streams/runtime/index.ts'
import type { Program } from './program.ts'

export const sessionWindow: Program = (settings) => {
  const { app, inputs, output, partitions, windowMs, graceMs, commitMs } = settings
  const builder = createStreamsBuilder({ app, commitIntervalMs: commitMs })
  builder
    .stream(inputs[0], { name: 'count' })
    .groupByKey()
    .windowedBy(session({ gapMs: windowMs, graceMs }))
    .count({ name: 'counts' })
    .toStream()
    .to(
      { name: output, partitions, format: longFormat },
      // Start, time of the last record, key: what the peer's key holds too.
      { key: ({ key, startMs, endMs }) => `${startMs}|${endMs - 1}|${key}` }
    )
  return builder.build()
}
