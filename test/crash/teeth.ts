/**
 * @module The two broken variants of the commit protocol, which the crash tests must find out: a
 * suite that stays green with them proves nothing.
 */
import type { TaskFaults } from '../../streams/runtime/index.ts'
import { type AnomalyName, namesOf } from '../checker/index.ts'
import { crashMatrix } from './matrix.ts'
import type { Stage } from './scene.ts'
import { runCases } from './suite.ts'

interface Tooth {
  readonly variant: keyof TaskFaults
  /** Where the variant goes wrong. */
  readonly cases: readonly string[]
  /** At least one of these must be among what is found. */
  readonly expected: readonly AnomalyName[]
}

export interface ToothResult {
  readonly variant: string
  readonly found: readonly AnomalyName[]
  readonly isFound: boolean
}

const teeth: readonly Tooth[] = [
  {
    variant: 'applyBeforeCommit',
    cases: ['txn.after-offsets kill same first', 'txn.after-offsets kill same nth'],
    expected: ['position-ahead', 'wrong-value', 'store-mismatch']
  },
  {
    variant: 'withoutTransactions',
    cases: ['txn.after-outputs kill same first', 'txn.after-outputs kill same nth'],
    expected: ['duplicate']
  }
]

/** A broken variant may never come to rest. */
const liveMs = 8_000

export async function runTeeth(options: {
  readonly stage: Stage
  readonly lanes: number
  readonly seed: number
}): Promise<ToothResult[]> {
  const { stage, lanes, seed } = options
  const matrix = crashMatrix(seed)
  const results: ToothResult[] = []
  for (const { variant, cases, expected } of teeth) {
    const chosen = matrix.filter(({ name }) => cases.includes(name))
    const task = { faults: { [variant]: true } }
    const played = await runCases(chosen, { stage, lanes, task, liveMs, onEnd: () => undefined })
    // Whether the fault struck is not the variant's doing: without transactions nothing is aborted.
    const found: readonly AnomalyName[] = namesOf(
      played.flatMap(({ anomalies }) => anomalies)
    ).filter((name) => name !== 'no-bite')
    const isFound =
      played.every(({ anomalies }) => anomalies.length > 0) &&
      expected.some((name) => found.includes(name))
    results.push({ variant, found, isFound })
  }
  return results
}
