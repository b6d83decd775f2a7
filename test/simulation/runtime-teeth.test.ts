/**
 * @module The runtime's simulation notices a broken protocol and names what is wrong, and a seed gives
 * the same run every time.
 */
import { describe, expect, test } from 'vitest'
import type { TaskFaults } from '../../streams/runtime/index.ts'
import { type AnomalyName, namesOf } from '../checker/index.ts'
import { reportOf, simulateRuntime } from './runtime-simulation.ts'

const seedsMax = 40

/** Names of the anomalies over the first seeds, until all that are wanted were found. */
async function anomaliesWith(
  faults: TaskFaults,
  wanted: readonly AnomalyName[]
): Promise<ReadonlySet<AnomalyName>> {
  const found = new Set<AnomalyName>()
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    for (const name of namesOf((await simulateRuntime(seed, faults)).anomalies)) found.add(name)
    if (wanted.every((name) => found.has(name))) break
  }
  return found
}

describe('the simulation', () => {
  test('reports stores ahead and no way back when they are applied before the commit', async () => {
    const wanted: AnomalyName[] = ['position-ahead', 'store-mismatch', 'not-live']
    const found = await anomaliesWith({ applyBeforeCommit: true }, wanted)
    expect([...found]).toEqual(expect.arrayContaining(wanted))
  })

  test('reports duplicates when outputs and offsets are not committed together', async () => {
    const found = await anomaliesWith({ withoutTransactions: true }, ['duplicate'])
    expect([...found]).toContain('duplicate')
  })

  test('gives the same run for the same seed', async () => {
    expect(await simulateRuntime(7)).toEqual(await simulateRuntime(7))
  })

  test('says how to run a failed seed again', async () => {
    const result = await simulateRuntime(2, { applyBeforeCommit: true })
    const report = reportOf(result)
    expect(report).toContain('seed 2: ')
    expect(report).toContain('SIM_SEED=2 SIM_SEEDS=1')
  })
})
