/**
 * Where the keys that verify tokens come from: one shared secret in development, a key set by URL
 * (JWKS) in production. The key set is fetched again in the background; when that fails, the last
 * good set goes on for a day, so that an outage of the identity provider does not log everybody out.
 *
 * @module
 */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import type { Clock, Logger, TimerHandle } from '../../core/index.ts'

/** Keys and the algorithms they may be used with; the two are never mixed. */
export type KeySource = {
  getKey: JWTVerifyGetKey
  algorithms: readonly string[]
  /** Starts what runs in the background; rejects when there are no keys to start with. */
  start(): Promise<void>
  stop(): void
}

/** HS256 with one secret. */
export const createSecretKeySource = (secret: string): KeySource => {
  const key = new TextEncoder().encode(secret)
  return {
    getKey: () => Promise.resolve(key),
    algorithms: ['HS256'],
    start: () => Promise.resolve(),
    stop: () => undefined
  }
}

const refreshMs = 300_000
const staleMsMax = 86_400_000
/** An unknown key id asks for the set again, but not more often than this. */
const cooldownMs = 30_000
const timeoutMs = 5_000

/** Public keys by URL. ES512 and RS512 are left out: one check of them costs up to a millisecond. */
export const createRemoteKeySource = (
  url: string,
  { clock, logger }: { clock: Clock; logger: Logger }
): KeySource => {
  const keySet = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: staleMsMax,
    cooldownDuration: cooldownMs,
    timeoutDuration: timeoutMs
  })
  let timer: TimerHandle | null = null
  const refresh = async (): Promise<void> => {
    try {
      await keySet.reload()
    } catch (error) {
      logger.warn({ error }, 'the key set could not be fetched, the last one stays')
    }
    if (timer !== null) timer = clock.setTimer(() => void refresh(), refreshMs)
  }
  return {
    getKey: keySet,
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    start: async () => {
      await keySet.reload()
      timer = clock.setTimer(() => void refresh(), refreshMs)
    },
    stop: () => {
      timer?.cancel()
      timer = null
    }
  }
}
