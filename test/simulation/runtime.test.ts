/**
 * @module Seeds of the runtime's simulation: whatever goes wrong, each input takes effect exactly once.
 */
import { expect, test } from 'vitest'
import { loadSimulationRange } from './config.ts'
import { callFaults } from './runtime-faults.ts'
import { taskPoints } from './runtime-plans.ts'
import { reportOf, simulateRuntime } from './runtime-simulation.ts'

/** Quick enough for every run of the tests; the nightly run sets 10,000. */
const seedsDefault = 150
/** Seeds of one test: small enough that a failure is seen early. */
const seedsEach = 25
/** Generous: a seed takes about 0.04 s on a quiet core. */
const msEachMax = 4_000
/** From so many seeds on, everything that can go wrong must have gone wrong. */
const seedsForCoverage = 150

const { seeds, firstSeed } = loadSimulationRange(process.env, seedsDefault)
const bites = new Map<string, number>()

for (let first = firstSeed; first < firstSeed + seeds; first += seedsEach) {
  const last = Math.min(first + seedsEach, firstSeed + seeds) - 1
  const timeout = (last - first + 1) * msEachMax
  test(`takes each input into account once with seeds ${first} to ${last}`, {
    timeout
  }, async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const result = await simulateRuntime(seed)
      for (const [name, hits] of result.bites) bites.set(name, (bites.get(name) ?? 0) + hits)
      if (result.anomalies.length + result.fatal.length > 0) expect.fail(reportOf(result))
    }
  })
}

test.runIf(seeds >= seedsForCoverage)('everything that can go wrong goes wrong', () => {
  const wanted = [
    ...callFaults,
    ...taskPoints.flatMap((point) => [`crash:${point}`, `pause:${point}`]),
    // A zombie that goes on after its successor began, before its commit and before its late apply.
    ...['process.after', 'txn.after-outputs', 'txn.after-offsets', 'store.before-apply'].map(
      (point) => `zombie:${point}`
    ),
    'zombie-fenced',
    'takeover',
    'redis-wiped',
    'redis-rolled-back',
    'redis-failed-over',
    'compaction',
    'tombstones-gone',
    'segments-expired',
    'clock-back',
    'duplicate-fetch',
    'input-aborted',
    'input-sent-twice'
  ]
  expect(wanted.filter((name) => !bites.has(name))).toEqual([])
})
