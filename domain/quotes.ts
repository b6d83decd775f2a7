/**
 * @module Signed quotes. A quote is a price held for a short time; its token carries everything,
 * so it is checked without a look-up. Form: `q1.<base64url JSON>.<base64url HMAC-SHA-256>`.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { distanceMeters } from './geo.ts'
import type { Fare, Point } from './records.ts'

/** What a quote promises, to whom, until when. */
export type Quote = {
  quoteId: string
  customerId: string
  market: string
  pickup: Point
  dropoff: Point
  fare: Fare
  /** Epoch ms; from then on the quote is void. */
  expiresAt: number
}

/** What a request says for itself; each entry given must agree with the quote. */
export type QuoteUse = {
  customerId?: string
  market?: string
  pickup?: Point
  dropoff?: Point
  /** How far the places may differ, metres; default 50, about the error of a phone's position. */
  toleranceMeters?: number
}

/** Why a quote was not accepted. */
export type QuoteProblem = 'quote_invalid' | 'quote_expired' | 'quote_mismatch'

/** The outcome of a check. */
export type QuoteCheck = { ok: true; quote: Quote } | { ok: false; reason: QuoteProblem }

const version = 'q1'
/** Longer tokens are refused unread; a real one has about 700 characters. */
const tokenLengthMax = 4_096
const defaultToleranceMeters = 50

/** The token of a quote. */
export function signQuote(quote: Quote, key: string): string {
  const body = `${version}.${Buffer.from(JSON.stringify(quote)).toString('base64url')}`
  return `${body}.${signature(body, key)}`
}

/**
 * Checks a token: form and signature, then age, then agreement with the request that uses it.
 * Never throws.
 */
export function verifyQuote(
  token: string,
  key: string,
  nowMs: number,
  use: QuoteUse = {}
): QuoteCheck {
  const quote = openToken(token, key)
  if (quote === null) return { ok: false, reason: 'quote_invalid' }
  if (nowMs >= quote.expiresAt) return { ok: false, reason: 'quote_expired' }
  if (!agrees(quote, use)) return { ok: false, reason: 'quote_mismatch' }
  return { ok: true, quote }
}

function openToken(token: string, key: string): Quote | null {
  if (token.length > tokenLengthMax) return null
  const end = token.lastIndexOf('.')
  const body = token.slice(0, Math.max(0, end))
  if (!body.startsWith(`${version}.`)) return null
  // The signature's text is compared, not its bytes: base64url has several texts for some bytes.
  const given = Buffer.from(token.slice(end + 1))
  const expected = Buffer.from(signature(body, key))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  // Only this module signs, so the signature vouches for the shape too.
  return JSON.parse(Buffer.from(body.slice(version.length + 1), 'base64url').toString()) as Quote
}

function agrees(quote: Quote, use: QuoteUse): boolean {
  const tolerance = use.toleranceMeters ?? defaultToleranceMeters
  const isNear = (quoted: Point, asked: Point | undefined): boolean =>
    asked === undefined || distanceMeters(quoted, asked) <= tolerance
  return (
    (use.customerId === undefined || use.customerId === quote.customerId) &&
    (use.market === undefined || use.market === quote.market) &&
    isNear(quote.pickup, use.pickup) &&
    isNear(quote.dropoff, use.dropoff)
  )
}

function signature(body: string, key: string): string {
  return createHmac('sha256', key).update(body).digest('base64url')
}
