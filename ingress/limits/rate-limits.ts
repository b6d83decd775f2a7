/**
 * How often one subject or one address may call: token buckets that fill at a steady rate and hold
 * some seconds' worth, for bursts. Counted in the memory of this process, so with N processes behind
 * a balancer a client may get up to N times as much; the number of callers remembered is bounded, and
 * forgetting one fills its bucket. A limit of 0 is no limit.
 *
 * Synchronous and without a timer a caller: every request comes through here, and promises and
 * timers of a library cost it more than parsing and encoding together.
 *
 * @module
 */
import type { Clock, Counter } from '../../core/index.ts'
import { type Admission, callerKey, type LimitClass, Problem } from '../http/index.ts'
import { TokenBuckets } from './token-buckets.ts'

/** Requests a second; each bucket holds `holdSeconds` of them. */
export type RateLimitOptions = {
  clock: Pick<Clock, 'monotonic'>
  perSecond: Readonly<Record<LimitClass, number>>
  /** All requests of one address, known or not. Carriers put thousands behind one: keep it high. */
  addressPerSecond: number
  /** Bad tokens of one address. */
  badTokensPerSecond: number
  refused: Counter<'reason'>
}

/** Seconds' worth of requests that fit into a burst. */
const holdSeconds = 3

type Limiter = {
  buckets: TokenBuckets
  perSecond: number
  /** What never changes of the headers. */
  limit: string
  policy: string
}

/** Limits with nothing counted yet. */
export const createAdmission = (options: RateLimitOptions): Admission => {
  const { clock, perSecond, addressPerSecond, badTokensPerSecond, refused } = options
  const create = (rate: number): Limiter => createLimiter(clock, rate)
  const subjects: Record<LimitClass, Limiter> = {
    write: create(perSecond.write),
    location: create(perSecond.location),
    read: create(perSecond.read),
    signup: create(perSecond.signup)
  }
  const addresses = create(addressPerSecond)
  const badTokens = new TokenBuckets({ clock, perSecond: badTokensPerSecond, holdSeconds: 1 })
  const refuse = (reason: string, limiter: Limiter, key: string): never => {
    refused.inc({ reason })
    const seconds = String(Math.max(1, limiter.buckets.secondsUntil(key, 1)))
    throw new Problem('rate_limited', {
      detail: `Expected at most ${limiter.perSecond} requests a second`,
      headers: { ...headersOf(limiter, key), 'retry-after': seconds }
    })
  }

  return {
    admitAddress: (address) => {
      if (badTokensPerSecond > 0 && badTokens.isEmpty(address)) {
        refused.inc({ reason: 'bad-tokens' })
        throw new Problem('rate_limited', {
          detail: 'Expected fewer requests with tokens that are not valid',
          headers: { 'retry-after': '1' }
        })
      }
      if (addresses.buckets.take(address, 1) === 0) refuse('address', addresses, address)
    },
    recordBadToken: (address) => void badTokens.take(address, 1),
    admitSubject: (identity, limit) => {
      const limiter = subjects[limit]
      if (limiter.perSecond === 0) return undefined
      const key = callerKey(identity)
      if (limiter.buckets.take(key, 1) === 0) refuse('subject', limiter, key)
      return headersOf(limiter, key)
    }
  }
}

const createLimiter = (clock: Pick<Clock, 'monotonic'>, perSecond: number): Limiter => {
  const limit = String(perSecond * holdSeconds)
  return {
    buckets: new TokenBuckets({ clock, perSecond, holdSeconds }),
    perSecond,
    limit,
    policy: `${limit};w=${holdSeconds}`
  }
}

/** Where the caller stands: requests of a full bucket, those left, seconds until it is full again. */
const headersOf = ({ buckets, limit, policy }: Limiter, key: string): Record<string, string> => {
  const { tokens, secondsToFull } = buckets.state(key)
  return {
    'ratelimit-limit': limit,
    'ratelimit-policy': policy,
    'ratelimit-remaining': String(tokens),
    'ratelimit-reset': String(secondsToFull)
  }
}
