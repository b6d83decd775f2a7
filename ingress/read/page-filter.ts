/**
 * Whose entries a list shows: the subject's own, or any an administrator asks for.
 *
 * @module
 */
import { type Identity, Problem } from '../http/index.ts'
import type { PageFilter } from './ports.ts'

/** The filter of a list; throws a 403 problem for somebody else's. */
export const filterOf = ({ role, subject }: Identity, asked: PageFilter): PageFilter => {
  if (role === 'admin') {
    const { customerId, driverId } = asked
    return {
      ...(customerId === undefined ? {} : { customerId }),
      ...(driverId === undefined ? {} : { driverId })
    }
  }
  const own: PageFilter = role === 'driver' ? { driverId: subject } : { customerId: subject }
  const isForeign =
    (asked.customerId ?? own.customerId) !== own.customerId ||
    (asked.driverId ?? own.driverId) !== own.driverId
  if (isForeign) throw new Problem('subject_forbidden')
  return own
}
