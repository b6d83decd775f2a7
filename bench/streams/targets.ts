/**
 * @module What the figures of the streams bench are held against. A missed target does not fail the
 * bench, since a busy machine misses any; a wrong answer does.
 */
import type { StreamsFigures } from './bench.ts'

/** One target: `bar` has to be reached, `aim` is wished for. */
export interface TargetOutcome {
  readonly bar: number
  readonly aim: number | null
  readonly got: number
  readonly isHeld: boolean
}

type Target = {
  readonly bar: number
  readonly aim?: number
  /** True when smaller is better. */
  readonly isLimit?: boolean
  /** Undefined when the scenario did not run. */
  readonly of: (figures: StreamsFigures) => number | undefined
}

const targets: Readonly<Record<string, Target>> = {
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
export function judge(figures: StreamsFigures): Record<string, TargetOutcome> {
  const outcomes: Record<string, TargetOutcome> = {}
  for (const [name, { bar, aim = null, isLimit = false, of }] of Object.entries(targets)) {
    const got = of(figures)
    if (got === undefined) continue
    outcomes[name] = { bar, aim, got, isHeld: isLimit ? got <= bar : got >= bar }
  }
  return outcomes
}

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
