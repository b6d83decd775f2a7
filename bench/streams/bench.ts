/**
 * @module The streams bench: its scenarios one after the other, and the result they make.
 */
import type { Clock } from '../../core/index.ts'
import type { Report } from '../../ops/stack/index.ts'
import type { BenchSettings } from '../config.ts'
import { commitMs, streamThreads } from '../contestant.ts'
import { describeMachine, describeVersions, type Machine, type Versions } from '../machine.ts'
import type { RaceResult } from '../race.ts'
import { openStage } from '../stage.ts'
import { type IdleResult, idle } from './idle.ts'
import { createInputs } from './inputs.ts'
import { join } from './join.ts'
import { type LatencyResult, latency } from './latency.ts'
import type { ScenarioOptions } from './scenario.ts'
import { sessionWindow } from './session-window.ts'
import { streamsSizes } from './sizes.ts'
import { type TakeoverResult, takeover } from './takeover.ts'
import { judge, type TargetOutcome } from './targets.ts'
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
const scenarios = { windowedCount, join, sessionWindow, latency, takeover, idle } as const

export type ScenarioName = keyof typeof scenarios

export interface StreamsBenchOptions {
  readonly settings: BenchSettings
  readonly clock: Clock
  readonly tell: Report
  /** Ends the bench between two steps; what it started is stopped. */
  readonly signal: AbortSignal
}

/** @throws RangeError when a scenario is asked for that is not there */
export async function runStreamsBench(options: StreamsBenchOptions): Promise<StreamsBenchResult> {
  const { settings, clock, tell, signal } = options
  const names = chosenScenarios(settings.BENCH_ONLY)
  const startedAt = clock.monotonic()
  const machine = describeMachine()
  const sizes = streamsSizes(settings)
  const stage = await openStage({ clock, tell })
  try {
    const seed = settings.BENCH_SEED
    const inputs = createInputs(stage, sizes, seed)
    const found: Record<string, unknown> = {}
    const failures: Record<string, string> = {}
    for (const name of names) {
      tell(`${name} ...`)
      const run = scenarios[name] as (options: ScenarioOptions) => Promise<unknown>
      try {
        found[name] = await untilAborted(run({ stage, sizes, inputs, seed }), signal)
      } catch (error) {
        signal.throwIfAborted()
        // One that cannot run takes nothing from what the others find.
        failures[name] = error instanceof Error ? error.message : String(error)
        tell(`${name} failed: ${failures[name]}`)
      }
    }
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

/** Rejects with the signal's reason at once; what still runs then loses its connections. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  // The loser of the race may fail later, when nobody listens any more.
  work.catch(() => undefined)
  try {
    signal.throwIfAborted()
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The scenarios named, in the order of their run; `all` means every one. */
export function chosenScenarios(wanted: readonly string[]): readonly ScenarioName[] {
  const all = Object.keys(scenarios) as ScenarioName[]
  if (wanted.includes('all')) return all
  const unknown = wanted.filter((name) => !all.includes(name as ScenarioName))
  if (unknown.length > 0) {
    throw new RangeError(
      `BENCH_ONLY: expected some of ${all.join(', ')}, got ${unknown.join(', ')}`
    )
  }
  return all.filter((name) => wanted.includes(name))
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
