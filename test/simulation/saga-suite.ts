/**
 * @module Runs a range of seeds as tests. Two test files take one half each, so that two cores
 * share the work.
 */
import { expect, test } from 'vitest'
import type { RideEvent } from '../../avro/index.ts'
import { isSwitchedOff } from '../support/config.ts'
import { loadSimulationRange } from './config.ts'
import { reportOf, simulate } from './simulation.ts'
import type { SimulationFaults } from './world.ts'

/** Seeds of one test: small enough that a failure is seen early. */
const seedsEach = 25
/** Generous: a seed takes about 0.1 s on a quiet core. */
const msEachMax = 4_000
/** From so many seeds on, everything that can happen to a ride must have happened. */
const seedsForCoverage = 50

/** Rules that `make test-teeth` has switched off; with one off, some seed must go red. */
const faults: SimulationFaults = {
  noS3: isSwitchedOff('no-s3'),
  noS4: isSwitchedOff('no-s4'),
  noS7: isSwitchedOff('no-s7')
}

const everything: readonly RideEvent['type'][] = [
  'DRIVER_ARRIVED',
  'MATCHING_FAILED',
  'OFFER_DECLINED',
  'OFFER_EXPIRED',
  'RIDE_ACCEPTED',
  'RIDE_CANCELLED',
  'RIDE_COMPLETED',
  'RIDE_MATCHED',
  'RIDE_RATED',
  'RIDE_REALLOCATED',
  'RIDE_REJECTED',
  'RIDE_REQUESTED',
  'RIDE_STARTED'
]

/** Declares the tests of every second seed, beginning with the first (0) or second (1). */
export function testSeeds(half: 0 | 1): void {
  const { seeds, firstSeed } = loadSimulationRange()
  const own = Array.from({ length: seeds }, (_, n) => firstSeed + n).filter(
    (seed) => (seed - firstSeed) % 2 === half
  )
  const seen = new Set<string>()
  for (let from = 0; from < own.length; from += seedsEach) {
    const group = own.slice(from, from + seedsEach)
    const name = `keeps every rule of the saga with seeds ${group[0]} to ${group.at(-1)}`
    test(name, { timeout: group.length * msEachMax }, async () => {
      for (const seed of group) await expectRulesKept(seed, seen)
    })
  }
  test.runIf(own.length >= seedsForCoverage)('everything that can happen to a ride happens', () => {
    expect([...seen].sort()).toEqual(everything)
  })
  // A run of one seed leaves the other half without any.
  test.runIf(own.length === 0)('no seed is left for this half', () => {
    expect(seeds).toBe(1)
  })
}

async function expectRulesKept(seed: number, seen: Set<string>): Promise<void> {
  const result = await simulate(seed, { faults })
  for (const type of result.stats.events) seen.add(type)
  if (result.violations.length === 0) return
  const traced = await simulate(seed, { faults, isTraced: true })
  expect.fail(reportOf(traced))
}
