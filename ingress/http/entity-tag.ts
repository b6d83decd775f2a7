/**
 * Entity tags (RFC 9110, 8.8.3): what lets a client ask "has it changed?" and be answered 304.
 *
 * A tag is strong where equal tags mean equal bytes: here always, since nothing compresses answers and
 * documents are written with their fields in one order. A tag names the role it was made for, as the
 * same address answers each role with other fields. `If-None-Match` compares weakly (8.8.3.2), so a
 * proxy that compressed an answer and made its tag weak is understood too.
 *
 * @module
 */
import { hash } from 'node:crypto'
import type { Reply, ResponseDoc } from './route.ts'

/** Letters of a digest that a tag keeps: 22 of base64url are 132 bits. */
const digestLength = 22
/** A client sends the tags it has for one address, which is one or a few. */
const headerLengthMax = 4_096

/** The tag of an answer by its bytes. */
export const tagOfText = (text: string): string =>
  `"${hash('sha256', text, 'base64url').slice(0, digestLength)}"`

/** The tag of a version of a thing: the parts have to name thing, version and role. */
export const tagOfVersion = (...parts: readonly (string | number)[]): string =>
  `"${parts.join('-').replace(/[^!#-~]/g, '_')}"`

/** Whether `If-None-Match` names the tag, so that the client has this answer already. */
export const isKnownTag = (ifNoneMatch: string | undefined, tag: string): boolean => {
  if (ifNoneMatch === undefined || ifNoneMatch.length > headerLengthMax) return false
  if (ifNoneMatch.trim() === '*') return true
  const opaque = opaqueOf(tag)
  return [...ifNoneMatch.matchAll(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g)].some(
    ([found]) => opaqueOf(found) === opaque
  )
}

const opaqueOf = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag)

/**
 * 200 with a tag, or 304 for a client that has it. `private`: an answer is for one person, so only that
 * person's device may keep it; `no-cache`: it asks each time before it shows what it kept.
 *
 * @param options.tag made by `tagOfVersion`; of the answer's bytes when absent
 */
export const conditionalReply = (
  body: unknown,
  options: {
    ifNoneMatch: string | undefined
    tag?: string
    headers?: Record<string, string> | undefined
  }
): Reply => {
  const text = JSON.stringify(body)
  const tag = options.tag ?? tagOfText(text)
  const headers = {
    etag: tag,
    'cache-control': 'private, no-cache',
    vary: 'authorization, origin',
    ...options.headers
  }
  if (isKnownTag(options.ifNoneMatch, tag)) return notModifiedReply(text, headers)
  return { status: 200, text, headers: { ...headers, 'content-type': 'application/json' } }
}

/** 304 in place of a text. It names the length that a 200 would have, as it may. */
export const notModifiedReply = (text: string, headers: Record<string, string>): Reply => ({
  status: 304,
  headers: { ...headers, 'content-length': String(Buffer.byteLength(text)) }
})

/** How a 304 is documented. */
export const notModified: ResponseDoc = {
  description: 'As the ETag in If-None-Match says',
  headers: ['etag']
}
