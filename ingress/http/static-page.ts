/**
 * Pages that anybody may read: made once, at the first request, and answered from memory with an
 * ETag.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { isKnownTag, notModifiedReply } from './entity-tag.ts'
import type { Reply } from './route.ts'

/** One page; `path` is below the base. */
export type StaticPage = {
  path: string
  /** Name of the route in metrics and logs; the path where absent. */
  route?: string
  contentType: string
  headers?: Readonly<Record<string, string>>
  render: () => string
}

/** Caches may keep a page for this long before they ask whether it is still the same. */
const freshSeconds = 60

/** Answers the page, or 304 where `If-None-Match` names it. */
export type PageAnswer = (ifNoneMatch: string | undefined) => Reply

/** See the module. */
export const createPageAnswer = (page: StaticPage): PageAnswer => {
  let made: { text: string; headers: Record<string, string> } | null = null
  const make = () => {
    const text = page.render()
    const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`
    const headers = {
      etag,
      'cache-control': `public, max-age=${freshSeconds}`,
      'content-type': page.contentType,
      ...page.headers
    }
    return { text, headers }
  }
  return (ifNoneMatch) => {
    made ??= make()
    const { text, headers } = made
    if (isKnownTag(ifNoneMatch, headers['etag'] ?? '')) return notModifiedReply(text, headers)
    return { status: 200, headers, text }
  }
}
