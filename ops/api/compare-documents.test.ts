import { describe, expect, test } from 'vitest'
import type { ApiDocument, JsonSchema } from '../../ingress/openapi/index.ts'
import { compareDocuments } from './compare-documents.ts'
import { currentDocument } from './files.ts'
import { breakingChanges, compatibleChanges, type Loose } from './handmade-changes.ts'

const base = currentDocument()

/** The API after `change`. */
const after = (change: (document: Loose) => void): ApiDocument => {
  const document = JSON.parse(JSON.stringify(base)) as Loose
  change(document)
  return document
}

const found = (change: (document: Loose) => void, kind: string): string[] =>
  compareDocuments(base, after(change))
    .filter((each) => each.kind === kind)
    .map(({ where, what }) => `${where}: ${what}`)

describe('a change is breaking when', () => {
  test.each(breakingChanges)('%s', (_, change, expected) => {
    expect(found(change, 'breaking')).toContain(expected)
  })
})

describe('a change is compatible when', () => {
  test.each(compatibleChanges)('%s', (_, change, expected) => {
    expect(found(change, 'breaking')).toEqual([])
    expect(found(change, 'compatible')).toContain(expected)
  })
})

test('texts, examples and order are no changes', () => {
  const changed = after((d) => {
    d.info.description = 'other'
    d.paths['/rides'].post.summary = 'other'
    d.components.schemas.Place.description = 'other'
    d.components.schemas.Place.required.reverse()
    d.paths['/rides'].post.requestBody.content['application/json'].example = {}
    d.paths = Object.fromEntries(Object.entries(d.paths as Record<string, JsonSchema>).reverse())
  })
  expect(compareDocuments(base, changed)).toEqual([])
})
