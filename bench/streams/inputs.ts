/**
 * @module The inputs of the comparisons: one topic that windowed count and session window share, and
 * a pair of topics for the join. Each is written once, before the first scenario that reads it.
 */
import { type InputSpec, inputRecords, writeInput } from '../input.ts'
import type { Stage } from '../stage.ts'
import type { StreamsSizes } from './sizes.ts'

export interface StreamsInputs {
  /** The topic of both counts. */
  counted(): Promise<InputSpec>
  /** Left and right side; together as many records as `counted` has. */
  joined(): Promise<readonly [InputSpec, InputSpec]>
}

export function createInputs(stage: Stage, sizes: StreamsSizes, seed: number): StreamsInputs {
  const { keys, partitions, valueBytes, spanMs, windowMs, records } = sizes
  // Recent, so that no broker deletes it as too old, and at the start of a window, so that windows
  // lie the same in every run.
  const now = stage.clock.now() - spanMs - windowMs
  const baseMs = now - (now % windowMs)
  const common = { keys, partitions, valueBytes, spanMs, baseMs }
  const write = async (name: string, count: number, seedOfTopic: number): Promise<InputSpec> => {
    const topic = `${stage.prefix}_${name}`
    const spec = { ...common, topic, records: count, seed: seedOfTopic }
    await writeInput({ ...stage, spec, records: inputRecords(spec) })
    return spec
  }
  let counted: Promise<InputSpec> | undefined
  let joined: Promise<readonly [InputSpec, InputSpec]> | undefined
  return {
    counted() {
      counted ??= write('input', records, seed)
      return counted
    },
    joined() {
      joined ??= (async () => {
        const left = await write('left', records >> 1, seed + 100)
        return [left, await write('right', records >> 1, seed + 200)] as const
      })()
      return joined
    }
  }
}
