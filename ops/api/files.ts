/**
 * @module The files of docs/ by which the API is released.
 */
import { readFileSync } from 'node:fs'
import { type ApiDocument, createDocument } from '../../ingress/openapi/index.ts'
import { apiRoutes } from '../../ingress/routes.ts'
import type { Case } from './judge.ts'

export const releasedFile = new URL('../../docs/openapi.released.json', import.meta.url)
export const changelogFile = new URL('../../docs/api-changelog.md', import.meta.url)

/** The API of this tree. */
export const currentDocument = (): ApiDocument => createDocument(apiRoutes)

/** What is judged in this tree. */
export const readCase = (): Case => ({
  released: JSON.parse(readFileSync(releasedFile, 'utf8')) as ApiDocument,
  current: currentDocument(),
  changelog: readFileSync(changelogFile, 'utf8')
})
