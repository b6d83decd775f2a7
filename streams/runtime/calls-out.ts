/**
 * @module The calls out of a batch, made before its inputs are handled: concurrent up to the
 * topology's bound, in order for each key. Their results become visible with the transaction; a call
 * is repeated when the transaction fails, so it must be idempotent by its own key.
 */
import type { KafkaRecord } from '../../core/kafka/index.ts'
import type { Decoded } from './batch.ts'
import type { Timer } from './processor.ts'
import type { RunningTask } from './running-task.ts'
import { timerId } from './timer-queue.ts'
import type { EffectInput } from './topology.ts'

/** Calls out in flight at once when the topology names no bound. */
const effectConcurrencyDefault = 16

export interface EffectInputs {
  readonly decoded: readonly Decoded[]
  readonly timers: readonly Timer[]
  readonly wallMs: number
}

/** Name of a record's result; that of a timer's is its id. */
export function effectId(raw: KafkaRecord): string {
  return `${raw.topic}@${raw.offset}`
}

/** @returns each call's result by the input's name */
export async function runEffects(
  task: RunningTask,
  inputs: EffectInputs
): Promise<ReadonlyMap<string, unknown>> {
  const { topology } = task.deps
  const results = new Map<string, unknown>()
  const queue = chainsByKey(task, inputs)
  const get = (store: string, key: string): unknown => task.context.get(store, key)
  const worker = async (): Promise<void> => {
    for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
      for (const { id, input } of chain) results.set(id, await topology.effect?.(input, get))
    }
  }
  const workers = topology.effectConcurrency ?? effectConcurrencyDefault
  await Promise.all(Array.from({ length: workers }, worker))
  return results
}

interface Call {
  readonly id: string
  readonly input: EffectInput
}

function chainsByKey(task: RunningTask, { decoded, timers, wallMs }: EffectInputs): Call[][] {
  const chains = new Map<string, Call[]>()
  const add = (key: string, call: Call): void => {
    const chain = chains.get(key)
    if (chain) chain.push(call)
    else chains.set(key, [call])
  }
  for (const record of decoded) {
    if (record.error !== null || record.isTombstone) continue
    add(record.key, { id: effectId(record.raw), input: { kind: 'record', record } })
  }
  const frontier = task.inputs.frontier()
  for (const timer of timers) {
    if (timer.clock === 'task' && !task.time.isPast(timer.dueMs, frontier, wallMs)) continue
    add(timer.key, { id: timerId(timer.key, timer.name), input: { kind: 'timer', timer } })
  }
  return [...chains.values()]
}
