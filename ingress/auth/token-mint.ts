/**
 * Mints tokens for development: what `make token` prints and what tests use.
 *
 * @module
 */
import { SignJWT } from 'jose'
import type { TokenRole } from '../http/index.ts'
import { audienceOf, tokenIssuer } from './token-verifier.ts'

/** A token's content; times are epoch ms. */
export type TokenRequest = {
  secret: string
  subject: string
  role: TokenRole
  nowMs: number
  lifeMs: number
}

/** An HS256 token. */
export const mintToken = (request: TokenRequest): Promise<string> =>
  new SignJWT({ role: request.role })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(request.subject)
    .setIssuer(tokenIssuer)
    .setAudience(audienceOf(request.role))
    .setIssuedAt(Math.floor(request.nowMs / 1_000))
    .setExpirationTime(Math.floor((request.nowMs + request.lifeMs) / 1_000))
    .sign(new TextEncoder().encode(request.secret))
