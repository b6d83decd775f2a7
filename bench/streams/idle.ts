/**
 * @module Scenario: what a program costs that has nothing to do: the windowed count with its input
 * read and all its tasks running.
 */
import { watchProgress } from '../committed-progress.ts'
import { benchTopic } from '../input.ts'
import { usageOf } from '../process-usage.ts'
import { OwnProgram } from './own-program.ts'
import type { Scenario } from './scenario.ts'

export interface IdleResult {
  readonly tasks: number
  readonly seconds: number
  /** CPU time of the process over the time, % of one core. */
  readonly cpuPercent: number
  readonly residentMb: number
}

/**
 * For the last windows to close, for V8 to give back in steps, which it starts 8 s after the work
 * ends, what the work took, and for its compilers to finish the idle path, which gets hot only after
 * the work: a process that stays idle pays for none of these again. After 20 s a third to half of
 * the process' CPU time was still spent in V8's worker threads.
 */
const settleMs = 45_000

export const idle: Scenario<IdleResult> = async ({ stage, sizes, inputs }) => {
  const input = await inputs.counted()
  const { partitions, windowMs, graceMs } = sizes
  const name = `${stage.prefix}_idle`
  await stage.admin.ensureTopics([benchTopic(`${name}_output`, partitions)])
  const program = new OwnProgram(stage, {
    program: 'windowed-count',
    input: [input.topic],
    partitions,
    windowMs,
    graceMs
  })
  try {
    const groupId = await program.start(name, `${name}_output`)
    await watchProgress({
      ...stage,
      groupId,
      topics: [input.topic],
      records: input.records,
      everyMs: 100,
      patienceMs: 60_000,
      died: program.child.died
    })
    await program.unwatch()
    await stage.clock.sleep(settleMs)
    const before = await usageOf(program.child.pid)
    const startedAt = stage.clock.monotonic()
    await stage.clock.sleep(sizes.idleSeconds * 1_000)
    const seconds = (stage.clock.monotonic() - startedAt) / 1_000
    const { cpuSeconds, residentMb } = await usageOf(program.child.pid)
    const percent = ((cpuSeconds - before.cpuSeconds) / seconds) * 100
    const result = {
      tasks: partitions,
      seconds: Math.round(seconds * 10) / 10,
      cpuPercent: Math.round(percent * 100) / 100,
      residentMb: Math.round(residentMb)
    }
    stage.tell(`idle: ${result.cpuPercent} % of a core over ${result.seconds} s`)
    return result
  } finally {
    await program.child.end()
  }
}
