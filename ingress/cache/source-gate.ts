/**
 * The way to a source of reads, Redis or MongoDB: at most so many at a time, none longer than its
 * deadline, and hardly any while the source is away.
 *
 * ```
 * open --3 outages in a row--> away --a read that gets through--> open
 * ```
 *
 * While it is away, one read a second is let through to see whether it is back; the others are refused
 * at once, so that whoever has another source, or an older value, need not wait for a deadline first.
 * A read that outlives its deadline keeps its place until it ends: the bound is on the source, not on
 * those who wait.
 *
 * @module
 */
import { type Clock, isHailError, type Metrics, RetryError } from '../../core/index.ts'
import { Problem, retryAfterSeconds } from '../http/index.ts'

/** See the module. Rejects with a retryable error on an outage, with a 503 problem when full. */
export type SourceGate = {
  run<T>(read: () => Promise<T>): Promise<T>
  /** Reads under way. */
  readonly inFlight: number
}

/** Bounds of a source. */
export type SourceGateOptions = {
  /** For metrics and errors. */
  source: 'redis' | 'mongo'
  clock: Clock
  metrics: Metrics
  /** Reads under way at a time; more get 503. */
  readsMax: number
  /** Longest wait for an answer, ms. */
  deadlineMs: number
}

/** One may be an accident; three in a row are an outage. */
const outagesMax = 3
const probeEveryMs = 1_000

const codes = { redis: 'HAIL_REDIS_UNAVAILABLE', mongo: 'HAIL_MONGO_UNAVAILABLE' } as const

/** Whether an error says that its source is away or too slow. */
export const isOutage = (error: unknown): boolean =>
  isHailError(error) && error.reaction === 'retry'

/** For `catch`: null in place of what a source that is away did not give; other errors pass. */
export const nullOnOutage = (error: unknown): null => {
  if (isOutage(error)) return null
  throw error
}

/** An open gate. */
export const createSourceGate = (options: SourceGateOptions): SourceGate => {
  const { source, clock, deadlineMs, readsMax } = options
  const refused = options.metrics.counter({
    name: 'hail_ingress_reads_refused_total',
    help: 'Reads not tried: full (too many under way) or away (the source does not answer).',
    labels: ['source', 'reason']
  })
  let inFlight = 0
  let outages = 0
  let probeAtMs = Number.NEGATIVE_INFINITY
  const shown = options.metrics
    .gauge({
      name: 'hail_ingress_reads_in_flight',
      help: 'Reads of a source under way.',
      labels: ['source']
    })
    .with({ source })

  const admit = (): void => {
    if (inFlight >= readsMax) {
      refused.inc({ source, reason: 'full' })
      throw new Problem('overloaded', {
        detail: 'Too many reads are in progress',
        headers: { 'retry-after': retryAfterSeconds(clock.random) }
      })
    }
    if (outages < outagesMax) return
    if (clock.monotonic() < probeAtMs) {
      refused.inc({ source, reason: 'away' })
      throw new RetryError(codes[source], `${source} did not answer ${outages} reads in a row`)
    }
    probeAtMs = clock.monotonic() + probeEveryMs
  }

  const note = (error: unknown): void => {
    if (isOutage(error)) outages += 1
  }

  return {
    run: async <T>(read: () => Promise<T>): Promise<T> => {
      admit()
      inFlight += 1
      shown.set(inFlight)
      const answer = Promise.resolve()
        .then(read)
        .finally(() => {
          inFlight -= 1
          shown.set(inFlight)
        })
      try {
        const value = await within(answer, { clock, deadlineMs, source })
        outages = 0
        return value
      } catch (error) {
        note(error)
        throw error
      }
    },
    get inFlight() {
      return inFlight
    }
  }
}

const within = <T>(
  answer: Promise<T>,
  { clock, deadlineMs, source }: Pick<SourceGateOptions, 'clock' | 'deadlineMs' | 'source'>
): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = clock.setTimer(
      () => reject(new RetryError('HAIL_TIMEOUT', `${source} did not answer in ${deadlineMs} ms`)),
      deadlineMs
    )
    answer.then(resolve, reject).finally(() => timer.cancel())
  })
