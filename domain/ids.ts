/**
 * @module Identities. Ids are derived with HMAC-SHA-256 from what makes a request unique, so a
 * retried request gets the same id from any process without a look-up, and an id carries a tag
 * that lets the edge tell its owner from a stranger before any store knows it. Tags are 32 bits:
 * they stop guessing and mix-ups on `pending` answers; stored records carry the real owner.
 *
 * | id | form |
 * |---|---|
 * | e-mail key | 32 hex |
 * | sign-up | `s-<e-mail key>-<12 hex>` |
 * | user | `c-`, `d-` or `a-` and 20 hex |
 * | guest of a partner | `<partner>.<guest>`, a customer id |
 * | account | the customer, or `<partner>.` for all guests of a partner |
 * | ride | 32 hex: 24 derived, 8 tag of the customer's account |
 * | action | `r.<ride id>.<16 hex><8 tag>` or `d.<driver id>.<16 hex><8 tag>` |
 * | offer | `<ride id>/<attempt>/<driver id>` |
 *
 * Guests: a partner (a hotel, a company) books for people who have no account of their own. Their
 * customer ids have a dot, which no subject of a token may have and neither name may contain. So a guest
 * is never somebody else's customer, no token can pass for a guest or for an account of a partner, and
 * the partner is read off the id without a look-up.
 */

import { timingSafeEqual } from 'node:crypto'
import { createKeyedHash } from './keyed-hash.ts'
import type { Role } from './records.ts'

/** What an action is about. */
export type ActionScope = 'ride' | 'driver'

/** The derivations; see the module text for the forms. */
export type Ids = {
  /** Key of a role's e-mail address; letter case and outer space do not matter. */
  emailKey(role: Role, email: string): string
  signupId(of: { emailKey: string; idempotencyKey: string }): string
  /** The e-mail key inside a sign-up id, or null when it is none. */
  emailKeyOf(signupId: string): string | null
  userId(of: { role: Role; signupId: string }): string
  rideId(of: { customerId: string; idempotencyKey: string }): string
  /** True when the ride id was derived for this account: a customer, or a partner's guests. */
  isOwnRideId(rideId: string, account: string): boolean
  /**
   * One key sent for two different actions must give two ids, so callers pass the action's name
   * within the key, for example `accept:<Idempotency-Key>`.
   */
  actionId(of: {
    scope: ActionScope
    entityId: string
    actorId: string
    idempotencyKey: string
  }): string
  /** What an action id is about, or null when it is malformed. */
  parseActionId(actionId: string): { scope: ActionScope; entityId: string } | null
  /** True when the action id was derived for this actor. */
  isOwnActionId(actionId: string, actorId: string): boolean
}

/** The parts of an offer id. */
export type OfferParts = { rideId: string; attempt: number; driverId: string }

const signupPattern = /^s-([0-9a-f]{32})-[0-9a-f]{12}$/
const namePattern = /^[A-Za-z0-9_-]{1,64}$/
const ridePattern = /^[0-9a-f]{32}$/
const actionPattern = /^([rd])\.([A-Za-z0-9_-]{1,64})\.[0-9a-f]{24}$/
const offerPattern = /^([^/]{1,64})\/(0|[1-9]\d{0,8})\/([^/]{1,64})$/
const tagLength = 8

/**
 * The derivations under a secret. All processes must share the secret, and changing it makes
 * every known e-mail and SSN look new.
 * @throws RangeError when the secret is shorter than 16 characters
 */
export function createIds(secret: string): Ids {
  if (secret.length < 16) throw new RangeError('expected an id secret of 16 characters or more')
  const keyedHash = createKeyedHash(secret)

  // The JSON array keeps the parts apart whatever they contain; the label keeps uses apart.
  const derive = (length: number, label: string, ...parts: string[]): string =>
    keyedHash(JSON.stringify([label, ...parts])).slice(0, length)
  const tagged = (label: string, head: string, ownerId: string): string =>
    head + derive(tagLength, label, head, ownerId)
  const isTagged = (label: string, id: string, ownerId: string): boolean =>
    isSame(id, tagged(label, id.slice(0, -tagLength), ownerId))

  return {
    emailKey: (role, email) => derive(32, 'email', role, normalizeEmail(email)),
    signupId: ({ emailKey, idempotencyKey }) =>
      `s-${emailKey}-${derive(12, 'signup', emailKey, idempotencyKey)}`,
    emailKeyOf: emailKeyOfSignup,
    userId: ({ role, signupId }) => `${userPrefix[role]}-${derive(20, 'user', role, signupId)}`,
    rideId: ({ customerId, idempotencyKey }) =>
      tagged('ride-owner', derive(24, 'ride', customerId, idempotencyKey), accountOf(customerId)),
    isOwnRideId: (rideId, account) =>
      ridePattern.test(rideId) && isTagged('ride-owner', rideId, account),
    actionId: ({ scope, entityId, actorId, idempotencyKey }) => {
      const unique = derive(16, 'action', scope, entityId, actorId, idempotencyKey)
      return tagged(
        'action-owner',
        `${scope === 'ride' ? 'r' : 'd'}.${entityId}.${unique}`,
        actorId
      )
    },
    parseActionId: (actionId) => {
      const match = actionPattern.exec(actionId)
      if (match?.[2] === undefined) return null
      return { scope: match[1] === 'r' ? 'ride' : 'driver', entityId: match[2] }
    },
    isOwnActionId: (actionId, actorId) =>
      actionPattern.test(actionId) && isTagged('action-owner', actionId, actorId)
  }
}

/** The parts of a guest's id, each of letters, digits, `_` and `-`. */
export type GuestParts = { partnerId: string; guestId: string }

/**
 * The customer id of a partner's guest.
 * @throws RangeError when a part is no name, as the dot then would not tell them apart
 */
export function guestCustomerId({ partnerId, guestId }: GuestParts): string {
  if (!namePattern.test(partnerId) || !namePattern.test(guestId)) {
    throw new RangeError('expected names of 1 to 64 letters, digits, _ and -')
  }
  return `${partnerId}.${guestId}`
}

/** The account of a partner, under which all of its guests are. */
export function partnerAccount(partnerId: string): string {
  return `${partnerId}.`
}

/** Who answers for a customer: itself, or the account of the partner whose guest it is. */
export function accountOf(customerId: string): string {
  const dot = customerId.indexOf('.')
  return dot === -1 ? customerId : customerId.slice(0, dot + 1)
}

/** True when the actor is the customer, or the account that answers for it. */
export function actsForCustomer(actorId: string, customerId: string): boolean {
  return actorId === customerId || actorId === accountOf(customerId)
}

/** The id of an offer: unique per ride, attempt and driver. */
export function offerId({ rideId, attempt, driverId }: OfferParts): string {
  return `${rideId}/${attempt}/${driverId}`
}

/** The parts of an offer id, or null when it is malformed. */
export function parseOfferId(id: string): OfferParts | null {
  const match = offerPattern.exec(id)
  if (match?.[1] === undefined || match[3] === undefined) return null
  return { rideId: match[1], attempt: Number(match[2]), driverId: match[3] }
}

/** An e-mail address in the form that is compared and stored: trimmed, lower case. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** The e-mail key inside a sign-up id, or null when it is none; needs no secret. */
export function emailKeyOfSignup(signupId: string): string | null {
  return signupPattern.exec(signupId)?.[1] ?? null
}

/** An SSN in the form that is compared and encrypted: its digits alone. */
export function normalizeSsn(ssn: string): string {
  return ssn.replace(/\D/g, '')
}

const userPrefix = { CUSTOMER: 'c', DRIVER: 'd', ADMIN: 'a' } as const

function isSame(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left)
  const rightBytes = Buffer.from(right)
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes)
}
