/**
 * @module The sizes of the ingress bench, full and smoke.
 */
import type { BenchSettings } from '../config.ts'
import { createParameters, type Parameters } from '../parameters.ts'

export interface IngressSizes {
  /** Interleaved rounds: every contestant runs once in each. */
  readonly rounds: number
  readonly runSeconds: number
  readonly warmupSeconds: number
  /** Connections of the load generator; the last one is what targets are about. */
  readonly connections: readonly number[]
  /** Users whose tokens take turns. */
  readonly users: number
  readonly pointsABatch: number
  readonly openLoopSeconds: number
  readonly outageSeconds: number
  readonly fanOutClients: number
  readonly fanOutRatePerSecond: number
  readonly fanOutSeconds: number
}

export function ingressSizes(settings: BenchSettings): IngressSizes & Pick<Parameters, 'chosen'> {
  const { parameter, chosen } = createParameters({ isSmoke: settings.BENCH_SMOKE })
  return {
    chosen,
    rounds: parameter('rounds', { smoke: 1, full: 3, given: settings.BENCH_PAIRS }),
    runSeconds: parameter('runSeconds', { smoke: 1, full: 8 }),
    warmupSeconds: parameter('warmupSeconds', { smoke: 1, full: 25 }),
    connections: [
      parameter('connectionsFew', { smoke: 8, full: 64 }),
      parameter('connectionsMany', { smoke: 16, full: 512 })
    ],
    users: parameter('users', { smoke: 50, full: 5_000 }),
    pointsABatch: parameter('pointsABatch', { smoke: 100, full: 100 }),
    openLoopSeconds: parameter('openLoopSeconds', { smoke: 2, full: 15 }),
    outageSeconds: parameter('outageSeconds', { smoke: 3, full: 120 }),
    fanOutClients: parameter('fanOutClients', { smoke: 20, full: 1_000 }),
    fanOutRatePerSecond: parameter('fanOutRatePerSecond', { smoke: 100, full: 2_000 }),
    fanOutSeconds: parameter('fanOutSeconds', { smoke: 2, full: 15 })
  }
}
