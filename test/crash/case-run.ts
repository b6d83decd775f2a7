/**
 * @module Plays one case to its end and judges it: fault, rest, final reads, checker.
 */
import type { TaskSettings } from '../../streams/runtime/index.ts'
import { type Anomaly, checkHistory, type History, sumsUp } from '../checker/index.ts'
import { waitFor } from '../support/wait-for.ts'
import type { CrashCase, PointCase } from './matrix.ts'
import { pointPlans } from './matrix.ts'
import { deadLetters, observe } from './observation.ts'
import { crashOracle } from './oracle.ts'
import { playPoint } from './point-scenario.ts'
import { Scene, type Stage } from './scene.ts'
import { playState, stateSettings } from './state-scenario.ts'
import { topicsOf } from './workload.ts'

export interface CaseResult {
  readonly name: string
  readonly seed: number
  /** True when everything the fault consists of happened. */
  readonly hasBitten: boolean
  readonly anomalies: readonly Anomaly[]
  readonly bites: History['nemesis']
  /** Codes of the tasks dropped on the way, in all processes. */
  readonly dropped: readonly string[]
  /** From the fault's end to lag 0, ms. */
  readonly restMs: number | null
  readonly ms: number
  /** Output of the processes, when something was wrong. */
  readonly output: string
}

export interface CaseOptions {
  readonly stage: Stage
  readonly app: string
  readonly task?: Partial<TaskSettings>
  /** Longest time to rest, ms. */
  readonly liveMs?: number
}

/** Windows close within a second of the last input, and timers in less. */
const quietMs = 15_000

export async function runCase(crashCase: CrashCase, options: CaseOptions): Promise<CaseResult> {
  const { seed, name } = crashCase
  const settings =
    crashCase.kind === 'state'
      ? stateSettings(crashCase.fault)
      : { transactionVersion: crashCase.transactionVersion, task: {} }
  const task = { ...settings.task, ...options.task }
  const scene = await Scene.open({ ...options, ...settings, task, seed })
  const startedMs = scene.clock.monotonic()
  // A case that gets stuck is judged too: what is wrong says more than that it is stuck.
  const played = await play(scene, crashCase).catch((error: unknown): Played => {
    tellLate(scene, error)
    return stuck
  })
  const { restMs } = played
  const anomalies = await judge(scene, crashCase, played).catch((error: unknown) => {
    tellLate(scene, error)
    return scene.anomalies
  })
  const hasBitten =
    scene.bites.length > 0 &&
    scene.bites.every(({ hits }) => hits > 0) &&
    !anomalies.some((anomaly) => anomaly.name === 'no-bite')
  const result: CaseResult = {
    name,
    seed,
    hasBitten,
    anomalies,
    bites: scene.bites,
    dropped: scene.instances.flatMap((instance) => instance.dropped),
    restMs,
    ms: scene.clock.monotonic() - startedMs,
    output: anomalies.length === 0 ? '' : outputOf(scene)
  }
  // What cannot be cleaned up lies in topics of its own and hurts nobody.
  await scene.close(anomalies.length === 0).catch(() => undefined)
  return result
}

interface Played {
  /** False when the case ends with a refusal, or never. */
  readonly rests: boolean
  /** Until lag 0, ms. */
  readonly restMs: number | null
}

const stuck: Played = { rests: false, restMs: null }

async function play(scene: Scene, crashCase: CrashCase): Promise<Played> {
  const rests =
    crashCase.kind === 'point'
      ? await playPoint(scene, crashCase).then(() => true)
      : await playState(scene, crashCase)
  await scene.sender.stop()
  if (!rests) return { rests, restMs: null }
  const endedMs = scene.clock.monotonic()
  const isDown = await scene.caughtUp().then(
    () => true,
    (error: unknown) => tellLate(scene, error)
  )
  const restMs = isDown ? scene.clock.monotonic() - endedMs : null
  if (isDown) await becomeQuiet(scene)
  return { rests, restMs }
}

/** The checker says that there was no rest; a process that ended by itself is for the domain to say. */
function tellLate(scene: Scene, error: unknown): false {
  const detail = error instanceof Error ? error.message : String(error)
  scene.anomalies.push({ name: 'not-live', detail })
  return false
}

async function becomeQuiet(scene: Scene): Promise<void> {
  await waitFor('windows and timers to be over', () => scene.isQuiet(), {
    timeoutMs: quietMs,
    everyMs: 100
  }).catch((error: unknown) => tellLate(scene, error))
}

async function judge(
  scene: Scene,
  crashCase: CrashCase,
  { rests, restMs }: Played
): Promise<Anomaly[]> {
  for (const instance of scene.instances) {
    await instance.end().catch((error: unknown) => tellLate(scene, error))
  }
  const isAtRest = rests && restMs !== null
  await scene.sender.stop()
  const history = await observe(scene, {
    isAtRest,
    expectsAborted: crashCase.kind === 'point' && expectsAborted(crashCase),
    tookMs: restMs
  })
  const rules = isAtRest ? [windowsSumUp(scene.app)] : []
  const found = checkHistory(history, crashOracle(scene.app), rules).filter(
    // The outputs of time itself come only at rest.
    (anomaly) => isAtRest || anomaly.name !== 'lost' || !/timer|window/.test(anomaly.detail)
  )
  const dead = await deadLetters(scene)
  if (dead > 0) found.push({ name: 'domain', detail: `${dead} records were dead-lettered` })
  return [...scene.anomalies, ...found]
}

/** An open transaction with outputs in it is left behind for certain. */
function expectsAborted({ point, fault, who }: PointCase): boolean {
  if (pointPlans[point].leavesAborted !== true) return false
  // The commit has arrived.
  if (fault === 'lost-reply' && point === 'txn.after-offsets') return false
  return fault === 'kill' || who === 'other'
}

function windowsSumUp(app: string) {
  const { output } = topicsOf(app)
  return sumsUp((history) => {
    const outputs = history.reads.find(({ isolation }) => isolation === 'committed')?.outputs ?? []
    const windows = outputs.filter(
      ({ topic, key }) => topic === output.name && key.startsWith('window ')
    )
    const counted = windows.reduce((sum, { payload }) => sum + Number(payload), 0)
    const inputs = history.inputs.filter(
      ({ payload, offset }) => payload !== 'remove' && offset !== null
    )
    return { counted, dropped: 0, inputs: inputs.length }
  })
}

function outputOf(scene: Scene): string {
  return scene.instances
    .map((instance, i) => `--- process ${i + 1}\n${instance.output.slice(-6_000)}`)
    .join('\n')
}
