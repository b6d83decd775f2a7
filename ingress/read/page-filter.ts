/**
 * Whose entries a list shows: the subject's own, those of a partner's guest, or any an administrator
 * asks for.
 *
 * @module
 */
import Type from 'typebox'
import { customerOf } from '../auth/index.ts'
import { type Identity, Problem } from '../http/index.ts'
import type { PageFilter } from './ports.ts'

/** A customer as an administrator names it, guests of partners included. */
export const customerQuery = Type.String({
  maxLength: 129,
  pattern: '^[A-Za-z0-9_-]{1,64}(\\.[A-Za-z0-9_-]{1,64})?$',
  description: 'Of this customer; administrators only'
})

/** What a client asks for. */
export type AskedFilter = PageFilter & { guestId?: string }

/** The filter of a list; throws a 403 problem for somebody else's. */
export const filterOf = (identity: Identity, asked: AskedFilter): PageFilter => {
  const { role, subject } = identity
  const customer = customerOf(identity, asked.guestId)
  if (role === 'admin') {
    const { customerId, driverId } = asked
    return {
      ...(customerId === undefined ? {} : { customerId }),
      ...(driverId === undefined ? {} : { driverId })
    }
  }
  const own: PageFilter = role === 'driver' ? { driverId: subject } : { customerId: customer }
  const isForeign =
    (asked.customerId ?? own.customerId) !== own.customerId ||
    (asked.driverId ?? own.driverId) !== own.driverId
  if (isForeign) throw new Problem('subject_forbidden')
  return own
}
