/**
 * @module The ingress bench: its scenarios one after the other, and the result they make.
 */

import { readIngressConfig } from '../../ingress/config.ts'
import { prepare } from '../../ops/cli/prepare.ts'
import { stackEnvironment } from '../../ops/stack/index.ts'
import { describeMachine, describeVersions, type Machine, type Versions } from '../machine.ts'
import type { BenchOptions } from '../run-main.ts'
import { chosenScenarios, runScenarios } from '../scenarios.ts'
import { openStage } from '../stage.ts'
import type { TargetOutcome } from '../targets.ts'
import { type BatchResult, batchPositions } from './batch-positions.ts'
import { type FanOutResult, fanOut } from './fan-out.ts'
import { writeLoadFiles } from './load-files.ts'
import { type OpenLoopResult, openLoop } from './open-loop.ts'
import { type OutageResult, outage } from './outage.ts'
import { type RidesResult, rides } from './rides.ts'
import type { Scenario } from './scenario.ts'
import { type PeerName, peerNames } from './servers.ts'
import { ingressSizes } from './sizes.ts'
import { judge, ratioTo } from './targets.ts'
import { ensureWrk } from './wrk.ts'

/** What each scenario found; one that did not run is left out. */
export interface IngressFigures {
  readonly rides?: RidesResult
  readonly batchPositions?: BatchResult
  readonly openLoop?: OpenLoopResult
  readonly fanOut?: FanOutResult
  readonly outage?: OutageResult
}

export interface IngressBenchResult extends IngressFigures {
  readonly bench: 'ingress'
  readonly isSmoke: boolean
  /** Ours over theirs at the most connections; null when the scenario did not run. */
  readonly ratio: Readonly<Record<PeerName, number | null>>
  readonly isRight: boolean
  readonly failures: Readonly<Record<string, string>>
  readonly targets: Readonly<Record<string, TargetOutcome>>
  readonly seconds: number
  readonly seed: number
  readonly machine: Machine
  readonly versions: Versions
  readonly config: Readonly<Record<string, number | string>>
}

/** In the order of their run: comparisons need the quiet most, the outage takes the broker. */
const scenarios = { rides, batchPositions, openLoop, fanOut, outage } as const

type ScenarioName = keyof typeof scenarios

/** @throws RangeError when a scenario is asked for that is not there */
export async function runIngressBench(options: BenchOptions): Promise<IngressBenchResult> {
  const { settings, clock, tell, signal } = options
  const names = chosenScenarios(Object.keys(scenarios) as ScenarioName[], settings.BENCH_ONLY)
  const startedAt = clock.monotonic()
  const machine = describeMachine()
  const sizes = ingressSizes(settings)
  await ensureWrk()
  const stage = await openStage({ clock, tell })
  try {
    const seed = settings.BENCH_SEED
    const environment = stackEnvironment(stage.addresses)
    await prepare(environment, tell)
    const { secrets } = readIngressConfig(environment).shared
    const jwtSecret = secrets.jwtSecret ?? ''
    const files = await writeLoadFiles({ stage, sizes, seed, jwtSecret })
    const run = (name: ScenarioName): Promise<unknown> =>
      (scenarios[name] as Scenario<unknown>)({ stage, sizes, files })
    const { found, failures } = await runScenarios({ names, run, tell, signal })
    const figures: IngressFigures = found
    return {
      bench: 'ingress',
      ratio: Object.fromEntries(
        peerNames.map((name) => [name, ratioTo(name)(figures) ?? null])
      ) as Record<PeerName, number | null>,
      targets: judge(figures),
      isRight:
        (figures.rides?.isRight ?? true) &&
        (figures.batchPositions?.isRight ?? true) &&
        (figures.openLoop?.wrong ?? 0) === 0 &&
        (figures.fanOut?.missing ?? 0) === 0 &&
        (figures.fanOut?.anomalies ?? 0) === 0 &&
        (figures.outage?.hasResumed ?? true),
      failures,
      isSmoke: settings.BENCH_SMOKE,
      seconds: Math.round((clock.monotonic() - startedAt) / 1_000),
      seed,
      machine,
      versions: await describeVersions(),
      config: { ...sizes.chosen, acks: 'all' },
      ...figures
    }
  } finally {
    await stage.close()
  }
}
