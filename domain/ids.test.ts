import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  accountOf,
  actsForCustomer,
  createIds,
  guestCustomerId,
  offerId,
  parseOfferId,
  partnerAccount
} from './ids.ts'

const ids = createIds('a secret for tests only')
const text = fc.string({ minLength: 1, maxLength: 40 }).filter((some) => !some.includes('.'))
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
const entity = fc.stringMatching(/^[a-z0-9-]{1,40}$/)

describe('ids', () => {
  test('have the documented forms', () => {
    const emailKey = ids.emailKey('DRIVER', 'Ada@Example.org ')
    const signupId = ids.signupId({ emailKey, idempotencyKey: 'k' })
    expect(emailKey).toMatch(/^[0-9a-f]{32}$/)
    expect(signupId).toMatch(new RegExp(`^s-${emailKey}-[0-9a-f]{12}$`))
    expect(ids.userId({ role: 'DRIVER', signupId })).toMatch(/^d-[0-9a-f]{20}$/)
    expect(ids.userId({ role: 'CUSTOMER', signupId })).toMatch(/^c-[0-9a-f]{20}$/)
    expect(ids.rideId({ customerId: 'c-1', idempotencyKey: 'k' })).toMatch(/^[0-9a-f]{32}$/)
  })

  test('see through the spelling of e-mail addresses', () => {
    expect(ids.emailKey('DRIVER', ' ADA@example.ORG')).toBe(
      ids.emailKey('DRIVER', 'ada@example.org')
    )
    expect(ids.emailKey('DRIVER', 'a@b.org')).not.toBe(ids.emailKey('CUSTOMER', 'a@b.org'))
  })

  test('carry the e-mail key in a sign-up id', () => {
    const emailKey = ids.emailKey('CUSTOMER', 'a@b.org')
    expect(ids.emailKeyOf(ids.signupId({ emailKey, idempotencyKey: 'k' }))).toBe(emailKey)
    expect(ids.emailKeyOf('s-nothing')).toBeNull()
  })

  test('are the same for a retry and differ for anything else', () => {
    fc.assert(
      fc.property(text, text, text, (customerId, idempotencyKey, other) => {
        fc.pre(other !== idempotencyKey)
        const rideId = ids.rideId({ customerId, idempotencyKey })
        expect(ids.rideId({ customerId, idempotencyKey })).toBe(rideId)
        expect(ids.rideId({ customerId, idempotencyKey: other })).not.toBe(rideId)
        expect(
          createIds('another secret for tests').rideId({ customerId, idempotencyKey })
        ).not.toBe(rideId)
      })
    )
  })

  test('of rides are known as own by their customer alone', () => {
    fc.assert(
      fc.property(text, text, text, (customerId, stranger, idempotencyKey) => {
        fc.pre(stranger !== customerId)
        const rideId = ids.rideId({ customerId, idempotencyKey })
        expect(ids.isOwnRideId(rideId, customerId)).toBe(true)
        expect(ids.isOwnRideId(rideId, stranger)).toBe(false)
      })
    )
  })

  test('of actions are known as own by their actor alone and name their entity', () => {
    const scope = fc.constantFrom('ride' as const, 'driver' as const)
    fc.assert(
      fc.property(scope, entity, text, text, (scope, entityId, actorId, stranger) => {
        fc.pre(stranger !== actorId)
        const id = ids.actionId({ scope, entityId, actorId, idempotencyKey: 'accept:k' })
        expect(ids.parseActionId(id)).toEqual({ scope, entityId })
        expect(ids.isOwnActionId(id, actorId)).toBe(true)
        expect(ids.isOwnActionId(id, stranger)).toBe(false)
        expect(ids.isOwnActionId(`${id.slice(0, -1)}x`, actorId)).toBe(false)
      })
    )
  })

  test('that are malformed belong to nobody', () => {
    expect(ids.isOwnRideId('', 'c-1')).toBe(false)
    expect(ids.isOwnRideId('z'.repeat(32), 'c-1')).toBe(false)
    expect(ids.parseActionId('x.1.2')).toBeNull()
    expect(ids.isOwnActionId('x.1.2', 'c-1')).toBe(false)
  })

  test('need a secret of some length', () => {
    expect(() => createIds('short')).toThrow(RangeError)
  })
})

describe('offer ids', () => {
  test('are read back into their parts', () => {
    fc.assert(
      fc.property(entity, fc.nat({ max: 1e6 }), entity, (rideId, attempt, driverId) => {
        expect(parseOfferId(offerId({ rideId, attempt, driverId }))).toEqual({
          rideId,
          attempt,
          driverId
        })
      })
    )
  })

  test.each(['', 'a/b/c', 'a/1', 'a/01/c', 'a/1/c/d', 'a/-1/c'])('are not read from %o', (id) => {
    expect(parseOfferId(id)).toBeNull()
  })
})

describe('guests of partners', () => {
  const guestOf = (partnerId: string, guestId: string) => guestCustomerId({ partnerId, guestId })

  test('differ unless partner and guest are the same, and are no subject', () => {
    fc.assert(
      fc.property(name, name, name, name, (partner, guest, otherPartner, otherGuest) => {
        const isSame = partner === otherPartner && guest === otherGuest
        expect(guestOf(partner, guest) === guestOf(otherPartner, otherGuest)).toBe(isSame)
        expect(guestOf(partner, guest)).not.toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      })
    )
  })

  test("have rides that are their partner's alone", () => {
    fc.assert(
      fc.property(name, name, name, text, (partner, guest, stranger, idempotencyKey) => {
        fc.pre(stranger !== partner)
        const rideId = ids.rideId({ customerId: guestOf(partner, guest), idempotencyKey })
        expect(ids.isOwnRideId(rideId, partnerAccount(partner))).toBe(true)
        for (const other of [partnerAccount(stranger), partner, stranger, guest]) {
          expect(ids.isOwnRideId(rideId, other)).toBe(false)
        }
      })
    )
  })

  test('have an account, as a customer is its own', () => {
    expect([accountOf('hotel-1.room-7'), accountOf('c-1')]).toEqual(['hotel-1.', 'c-1'])
    expect(partnerAccount('hotel-1')).toBe('hotel-1.')
  })

  test.each([
    ['c-1', 'c-1', true],
    ['hotel-1.', 'hotel-1.room-7', true],
    ['hotel-1.room-7', 'hotel-1.room-7', true],
    ['hotel-1.room-8', 'hotel-1.room-7', false],
    ['hotel-1', 'hotel-1.room-7', false],
    ['hotel-2.', 'hotel-1.room-7', false],
    ['hotel-1.', 'hotel-1', false],
    ['c-2', 'c-1', false]
  ])('let %s act for %s: %s', (actorId, customerId, isAllowed) => {
    expect(actsForCustomer(actorId, customerId)).toBe(isAllowed)
  })

  test('take names only', () => {
    for (const bad of ['', 'a.b', 'a/b', 'ä', 'x'.repeat(65)]) {
      expect(() => guestOf(bad, 'g')).toThrow(RangeError)
      expect(() => guestOf('p', bad)).toThrow(RangeError)
    }
  })
})
