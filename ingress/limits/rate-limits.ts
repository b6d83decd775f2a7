/**
 * How often one subject or one address may call: a steady rate a second plus a burst that refills
 * over ten seconds. Counted in the memory of this process, so with N processes behind a balancer a
 * client may get up to N times as much; a key is forgotten with its window, so memory follows the
 * callers of the last ten seconds. A limit of 0 is no limit.
 *
 * @module
 */
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Counter } from '../../core/index.ts'
import { type Admission, type LimitClass, Problem } from '../http/index.ts'

/** Requests a second; each may be exceeded by `burstFactor` seconds' worth within ten seconds. */
export type RateLimitOptions = {
  perSecond: Readonly<Record<LimitClass, number>>
  /** All requests of one address, known or not. Carriers put thousands behind one: keep it high. */
  addressPerSecond: number
  /** Bad tokens of one address. */
  badTokensPerSecond: number
  refused: Counter<'reason'>
}

type Limiter = { steady: RateLimiterMemory; both: BurstyRateLimiter; perSecond: number } | null

const burstSeconds = 10
/** Seconds' worth of requests that fit into the burst. */
const burstFactor = 3

/** Limits with nothing counted yet. */
export const createAdmission = (options: RateLimitOptions): Admission => {
  const subjects: Record<LimitClass, Limiter> = {
    write: createLimiter('write', options.perSecond.write),
    location: createLimiter('location', options.perSecond.location),
    read: createLimiter('read', options.perSecond.read),
    signup: createLimiter('signup', options.perSecond.signup)
  }
  const addresses = createLimiter('address', options.addressPerSecond)
  const badTokens = createLimiter('bad-token', options.badTokensPerSecond)
  const refuse = (reason: string, limiter: NonNullable<Limiter>, spent: RateLimiterRes): never => {
    options.refused.inc({ reason })
    const headers = limitHeaders(limiter.perSecond, spent)
    throw new Problem('rate_limited', {
      detail: `Expected at most ${limiter.perSecond} requests a second`,
      headers: { ...headers, 'retry-after': headers['ratelimit-reset'] ?? '1' }
    })
  }

  return {
    admitAddress: async (address) => {
      if (badTokens !== null) {
        const spent = await badTokens.steady.get(address)
        if (spent !== null && spent.consumedPoints > badTokens.perSecond) {
          refuse('address', badTokens, spent)
        }
      }
      if (addresses !== null)
        await take(addresses, address, (spent) => refuse('address', addresses, spent))
    },
    recordBadToken: async (address) => {
      if (badTokens !== null) await badTokens.steady.penalty(address)
    },
    admitSubject: async ({ subject, role }, limit) => {
      const limiter = subjects[limit]
      if (limiter === null) return undefined
      const key = `${role}:${subject}`
      const left = await take(limiter, key, (spent) => refuse('subject', limiter, spent))
      return limitHeaders(limiter.perSecond, left)
    }
  }
}

const createLimiter = (name: string, perSecond: number): Limiter => {
  if (perSecond === 0) return null
  const steady = new RateLimiterMemory({ keyPrefix: name, points: perSecond, duration: 1 })
  const burst = new RateLimiterMemory({
    keyPrefix: `${name}-burst`,
    points: perSecond * burstFactor,
    duration: burstSeconds
  })
  return { steady, both: new BurstyRateLimiter(steady, burst), perSecond }
}

const take = async (
  limiter: NonNullable<Limiter>,
  key: string,
  onSpent: (spent: RateLimiterRes) => never
): Promise<RateLimiterRes> => {
  try {
    return await limiter.both.consume(key)
  } catch (spent) {
    // The library rejects with its result when nothing is left; anything else is an error of ours.
    if (spent instanceof RateLimiterRes) return onSpent(spent)
    throw spent
  }
}

const limitHeaders = (perSecond: number, state: RateLimiterRes): Record<string, string> => ({
  'ratelimit-limit': String(perSecond),
  'ratelimit-remaining': String(Math.max(0, state.remainingPoints)),
  'ratelimit-reset': String(Math.max(1, Math.ceil(state.msBeforeNext / 1_000)))
})
