import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { searchFiles, searchFor } from './canary.ts'

const ssn = '536-90-4399'
const digits = '536904399'
const search = searchFor(ssn)

test.each([
  ['plain', ssn],
  ['dashless', digits],
  ['spaced', '536 90 4399'],
  ['percent-encoded', '536%2D90%2D4399'],
  ['reversed dashless', '993409635'],
  ['dashless, hex', Buffer.from(digits).toString('hex')],
  ['dashless, reversed hex', [...Buffer.from(digits).toString('hex')].reverse().join('')],
  ['plain, UTF-16', Buffer.from(ssn, 'utf16le').toString('latin1')]
])('finds the number in the form %s', (form, text) => {
  expect(search.formsIn(Buffer.from(`{"a":"x${text}y"}`, 'latin1'))).toContain(form)
})

test('finds it in base64 wherever it stands within what was encoded', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (head, tail) => {
        for (const text of [ssn, digits]) {
          const bytes = Buffer.concat([head, Buffer.from(text), tail])
          expect(search.formsIn(Buffer.from(bytes.toString('base64'))).join()).toContain('base64')
          expect(search.formsIn(Buffer.from(bytes.toString('base64url'))).join()).toContain(
            'base64'
          )
        }
      }
    )
  )
})

test('finds nothing in another number or its last four digits', () => {
  expect(search.formsIn(Buffer.from('536-90-4398 4399 ***-**-4399'))).toEqual([])
})

test('looks into every file below a folder', () => {
  const dir = mkdtempSync(join(tmpdir(), 'canary-'))
  mkdirSync(join(dir, 'inner'))
  writeFileSync(join(dir, 'inner', 'a.log'), `one\n${digits}\n`)
  writeFileSync(join(dir, 'b.log'), 'nothing')
  const place = `log ${join(dir, 'inner', 'a.log')}`
  expect(searchFiles(search, dir)).toEqual([{ place, form: 'dashless' }])
})
