/**
 * Verifies bearer tokens (JWT): signature by an allow-list of algorithms, issuer, audience, expiry,
 * subject and role. Verified tokens are remembered by their SHA-256 digest, since a signature costs
 * some 50 times a digest; never beyond their expiry, nor longer than a limit that bounds how long a
 * withdrawn key goes on working.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../core/index.ts'
import {
  type Identity,
  Problem,
  retryAfterSeconds,
  type TokenRole,
  type VerifiedIdentity
} from '../http/index.ts'
import type { KeySource } from './key-source.ts'

/** Who issues the tokens. */
export const tokenIssuer = 'hailstream'

/** Administrators have an audience of their own: an app's token can never become an admin's. */
export const audienceOf = (role: TokenRole): string =>
  role === 'admin' ? 'hailstream-admin' : 'hailstream'

/** Bounds of the memory of verified tokens. */
export type TokenVerifierOptions = {
  keys: KeySource
  clock: Clock
  /** Tokens remembered; at about 300 bytes each, 50,000 are 15 MB. */
  cacheEntriesMax: number
  /** How long a verified token is believed without checking again, ms. */
  cacheAgeMsMax: number
}

/** Verifies the value of an `authorization` header. */
export type TokenVerifier = {
  /** At once for a remembered token. Throws or rejects with a 401 problem; 503 without keys. */
  authenticate(authorization: string | undefined): VerifiedIdentity | Promise<VerifiedIdentity>
  /** Tokens remembered now. */
  readonly size: number
}

type Remembered = { identity: VerifiedIdentity; validUntilMs: number }

/** Clocks of issuer and verifier may differ by this. Expiry gets no such grace: it is a promise. */
const notBeforeGraceMs = 5_000
const tokenLengthMax = 8_192
const roles: readonly string[] = [
  'customer',
  'driver',
  'admin',
  'signup',
  'partner'
] satisfies TokenRole[]
/** Ids derive from the subject, so it has the form of an id. */
const subjectPattern = /^[A-Za-z0-9_-]{1,64}$/

/** A verifier with an empty memory. */
export const createTokenVerifier = (options: TokenVerifierOptions): TokenVerifier => {
  const { clock, cacheAgeMsMax } = options
  const remembered = new LRUCache<string, Remembered>({ max: options.cacheEntriesMax })

  const verify = async (token: string, digest: string): Promise<VerifiedIdentity> => {
    const nowMs = clock.now()
    const identity = await verifyToken(token, nowMs, options)
    const validUntilMs = Math.min(identity.expiresAtMs, nowMs + cacheAgeMsMax)
    remembered.set(digest, { identity, validUntilMs })
    return identity
  }

  return {
    authenticate: (authorization) => {
      const token = bearerOf(authorization)
      const digest = hash('sha256', token, 'base64')
      const known = remembered.get(digest)
      if (known !== undefined) {
        if (clock.now() < known.validUntilMs) return known.identity
        remembered.delete(digest)
      }
      return verify(token, digest)
    },
    get size() {
      return remembered.size
    }
  }
}

const bearerOf = (authorization: string | undefined): string => {
  if (authorization === undefined || authorization === '') {
    throw new Problem('token_missing', { headers: { 'www-authenticate': 'Bearer' } })
  }
  const [scheme, token, ...rest] = authorization.trim().split(/\s+/)
  const isBearer = scheme?.toLowerCase() === 'bearer' && rest.length === 0
  if (!isBearer || token === undefined || token.length > tokenLengthMax) {
    throw invalid('Expected one bearer token')
  }
  return token
}

const verifyToken = async (
  token: string,
  nowMs: number,
  { keys, clock }: TokenVerifierOptions
): Promise<VerifiedIdentity> => {
  let payload: JWTPayload
  try {
    const verified = await jwtVerify(token, keys.getKey as JWTVerifyGetKey, {
      algorithms: [...keys.algorithms],
      issuer: tokenIssuer,
      audience: [audienceOf('customer'), audienceOf('admin')],
      requiredClaims: ['sub', 'role', 'exp'],
      // The library compares in seconds and calls nbf and exp; exp is compared again below, in ms.
      clockTolerance: notBeforeGraceMs / 1_000,
      currentDate: new Date(nowMs)
    })
    payload = verified.payload
  } catch (error) {
    throw problemOf(error, clock)
  }
  const expiresAtMs = (payload.exp ?? 0) * 1_000
  if (expiresAtMs <= nowMs) throw expired()
  return { ...identityOf(payload), expiresAtMs }
}

const identityOf = ({ sub, aud, role }: JWTPayload): Identity => {
  if (typeof role !== 'string' || !roles.includes(role)) throw invalid('Expected a known role')
  if (sub === undefined || !subjectPattern.test(sub)) throw invalid('Expected a usable subject')
  const audience = audienceOf(role as TokenRole)
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience))) {
    throw invalid('Expected an audience that fits the role')
  }
  return { subject: sub, role: role as TokenRole }
}

/** What the client may know: never which check of the signature failed. */
const problemOf = (error: unknown, clock: Clock): Problem => {
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new Problem('auth_unavailable', {
      cause: error,
      headers: { 'retry-after': retryAfterSeconds(clock.random) }
    })
  }
  // jose answers a failed fetch of the key set with its generic error.
  if (error.code === 'ERR_JOSE_GENERIC') {
    return new Problem('auth_unavailable', {
      cause: error,
      headers: { 'retry-after': retryAfterSeconds(clock.random) }
    })
  }
  return invalid('Expected a token issued for this service', error)
}

const expired = (): Problem =>
  new Problem('token_expired', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired"' }
  })

const invalid = (detail: string, cause?: unknown): Problem =>
  new Problem('token_invalid', {
    detail,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    ...(cause === undefined ? {} : { cause })
  })
