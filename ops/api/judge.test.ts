import { describe, expect, test } from 'vitest'
import type { ApiDocument } from '../../ingress/openapi/index.ts'
import { currentDocument, readCase } from './files.ts'
import { judge } from './judge.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tests reach deep into a JSON document
type Loose = any

const released = currentDocument()
released.info.version = '1.4.2'

const changed = (version: string, change: (document: Loose) => void = () => undefined) => {
  const document = JSON.parse(JSON.stringify(released)) as Loose
  document.info.version = version
  change(document)
  return document as ApiDocument
}
const addField = (d: Loose) => {
  d.components.schemas.Quote.properties.note = { type: 'string' }
}
const removeField = (d: Loose) => delete d.components.schemas.Quote.properties.expiresAt
const changelog = (version: string, text: string) =>
  `# Changes\n\n## ${version}\n\n${text}\n\n## 1.4.2\n\nAll.\n`

test('the API of this tree breaks nobody and tells of everything', () => {
  expect(judge(readCase())).toEqual([])
})

describe('refuses', () => {
  test('what breaks clients, whatever the minor version and the changelog say', () => {
    const current = changed('1.5.0', removeField)
    const faults = judge({ released, current, changelog: changelog('1.5.0', '`*`') })
    expect(faults).toEqual(['breaks clients of 1.4.2: POST /quotes: 200.expiresAt is gone'])
  })

  test('another major version under the same path', () => {
    const current = changed('2.0.0', removeField)
    const faults = judge({ released, current, changelog: changelog('2.0.0', '`*`') })
    expect(faults).toEqual(['expected version 1.x.y under /api/v1, got 2.0.0'])
  })

  test.each(['1.4.2', '1.4.3', '1.3.0'])('an addition under the version %s', (version) => {
    const current = changed(version, addField)
    const [fault] = judge({ released, current, changelog: changelog(version, '`*`') })
    expect(fault).toBe(
      'expected a version above 1.4.x for:\n- compatible: POST /quotes: 200.note is new'
    )
  })

  test('an addition that the changelog does not name', () => {
    const current = changed('1.5.0', addField)
    const missing = 'expected `POST /quotes` in section 1.5.0 of docs/api-changelog.md'
    const other = judge({ released, current, changelog: changelog('1.5.0', '`POST /rides`') })
    expect(other).toEqual([missing])
    const none = judge({ released, current, changelog: changelog('1.4.2', '`*`') })
    expect(none).toEqual(['expected a section "## 1.5.0" in docs/api-changelog.md'])
  })
})

test.each(['`POST /quotes` gets a note.', '`* /quotes`', '`*`'])(
  'takes an addition that %s names',
  (text) => {
    const current = changed('1.5.0', addField)
    expect(judge({ released, current, changelog: changelog('1.5.0', text) })).toEqual([])
  }
)
