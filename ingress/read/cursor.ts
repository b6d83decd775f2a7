/**
 * Cursors of lists: opaque to clients, a place in a list to us.
 *
 * @module
 */
import { Problem } from '../http/index.ts'
import type { PagePlace } from './ports.ts'

/** The cursor of the last entry of a page. */
export const encodeCursor = ({ at, id }: PagePlace): string =>
  Buffer.from(JSON.stringify([at, id])).toString('base64url')

/** The place a cursor names; null for none. Throws a 400 problem for one we did not make. */
export const decodeCursor = (cursor: string | undefined): PagePlace | null => {
  if (cursor === undefined) return null
  try {
    const [at, id, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (Number.isSafeInteger(at) && typeof id === 'string' && rest.length === 0) {
      return { at: at as number, id }
    }
  } catch {
    // Falls through to the refusal: whatever is wrong with it, it is not ours.
  }
  throw new Problem('malformed_query', { detail: 'Expected the nextCursor of another page' })
}
