import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assertThat,
  CorruptError,
  errors,
  FatalError,
  HailError,
  isHailError,
  MigrateError,
  RetryError,
  SkipToDlqError,
  toHailError
} from './errors.ts'

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')

describe('the table of errors', () => {
  test('is documented code by code with the same reactions', () => {
    const sections = page.split(/^## /m).slice(1)
    const documented = sections.map((section) => {
      const code = section.split('\n', 1)[0]
      const reaction = /^- Reaction: `([a-z-]+)`$/m.exec(section)?.[1]
      expect(section, code).toMatch(/^- Meaning: \S/m)
      expect(section, code).toMatch(/^- What to do: \S/m)
      return [code, reaction]
    })
    const table = Object.entries(errors).map(([code, { reaction }]) => [code, reaction])
    expect(documented).toHaveLength(table.length)
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(table))
  })

  test('gives each class the reaction it is named after', () => {
    expect(new RetryError('HAIL_TIMEOUT', 'm').reaction).toBe('retry')
    expect(new SkipToDlqError('HAIL_RULE', 'm').reaction).toBe('skip-to-dlq')
    expect(new MigrateError('HAIL_FENCED', 'm').reaction).toBe('migrate')
    expect(new CorruptError('HAIL_POSITION', 'm').reaction).toBe('corrupt')
    expect(new FatalError('HAIL_CONFIG', 'm').reaction).toBe('fatal')
  })

  test('keeps the cause and the name of the class', () => {
    const cause = new Error('inner')
    const error = new CorruptError('HAIL_UNKNOWN_OUTCOME', 'outer', { cause })
    expect(error).toMatchObject({ name: 'CorruptError', message: 'outer', cause })
    expect('cause' in new RetryError('HAIL_TIMEOUT', 'm')).toBe(false)
  })
})

describe('toHailError', () => {
  test('returns ours as they are', () => {
    const error = new RetryError('HAIL_TIMEOUT', 'm')
    expect(toHailError(error)).toBe(error)
  })

  test('names a foreign error by class and code without quoting its message', () => {
    const foreign = Object.assign(new TypeError('rider 123-45-6789'), {
      code: 'ECONNREFUSED',
      syscall: 'connect'
    })
    const error = toHailError(foreign)
    expect(error).toMatchObject({ code: 'HAIL_INTERNAL', reaction: 'fatal', cause: foreign })
    expect(error.message).toBe('unexpected TypeError ECONNREFUSED (connect)')
  })

  test('takes whatever can be thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => {
        expect(toHailError(value)).toBeInstanceOf(HailError)
      })
    )
  })

  test('survives values that throw when they are looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const trap = new Error('trap')
    Object.defineProperty(trap, 'code', {
      get: () => {
        throw new Error('no')
      }
    })
    expect(isHailError(proxy)).toBe(false)
    expect(toHailError(proxy).code).toBe('HAIL_INTERNAL')
    expect(toHailError(trap).message).toBe('unexpected unreadable value')
  })
})

test('assertThat throws its sentence as a fatal error', () => {
  expect(() => assertThat(true, 'holds')).not.toThrow()
  expect(() => assertThat(false, 'offsets rise')).toThrow(
    expect.objectContaining({ code: 'HAIL_ASSERTION', message: 'offsets rise' })
  )
})
