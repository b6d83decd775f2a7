/**
 * What belongs to whom. A subject may touch its own things only; an administrator may touch all.
 * Ids of rides and actions carry a tag of their owner, so this needs no look-up, and a stranger
 * learns nothing about whether the thing exists.
 *
 * @module
 */
import type { Ids } from '../../domain/index.ts'
import { type Identity, Problem } from '../http/index.ts'

/** The part of `Ids` that tells owners. */
export type OwnerIds = Pick<Ids, 'isOwnRideId' | 'isOwnActionId'>

/** Refuses a subject that is not `ownerId`. */
export const requireSubject = (identity: Identity, ownerId: string): void => {
  if (identity.role !== 'admin' && identity.subject !== ownerId) throw foreign()
}

/** Refuses a ride that was not made by this customer. */
export const requireRideOwner = (identity: Identity, rideId: string, ids: OwnerIds): void => {
  if (identity.role !== 'admin' && !ids.isOwnRideId(rideId, identity.subject)) throw foreign()
}

/** Refuses an action of another actor. */
export const requireActionOwner = (identity: Identity, actionId: string, ids: OwnerIds): void => {
  if (identity.role !== 'admin' && !ids.isOwnActionId(actionId, identity.subject)) throw foreign()
}

const foreign = (): Problem => new Problem('subject_forbidden')
