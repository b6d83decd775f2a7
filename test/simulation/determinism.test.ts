import { expect, test } from 'vitest'
import { loadSimulationRange } from './config.ts'
import { reportOf, simulate } from './simulation.ts'

test('a seed gives the same run every time', async () => {
  expect(await simulate(7, { isTraced: true })).toEqual(await simulate(7, { isTraced: true }))
})

test('a run in which a rule is off says which seed broke what, and how to run it again', async () => {
  const report = reportOf(await simulate(3, { faults: { noS7: true }, isTraced: true }))
  expect(report).toContain('seed 3 breaks a promise')
  expect(report).toContain('S7 refused')
  expect(report).toContain('SIM_SEED=3 SIM_SEEDS=1')
  expect(report).toContain('RIDE_MATCHED')
})

test('the range of seeds comes from the environment', () => {
  expect(loadSimulationRange({})).toEqual({ seeds: 300, firstSeed: 1 })
  expect(loadSimulationRange({ SIM_SEEDS: '10000', SIM_SEED: '42' })).toEqual({
    seeds: 10_000,
    firstSeed: 42
  })
  expect(() => loadSimulationRange({ SIM_SEEDS: 'many' })).toThrow(
    'SIM_SEEDS: expected a whole number of 1 or more, got "many"'
  )
})
