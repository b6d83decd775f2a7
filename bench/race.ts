/**
 * @module A comparison: pairs of runs, ours and theirs in turn, over the same input, every answer
 * held against the oracle.
 */
import type { Answer } from './answers.ts'
import { type Comparison, compare } from './comparison.ts'
import type { ContestantName, ProgramArguments } from './contestant.ts'
import type { Digest } from './oracle.ts'
import type { Stage } from './stage.ts'
import { runThroughput, type ThroughputRun } from './throughput-run.ts'

export interface RaceResult extends Comparison {
  /** What both had to answer. */
  readonly expected: Digest
  /** True when every run answered exactly that. */
  readonly isRight: boolean
  readonly records: number
  readonly runs: readonly ThroughputRun[]
}

export interface RaceOptions {
  readonly stage: Stage
  /** Short name for applications and topics: lower case letters. */
  readonly name: string
  readonly program: ProgramArguments
  readonly records: number
  readonly pairs: number
  readonly expected: Digest
  /** A reader of each engine's output format. */
  readonly answers: Readonly<Record<ContestantName, () => Answer>>
}

const order: readonly ContestantName[] = ['hailstream', 'kafkaStreams']

export async function race(options: RaceOptions): Promise<RaceResult> {
  const { stage, name, program, records, pairs, expected, answers } = options
  const runs: ThroughputRun[] = []
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const contestant of order) {
      const run = await runThroughput({
        stage,
        contestant,
        program,
        records,
        name: `${stage.prefix}_${name}_${contestant.toLowerCase()}_${pair}`,
        answer: answers[contestant]()
      })
      runs.push(run)
      stage.tell(
        `${name} ${pair}/${pairs} ${contestant}: ${run.recordsPerSecond} records/s, ` +
          `${run.outputs} outputs, checksum ${run.digest.checksum}` +
          (isSame(run.digest, expected) ? '' : `, expected ${JSON.stringify(expected)}`)
      )
    }
  }
  const figures = (contestant: ContestantName): number[] =>
    runs.filter((run) => run.contestant === contestant).map((run) => run.recordsPerSecond)
  return {
    ...compare(figures('hailstream'), figures('kafkaStreams')),
    expected,
    isRight: runs.every(({ digest }) => isSame(digest, expected)),
    records,
    runs
  }
}

function isSame(digest: Digest, expected: Digest): boolean {
  return (
    digest.entries === expected.entries &&
    digest.sum === expected.sum &&
    digest.checksum === expected.checksum
  )
}
