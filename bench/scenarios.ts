/**
 * @module Runs the scenarios of a bench one after the other. One that cannot run takes nothing from
 * what the others find.
 */
import type { Report } from '../ops/stack/index.ts'

export interface ScenarioRun<Name extends string> {
  /** Those to run. */
  readonly names: readonly Name[]
  readonly run: (name: Name) => Promise<unknown>
  readonly tell: Report
  readonly signal: AbortSignal
}

export interface ScenarioOutcomes {
  readonly found: Readonly<Record<string, unknown>>
  readonly failures: Readonly<Record<string, string>>
}

/** @throws the signal's reason once aborted */
export async function runScenarios<Name extends string>(
  options: ScenarioRun<Name>
): Promise<ScenarioOutcomes> {
  const { names, run, tell, signal } = options
  const found: Record<string, unknown> = {}
  const failures: Record<string, string> = {}
  for (const name of names) {
    tell(`${name} ...`)
    try {
      found[name] = await untilAborted(run(name), signal)
    } catch (error) {
      signal.throwIfAborted()
      failures[name] = error instanceof Error ? error.message : String(error)
      tell(`${name} failed: ${failures[name]}`)
    }
  }
  return { found, failures }
}

/**
 * The scenarios that `BENCH_ONLY` names, in the order of their run; `all` means every one.
 *
 * @throws RangeError when one is asked for that is not there
 */
export function chosenScenarios<Name extends string>(
  all: readonly Name[],
  wanted: readonly string[]
): readonly Name[] {
  if (wanted.includes('all')) return all
  const unknown = wanted.filter((name) => !all.includes(name as Name))
  if (unknown.length > 0) {
    throw new RangeError(
      `BENCH_ONLY: expected some of ${all.join(', ')}, got ${unknown.join(', ')}`
    )
  }
  return all.filter((name) => wanted.includes(name))
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
