/**
 * Cursors of lists: opaque to clients, a place in one list to us. A cursor is signed over the list and
 * whose entries it shows, so that one of another list, another person or somebody's own making is
 * refused. It grants nothing by itself: whose entries a page shows comes from the token each time.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../http/index.ts'
import type { PageFilter, PagePlace } from './ports.ts'

/** Which list a cursor belongs to: its name and the filter of its entries. */
export type ListScope = { list: string; filter: PageFilter }

/** See the module. */
export type Cursors = {
  /** The cursor of the last entry of a page. */
  encode(scope: ListScope, place: PagePlace): string
  /** The place a cursor names; null for none. Throws a 400 problem for one that is not of this list. */
  decode(scope: ListScope, cursor: string | undefined): PagePlace | null
}

/** 96 bits: guessing one takes longer than any list lives. */
const tagBytes = 12

/** Cursors of all processes that share the secret. */
export const createCursors = (secret: string): Cursors => {
  const key = createHmac('sha256', secret).update('cursors of lists').digest()
  const tagOf = ({ list, filter }: ListScope, place: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([list, filter.customerId ?? null, filter.driverId ?? null, place]))
      .digest()
      .subarray(0, tagBytes)
  return {
    encode: (scope, { at, id }) => {
      const place = JSON.stringify([at, id])
      return Buffer.concat([tagOf(scope, place), Buffer.from(place)]).toString('base64url')
    },
    decode: (scope, cursor) => {
      if (cursor === undefined) return null
      const bytes = Buffer.from(cursor, 'base64url')
      const place = bytes.toString('utf8', tagBytes)
      if (bytes.length <= tagBytes) throw foreign()
      if (!timingSafeEqual(bytes.subarray(0, tagBytes), tagOf(scope, place))) throw foreign()
      // Only we can have signed it, so it has our form.
      const [at, id] = JSON.parse(place) as [number, string]
      return { at, id }
    }
  }
}

const foreign = (): Problem =>
  new Problem('malformed_query', { detail: 'Expected the nextCursor of another page of this list' })
