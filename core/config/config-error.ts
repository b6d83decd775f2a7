/**
 * The error that stops a start because of its configuration.
 *
 * @module
 */

import { FatalError } from '../errors.ts'

/** What is wrong with one variable. `got` hides secrets. */
export type ConfigProblem = {
  readonly variable: string
  readonly expected: string
  readonly got: string
}

/** All problems of a configuration at once, so that one restart mends them all. */
export class ConfigError extends FatalError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const sentences = problems.map(
      ({ variable, expected, got }) => `${variable}: expected ${expected}, got ${got}`
    )
    super('HAIL_CONFIG', `${sentences.join('; ')} (see docs/configuration.md)`)
    this.problems = problems
  }
}
