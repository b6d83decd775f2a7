/**
 * @module A table: keeps the latest value of each key and passes nothing on.
 */
import { createStreamsBuilder } from '../../../streams/operators/index.ts'
import type { Program } from './program.ts'

export const table: Program = ({ app, inputs, commitMs }) => {
  const builder = createStreamsBuilder({ app, commitIntervalMs: commitMs })
  builder.stream(inputs[0], { name: 'table' }).toTable({ name: 'latest' })
  return builder.build()
}
