/**
 * @module What the figures of the streams bench are held against.
 */
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

function worstHop({ latency }: StreamsFigures): number | undefined {
  if (latency === undefined) return undefined
  // A record that never came out is worse than any that did.
  return Math.max(
    ...latency.map(({ missing, latencyMs }) =>
      missing === 0 ? latencyMs.p99 : Number.POSITIVE_INFINITY
    )
  )
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
