/**
 * @module What a scenario of the ingress bench is given.
 */
import type { Stage } from '../stage.ts'
import type { LoadFiles } from './load-files.ts'
import type { IngressSizes } from './sizes.ts'

export interface ScenarioOptions {
  readonly stage: Stage
  readonly sizes: IngressSizes
  readonly files: LoadFiles
}

/** Runs one subject and returns its part of the result. */
export type Scenario<R> = (options: ScenarioOptions) => Promise<R>
