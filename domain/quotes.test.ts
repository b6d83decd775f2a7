import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quoteFare } from './fares.ts'
import { type Quote, signQuote, verifyQuote } from './quotes.ts'
import { usdTariff } from './tariffs.ts'

const key = 'a key for tests'
const quote: Quote = {
  quoteId: 'q-1',
  customerId: 'c-1',
  market: 'new_york',
  pickup: { lat: 40.758, lon: -73.9855 },
  dropoff: { lat: 40.6413, lon: -73.7781 },
  fare: quoteFare({
    distanceMeters: 5_000,
    durationSeconds: 900,
    surgePercent: 120,
    tariff: usdTariff
  }),
  expiresAt: 1_000
}
const invalid = { ok: false, reason: 'quote_invalid' }

describe('a quote', () => {
  test('comes back from its token', () => {
    const lat = fc.double({ min: -90, max: 90, noNaN: true }).map((value) => value + 0)
    fc.assert(
      fc.property(fc.string(), lat, (customerId, lat) => {
        const other = { ...quote, customerId, pickup: { lat: lat || 0, lon: 1 } }
        expect(verifyQuote(signQuote(other, key), key, 999)).toEqual({ ok: true, quote: other })
      })
    )
  })

  test('is refused after any change of its token', () => {
    const token = signQuote(quote, key)
    const place = fc.nat({ max: token.length - 1 })
    fc.assert(
      fc.property(place, fc.stringMatching(/^[A-Za-z0-9_.-]$/), (at, letter) => {
        fc.pre(token[at] !== letter)
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        expect(verifyQuote(changed, key, 999)).toEqual(invalid)
      }),
      { numRuns: 500 }
    )
  })

  test.each(['', '.', 'q1..', 'q1.e30', 'q2.e30.x', 'x'.repeat(5_000)])(
    'is not read from %o',
    (token) => {
      expect(verifyQuote(token, key, 0)).toEqual(invalid)
    }
  )

  test('is refused under another key', () => {
    expect(verifyQuote(signQuote(quote, 'another key'), key, 0)).toEqual(invalid)
  })

  test('is void from its expiry on', () => {
    const token = signQuote(quote, key)
    expect(verifyQuote(token, key, 999).ok).toBe(true)
    expect(verifyQuote(token, key, 1_000)).toEqual({ ok: false, reason: 'quote_expired' })
  })

  test('serves only the customer, market and places it was made for', () => {
    const token = signQuote(quote, key)
    const mismatch = { ok: false, reason: 'quote_mismatch' }
    const moved = { lat: quote.pickup.lat + 0.001, lon: quote.pickup.lon }
    const { customerId, market, pickup, dropoff } = quote
    expect(verifyQuote(token, key, 0, { customerId, market, pickup, dropoff }).ok).toBe(true)
    expect(verifyQuote(token, key, 0, { customerId: 'c-2' })).toEqual(mismatch)
    expect(verifyQuote(token, key, 0, { market: 'chicago' })).toEqual(mismatch)
    expect(verifyQuote(token, key, 0, { pickup: moved })).toEqual(mismatch)
    expect(verifyQuote(token, key, 0, { dropoff: moved })).toEqual(mismatch)
    expect(verifyQuote(token, key, 0, { pickup: moved, toleranceMeters: 120 }).ok).toBe(true)
  })
})
