/**
 * What a fault did, measured: how many rides it hit, how long nothing was committed, how much state
 * was rebuilt.
 *
 * @module
 */
import type { FaultFigures } from './equations.ts'
import type { Evidence } from './evidence.ts'
import { type Fault, restoredSince } from './fault.ts'
import { longestSilenceMs, openAt } from './report.ts'
import type { Stage } from './stage.ts'

/** @param of `untilMs`: end of the load; silence after it is no stall */
export async function faultFigures(of: {
  readonly stage: Stage
  readonly evidence: Evidence
  readonly faults: readonly Fault[]
  readonly untilMs: number
}): Promise<FaultFigures> {
  const { stage, evidence, faults, untilMs } = of
  let figures: FaultFigures = {}
  for (const fault of faults) {
    const open = openAt(evidence, fault.atMs)
    const gapMs = longestSilenceMs(evidence.seenAtMs, { fromMs: fault.atMs, untilMs })
    if (fault.kind === 'kill') {
      figures = { ...figures, openAtKill: open, gapMs }
    } else {
      const restoredRecords = await restoredSince(stage, fault.restoredBefore)
      figures = { ...figures, openAtFlush: open, gapMs: figures.gapMs ?? gapMs, restoredRecords }
    }
  }
  return figures
}
