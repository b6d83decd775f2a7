/**
 * @module What a scenario is given.
 */
import type { Stage } from '../stage.ts'
import type { StreamsInputs } from './inputs.ts'
import type { StreamsSizes } from './sizes.ts'

export interface ScenarioOptions {
  readonly stage: Stage
  readonly sizes: StreamsSizes
  readonly inputs: StreamsInputs
  readonly seed: number
}

/** Runs one subject and returns its part of the result. */
export type Scenario<R> = (options: ScenarioOptions) => Promise<R>
