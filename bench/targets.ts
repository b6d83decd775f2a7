/**
 * @module What figures are held against. A missed target does not fail a bench, since a busy machine
 * misses any; a wrong answer does.
 */

/** One target: `bar` has to be reached, `aim` is wished for. */
export interface TargetOutcome {
  readonly bar: number
  readonly aim: number | null
  readonly got: number
  readonly isHeld: boolean
}

/** Targets by name. */
export type Targets<Figures> = Readonly<
  Record<
    string,
    {
      readonly bar: number
      readonly aim?: number
      /** True when smaller is better. */
      readonly isLimit?: boolean
      /** Undefined when the scenario did not run. */
      readonly of: (figures: Figures) => number | undefined
    }
  >
>

/** Every target whose scenario ran. */
export function judgeTargets<Figures>(
  targets: Targets<Figures>,
  figures: Figures
): Record<string, TargetOutcome> {
  const outcomes: Record<string, TargetOutcome> = {}
  for (const [name, { bar, aim = null, isLimit = false, of }] of Object.entries(targets)) {
    const got = of(figures)
    if (got === undefined) continue
    outcomes[name] = { bar, aim, got, isHeld: isLimit ? got <= bar : got >= bar }
  }
  return outcomes
}
