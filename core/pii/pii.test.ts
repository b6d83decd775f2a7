import { createSecretKey } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decryptField,
  encryptField,
  fingerprintField,
  isStaleCiphertext,
  parseKeyring
} from './index.ts'

const keyText = (fill: number): string => Buffer.alloc(32, fill).toString('base64')
const oldKeys = parseKeyring(`a:${keyText(1)}`)
const newKeys = parseKeyring(`b:${keyText(2)}, a:${keyText(1)}`)
const place = { field: 'ssn', entityId: 'c-1' }

const anyPlace = fc.record({ field: fc.string(), entityId: fc.string() })
const anyText = fc.string({ unit: 'grapheme' })

describe('a field', () => {
  test('comes back from its own place', () => {
    fc.assert(
      fc.property(anyText, anyPlace, (plain, where) => {
        const value = encryptField({ ...where, plain, keys: oldKeys })
        expect(decryptField({ ...where, value, keys: oldKeys })).toBe(plain)
      })
    )
  })

  test('does not come back from any other place', () => {
    fc.assert(
      fc.property(anyText, anyPlace, anyPlace, (plain, where, elsewhere) => {
        fc.pre(where.field !== elsewhere.field || where.entityId !== elsewhere.entityId)
        const value = encryptField({ ...where, plain, keys: oldKeys })
        expect(() => decryptField({ ...elsewhere, value, keys: oldKeys })).toThrow(
          expect.objectContaining({ code: 'HAIL_PII_DECRYPT' })
        )
      })
    )
  })

  test('does not come back once a single character is changed', () => {
    const value = encryptField({ ...place, plain: '123-45-6789', keys: oldKeys })
    for (let index = 0; index < value.length; index += 1) {
      const replacement = value[index] === 'A' ? 'B' : 'A'
      const damaged = value.slice(0, index) + replacement + value.slice(index + 1)
      expect(() => decryptField({ ...place, value: damaged, keys: oldKeys }), damaged).toThrow(
        expect.objectContaining({ reaction: 'skip-to-dlq' })
      )
    }
  })

  test('is refused with a typed error whatever text is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^v1(\.[\w-]*){3,5}$/)), (value) => {
        expect(() => decryptField({ ...place, value, keys: oldKeys })).toThrow(
          expect.objectContaining({ reaction: 'skip-to-dlq' })
        )
      })
    )
  })

  test('is unlike itself at each encryption and does not show its text', () => {
    const input = { ...place, plain: '123-45-6789', keys: oldKeys }
    const [one, two] = [encryptField(input), encryptField(input)]
    expect(one).not.toBe(two)
    expect(one).toMatch(/^v1\.a\.[\w-]{16}\.[\w-]{15}\.[\w-]{22}$/)
    expect(Buffer.from(one.split('.')[3] ?? '', 'base64url').toString()).not.toContain('123')
  })

  test('stays readable after the key was rotated, until its key is dropped', () => {
    const value = encryptField({ ...place, plain: 'x', keys: oldKeys })
    expect(decryptField({ ...place, value, keys: newKeys })).toBe('x')
    expect(isStaleCiphertext(value, newKeys)).toBe(true)
    const fresh = encryptField({ ...place, plain: 'x', keys: newKeys })
    expect(isStaleCiphertext(fresh, newKeys)).toBe(false)
    expect(() => decryptField({ ...place, value: fresh, keys: oldKeys })).toThrow(
      expect.objectContaining({ code: 'HAIL_PII_KEY' })
    )
  })
})

describe('a keyring', () => {
  test('refuses a kid given twice, a bad kid and a short key', () => {
    for (const text of [`a:${keyText(1)},a:${keyText(2)}`, `a.b:${keyText(1)}`, 'a:AAAA', '']) {
      expect(() => parseKeyring(text), text).toThrow(
        expect.objectContaining({ code: 'HAIL_CONFIG' })
      )
    }
  })

  test('does not print its keys', () => {
    const printed = inspect(newKeys, { depth: 9 }) + JSON.stringify([...newKeys.byKid])
    expect(printed).not.toContain(keyText(1).slice(0, 8))
    expect(printed).not.toContain('<Buffer')
  })
})

describe('a fingerprint', () => {
  const key = createSecretKey(Buffer.alloc(32, 3))
  const otherKey = createSecretKey(Buffer.alloc(32, 4))

  test('is equal exactly for equal values of one field under one key', () => {
    fc.assert(
      fc.property(anyText, anyText, (plain, other) => {
        const own = fingerprintField({ plain, field: 'ssn', key })
        expect(own).toMatch(/^[0-9a-f]{64}$/)
        expect(fingerprintField({ plain: other, field: 'ssn', key }) === own).toBe(plain === other)
        expect(fingerprintField({ plain, field: 'phone', key })).not.toBe(own)
        expect(fingerprintField({ plain, field: 'ssn', key: otherKey })).not.toBe(own)
      })
    )
  })
})
