/**
 * What belongs to whom. A subject may touch its own things only; an administrator may touch all.
 * Ids of rides and actions carry a tag of their owner, so this needs no look-up, and a stranger
 * learns nothing about whether the thing exists.
 *
 * @module
 */
import { guestCustomerId, type Ids, partnerAccount } from '../../domain/index.ts'
import { type Identity, Problem } from '../http/index.ts'

/** The part of `Ids` that tells owners. */
export type OwnerIds = Pick<Ids, 'isOwnRideId' | 'isOwnActionId'>

/**
 * As whom somebody acts: by the subject, or a partner by the account that all its guests are under,
 * which is nobody's subject.
 */
export const actorOf = ({ role, subject }: Identity): string =>
  role === 'partner' ? partnerAccount(subject) : subject

/** The customer that a request is about: the subject, or the guest that a partner has to name. */
export const customerOf = ({ role, subject }: Identity, guestId: string | undefined): string => {
  if (role === 'partner') {
    if (guestId === undefined) throw guestProblem('is required of a partner')
    return guestCustomerId({ partnerId: subject, guestId })
  }
  if (guestId !== undefined) throw guestProblem('is for partners only')
  return subject
}

/** Refuses a subject that is not `ownerId`. */
export const requireSubject = (identity: Identity, ownerId: string): void => {
  if (identity.role !== 'admin' && actorOf(identity) !== ownerId) throw foreign()
}

/** Refuses a ride that was not made by this customer, or for a guest of this partner. */
export const requireRideOwner = (identity: Identity, rideId: string, ids: OwnerIds): void => {
  if (identity.role !== 'admin' && !ids.isOwnRideId(rideId, actorOf(identity))) throw foreign()
}

/** Refuses an action of another actor. */
export const requireActionOwner = (identity: Identity, actionId: string, ids: OwnerIds): void => {
  if (identity.role !== 'admin' && !ids.isOwnActionId(actionId, actorOf(identity))) throw foreign()
}

const guestProblem = (message: string): Problem =>
  new Problem('validation_failed', {
    detail: `guestId ${message}`,
    errors: [{ path: '/guestId', message }]
  })

const foreign = (): Problem => new Problem('subject_forbidden')
