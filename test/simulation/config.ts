/**
 * @module Settings of the simulations, from the environment.
 */

/** How many seeds a run tries, and the first of them. */
export interface SimulationRange {
  readonly seeds: number
  readonly firstSeed: number
}

/** Seeds that are quick enough for every run of the tests; the nightly run sets 10,000. */
const seedsDefault = 300

/**
 * Reads SIM_SEEDS and SIM_SEED.
 * @throws RangeError when one is no whole number of 1 or more
 */
export function loadSimulationRange(
  environment: NodeJS.ProcessEnv = process.env,
  seedsUnset = seedsDefault
): SimulationRange {
  return {
    seeds: wholeNumber(environment, 'SIM_SEEDS', seedsUnset),
    firstSeed: wholeNumber(environment, 'SIM_SEED', 1)
  }
}

function wholeNumber(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = environment[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new RangeError(`${name}: expected a whole number of 1 or more, got "${text}"`)
}
