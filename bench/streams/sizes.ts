/**
 * @module The sizes of the streams bench, full and smoke.
 */
import type { BenchSettings } from '../config.ts'
import { createParameters, type Parameters } from '../parameters.ts'

export interface StreamsSizes {
  readonly records: number
  readonly keys: number
  readonly partitions: number
  readonly valueBytes: number
  /** Event time from the first record of an input to its last, ms. */
  readonly spanMs: number
  readonly pairs: number
  readonly windowMs: number
  readonly sessionGapMs: number
  readonly joinWindowMs: number
  readonly graceMs: number
  /** Open loop: records a second, and for how long after the warm-up. */
  readonly hopRates: readonly number[]
  readonly hopSeconds: number
  readonly hopWarmupSeconds: number
  /** How often each rate is measured; the target goes by the median of them. */
  readonly hopRounds: number
  /** Store sizes of the takeovers; the last one is rebuilt and weighed too. */
  readonly takeoverKeys: readonly number[]
  readonly idleSeconds: number
}

export function streamsSizes(settings: BenchSettings): StreamsSizes & Pick<Parameters, 'chosen'> {
  const { parameter, chosen } = createParameters({ isSmoke: settings.BENCH_SMOKE })
  const same = (name: string, value: number) => parameter(name, { smoke: value, full: value })
  return {
    chosen,
    records: parameter('records', {
      smoke: 10_000,
      full: 1_000_000,
      given: settings.BENCH_RECORDS
    }),
    keys: parameter('keys', { smoke: 1_000, full: 10_000 }),
    partitions: same('partitions', 6),
    valueBytes: same('valueBytes', 64),
    spanMs: same('spanMs', 300_000),
    pairs: parameter('pairs', { smoke: 1, full: 3, given: settings.BENCH_PAIRS }),
    windowMs: same('windowMs', 60_000),
    // Odd, while timestamps are even: no record lies exactly on an edge (see input.ts).
    sessionGapMs: same('sessionGapMs', 5_001),
    joinWindowMs: same('joinWindowMs', 3_001),
    graceMs: same('graceMs', 10_000),
    hopRates: [
      parameter('hopRateLow', { smoke: 500, full: 1_000 }),
      parameter('hopRateHigh', { smoke: 2_000, full: 20_000 })
    ],
    hopSeconds: parameter('hopSeconds', { smoke: 2, full: 20 }),
    hopWarmupSeconds: parameter('hopWarmupSeconds', { smoke: 1, full: 15 }),
    hopRounds: parameter('hopRounds', { smoke: 1, full: 3 }),
    takeoverKeys: [
      parameter('takeoverKeysSmall', { smoke: 1_000, full: 100_000 }),
      parameter('takeoverKeysLarge', { smoke: 10_000, full: 1_000_000 })
    ],
    idleSeconds: parameter('idleSeconds', { smoke: 3, full: 20 })
  }
}
