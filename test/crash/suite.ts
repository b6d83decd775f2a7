/**
 * @module Runs cases several at a time and tells of each as it ends.
 */
import { systemClock } from '../../core/index.ts'
import { type CaseOptions, type CaseResult, runCase } from './case-run.ts'
import type { CrashCase } from './matrix.ts'
import type { Stage } from './scene.ts'

export interface SuiteOptions extends Omit<CaseOptions, 'app'> {
  readonly stage: Stage
  /** Cases that run at a time. */
  readonly lanes: number
  readonly onEnd: (result: CaseResult, done: number) => void
}

/** @returns the results in the order of the cases */
export async function runCases(
  cases: readonly CrashCase[],
  { lanes, onEnd, ...options }: SuiteOptions
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  // Unique in the servers, where other runs may have left something behind.
  const run = systemClock.randomBytes(4).toString('hex')
  let next = 0
  let done = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const at = next
      next += 1
      const crashCase = cases[at]
      if (crashCase === undefined) return
      const result = await runCase(crashCase, { ...options, app: `crash${run}x${at}` })
      results[at] = result
      done += 1
      onEnd(result, done)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}
