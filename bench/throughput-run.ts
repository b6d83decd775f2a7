/**
 * @module One run of one program on one engine, from a standing start with an application of its own
 * and empty state, over an input that is there already.
 *
 * The process first works through the whole input as another application, so that the JVM's and V8's
 * compilers have seen the program. Time then begins when the first record's value is decoded, which
 * both programs tell in the same place, and ends when the group's committed offsets have reached the
 * end of the input, seen from outside. The output is read afterwards and compared with the oracle.
 */
import type { Answer } from './answers.ts'
import { BenchChild } from './child-process.ts'
import { type ProgressPoint, steadyRate, watchProgress } from './committed-progress.ts'
import { readCommittedTopic } from './committed-topic.ts'
import { type ContestantName, contestantCommand, type ProgramArguments } from './contestant.ts'
import { benchTopic } from './input.ts'
import type { Digest } from './oracle.ts'
import { usageOf } from './process-usage.ts'
import type { Stage } from './stage.ts'

export interface ThroughputRun {
  readonly contestant: ContestantName
  /** Records over the time from the first record read to everything committed. */
  readonly recordsPerSecond: number
  /** The same from the first commit on. */
  readonly steadyRecordsPerSecond: number
  readonly seconds: number
  /** CPU time of the process in that time, s: two cores give at most twice `seconds`. */
  readonly cpuSeconds: number
  readonly residentPeakMb: number
  /** Records of the output topic: updates that the engine did not merge. */
  readonly outputs: number
  readonly digest: Digest
}

export interface ThroughputRunOptions {
  readonly stage: Stage
  readonly contestant: ContestantName
  readonly program: ProgramArguments
  /** Records of all input topics together. */
  readonly records: number
  /** Names the application: letters, digits and underscores. */
  readonly name: string
  readonly answer: Answer
}

const lookEveryMs = 20
const patienceMs = 60_000
/** For the broker to be done with what the run before left: transactions, index flushes. */
const restMs = 1_000

export async function runThroughput(options: ThroughputRunOptions): Promise<ThroughputRun> {
  const { stage, contestant, program, name, answer } = options
  const child = new BenchChild(contestantCommand(stage, contestant, program), stage.clock)
  try {
    await child.event('ready')
    await runApplication(options, child, `${name}_warmup`)
    child.command('stop')
    await child.event('stopped')
    await stage.clock.sleep(restMs)
    const measured = await runApplication(options, child, name)
    await child.end()
    const outputs = await readCommittedTopic({
      ...stage,
      topic: outputOf(name),
      onRecord: (record) => answer.add(record)
    })
    return { contestant, ...measured, outputs, digest: answer.digest() }
  } finally {
    await child.kill()
  }
}

async function runApplication(options: ThroughputRunOptions, child: BenchChild, name: string) {
  const { stage, program, records } = options
  const output = outputOf(name)
  await stage.admin.ensureTopics([benchTopic(output, program.partitions)])
  child.command('start', name, output)
  const [groupId = name] = await child.event('started')
  const points = watchProgress({
    ...stage,
    groupId,
    topics: program.input,
    records,
    everyMs: lookEveryMs,
    patienceMs,
    died: child.died
  })
  // Whichever comes first is the failure that is told.
  const [[firstAt = ''], usageBefore] = await Promise.race([
    child.event('first-record').then(async (words) => [words, await usageOf(child.pid)] as const),
    points.then(() => Promise.reject(new Error('everything is committed, no record was read')))
  ])
  const all: readonly ProgressPoint[] = await points
  const usage = await usageOf(child.pid)
  const seconds = ((all.at(-1)?.atMs ?? Number.NaN) - Number(firstAt)) / 1000
  return {
    recordsPerSecond: Math.round(records / seconds),
    steadyRecordsPerSecond: Math.round(steadyRate(all)),
    seconds,
    cpuSeconds: Math.round((usage.cpuSeconds - usageBefore.cpuSeconds) * 100) / 100,
    residentPeakMb: Math.round(usage.residentPeakMb)
  }
}

function outputOf(name: string): string {
  return `${name}_output`
}
