/**
 * @module What the figures of the streams bench are held against.
 */
import { median } from '../comparison.ts'
import { judgeTargets, type TargetOutcome, type Targets } from '../targets.ts'
import type { StreamsFigures } from './bench.ts'

const targets: Targets<StreamsFigures> = {
  windowedCountRatio: { bar: 1, aim: 2, of: ({ windowedCount }) => windowedCount?.ratio },
  hopP99Ms: { bar: 250, aim: 120, isLimit: true, of: worstHop },
  takeoverMs: {
    bar: 2_000,
    aim: 1_000,
    isLimit: true,
    of: ({ takeover }) => takeover?.takeovers.at(-1)?.takeoverMs
  },
  rebuildRecordsPerSecond: {
    bar: 100_000,
    of: ({ takeover }) => takeover?.rebuild.recordsPerSecond
  },
  idleCpuPercent: { bar: 2, isLimit: true, of: ({ idle }) => idle?.cpuPercent },
  // Growth of the filling process from half of the keys to all of them: 1 is flat.
  residentGrowth: { bar: 1.25, isLimit: true, of: residentGrowth }
}

/** Every target whose scenario ran. */
export const judge = (figures: StreamsFigures): Record<string, TargetOutcome> =>
  judgeTargets(targets, figures)

/** Of the slowest rate, the median p99 of its rounds. */
function worstHop({ latency }: StreamsFigures): number | undefined {
  if (latency === undefined) return undefined
  const byRate = new Map<number, number[]>()
  for (const { ratePerSecond, missing, latencyMs } of latency) {
    // A record that never came out is worse than any that did, in whichever round.
    if (missing !== 0) return Number.POSITIVE_INFINITY
    byRate.set(ratePerSecond, [...(byRate.get(ratePerSecond) ?? []), latencyMs.p99])
  }
  return Math.max(...[...byRate.values()].map(median))
}

function residentGrowth({ takeover }: StreamsFigures): number | undefined {
  const largest = takeover?.takeovers.at(-1)
  if (largest === undefined) return undefined
  const { fillingMb } = largest.memory
  const half = fillingMb.find(({ keys }) => keys >= largest.keys / 2)
  const all = fillingMb.at(-1)
  if (half === undefined || all === undefined) return Number.NaN
  return Math.round((all.residentMb / half.residentMb) * 100) / 100
}
