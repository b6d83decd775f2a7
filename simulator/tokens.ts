/**
 * Tokens as an identity provider would mint them: the development key of the API's own settings,
 * never its code.
 *
 * @module
 */
import { SignJWT } from 'jose'
import type { Clock } from '../core/index.ts'

/** What a token lets its bearer be. */
export type TokenRole = 'customer' | 'driver' | 'signup'

/** Mints tokens. */
export type TokenMint = { mint(subject: string, role: TokenRole): Promise<string> }

/** A demo is over long before. */
const lifeMs = 6 * 3_600_000

/** @param secret `JWT_SECRET` of the API */
export function createTokenMint(options: {
  readonly secret: string
  readonly clock: Clock
}): TokenMint {
  const key = new TextEncoder().encode(options.secret)
  return {
    mint: (subject, role) => {
      const nowMs = options.clock.now()
      return new SignJWT({ role })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(subject)
        .setIssuer('hailstream')
        .setAudience('hailstream')
        .setIssuedAt(Math.floor(nowMs / 1_000))
        .setExpirationTime(Math.floor((nowMs + lifeMs) / 1_000))
        .sign(key)
    }
  }
}
