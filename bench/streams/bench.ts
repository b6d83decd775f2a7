/**
 * @module The streams bench: its scenarios one after the other, and the result they make.
 */
import { commitMs, streamThreads } from '../contestant.ts'
import { describeMachine, describeVersions, type Machine, type Versions } from '../machine.ts'
import type { RaceResult } from '../race.ts'
import type { BenchOptions } from '../run-main.ts'
import { chosenScenarios, runScenarios } from '../scenarios.ts'
import { openStage } from '../stage.ts'
import type { TargetOutcome } from '../targets.ts'
import { type IdleResult, idle } from './idle.ts'
import { createInputs } from './inputs.ts'
import { join } from './join.ts'
import { type LatencyResult, latency } from './latency.ts'
import type { Scenario } from './scenario.ts'
import { sessionWindow } from './session-window.ts'
import { streamsSizes } from './sizes.ts'
import { type TakeoverResult, takeover } from './takeover.ts'
import { judge } from './targets.ts'
import { windowedCount } from './windowed-count.ts'

/** What each scenario found; one that did not run is left out. */
export interface StreamsFigures {
  readonly windowedCount?: RaceResult
  readonly join?: RaceResult
  readonly sessionWindow?: RaceResult
  readonly latency?: LatencyResult
  readonly takeover?: TakeoverResult
  readonly idle?: IdleResult
}

export interface StreamsBenchResult extends StreamsFigures {
  readonly bench: 'streams'
  readonly isSmoke: boolean
  /** Ours over Kafka Streams; null when the scenario did not run. */
  readonly ratio: Readonly<Record<ComparedScenario, number | null>>
  /** (largest - smallest) / median of the pairs' ratios. */
  readonly spread: Readonly<Record<ComparedScenario, number | null>>
  /** True when every run answered exactly what the input demands. */
  readonly isRight: boolean
  /** Why a scenario has no figures, by its name. */
  readonly failures: Readonly<Record<string, string>>
  readonly targets: Readonly<Record<string, TargetOutcome>>
  readonly seconds: number
  readonly seed: number
  readonly machine: Machine
  readonly versions: Versions
  readonly config: Readonly<Record<string, number | string>>
}

export type ComparedScenario = 'windowedCount' | 'join' | 'sessionWindow'

/** Scenarios in the order of their run. Those that compare come first: they need the quiet most. */
export const scenarios = { windowedCount, join, sessionWindow, latency, takeover, idle } as const

type ScenarioName = keyof typeof scenarios

/** @throws RangeError when a scenario is asked for that is not there */
export async function runStreamsBench(options: BenchOptions): Promise<StreamsBenchResult> {
  const { settings, clock, tell, signal } = options
  const names = chosenScenarios(Object.keys(scenarios) as ScenarioName[], settings.BENCH_ONLY)
  const startedAt = clock.monotonic()
  const machine = describeMachine()
  const sizes = streamsSizes(settings)
  const stage = await openStage({ clock, tell, withJavaPeer: true })
  try {
    const seed = settings.BENCH_SEED
    const inputs = createInputs(stage, sizes, seed)
    const run = (name: ScenarioName): Promise<unknown> =>
      (scenarios[name] as Scenario<unknown>)({ stage, sizes, inputs, seed })
    const { found, failures } = await runScenarios({ names, run, tell, signal })
    const figures: StreamsFigures = found
    return {
      ...summaryOf(figures),
      failures,
      isSmoke: settings.BENCH_SMOKE,
      seconds: Math.round((clock.monotonic() - startedAt) / 1_000),
      seed,
      machine,
      versions: await describeVersions(),
      config: { ...sizes.chosen, commitMs, streamThreads, processingGuarantee: 'exactly_once_v2' },
      ...figures
    }
  } finally {
    await stage.close()
  }
}

/** What a reader wants to know first. */
export function summaryOf(
  figures: StreamsFigures
): Pick<StreamsBenchResult, 'bench' | 'ratio' | 'spread' | 'isRight' | 'targets'> {
  const { windowedCount: count, join: joined, sessionWindow: session } = figures
  const of = (figure: (result: RaceResult) => number) => ({
    windowedCount: count === undefined ? null : figure(count),
    join: joined === undefined ? null : figure(joined),
    sessionWindow: session === undefined ? null : figure(session)
  })
  return {
    bench: 'streams',
    ratio: of(({ ratio }) => ratio),
    spread: of(({ spread }) => spread.ratio),
    isRight: [count, joined, session].every((result) => result?.isRight ?? true),
    targets: judge(figures)
  }
}
