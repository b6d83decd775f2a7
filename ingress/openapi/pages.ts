/**
 * What the API serves of itself: the description, the page to read, and an entry a problem.
 *
 * @module
 */
import { problemCodes, type StaticPage } from '../http/index.ts'
import { problemEntry } from './about-paths.ts'
import { createDocument } from './document.ts'
import type { AnyRoute } from './operation.ts'
import { createPage, pagePolicy } from './page.ts'

const jsonPolicy = "default-src 'none'; frame-ancestors 'none'"

/** Pages about these routes; nothing is made before it is asked for. */
export const createPages = (routes: readonly AnyRoute[]): StaticPage[] => [
  {
    path: '/openapi.json',
    contentType: 'application/json',
    headers: { 'content-security-policy': jsonPolicy },
    render: () => JSON.stringify(createDocument(routes))
  },
  {
    path: '/docs',
    contentType: 'text/html; charset=utf-8',
    headers: { 'content-security-policy': pagePolicy, 'referrer-policy': 'no-referrer' },
    render: () => createPage(createDocument(routes))
  },
  ...problemCodes.map((code) => ({
    path: `/problems/${code}`,
    route: '/problems/:code',
    contentType: 'application/json',
    headers: { 'content-security-policy': jsonPolicy },
    render: () => JSON.stringify(problemEntry(code))
  }))
]
