import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emailProblem } from './email.ts'
import { nameProblem } from './name.ts'
import { phoneProblem } from './phone.ts'
import { ssnProblem } from './ssn.ts'

describe('names', () => {
  test.each(['A', 'Jean-Luc', "D'Angelo", 'Martin Luther King, Jr.', 'Зоя', 'नेहा', 'a'.repeat(60)])(
    'accept %o',
    (name) => expect(nameProblem(name, 'name')).toBeNull()
  )

  test.each(['', ' Ada', 'Ada ', 'Ada1', '-', 'A\nB', 'A\u0000', '<b>', '😀', 'a'.repeat(61)])(
    'refuse %o',
    (name) => expect(nameProblem(name, 'name')).toBe('name_malformed')
  )

  test('are measured in characters, not in code units', () => {
    expect(nameProblem('𠮷'.repeat(60), 'name')).toBeNull()
    expect(nameProblem('𠮷'.repeat(61), 'name')).toBe('name_malformed')
  })
})

describe('e-mail addresses', () => {
  test.each(['a@b.co', "o'neill+tag@mail.example.com", `${'a'.repeat(64)}@example.org`])(
    'accept %o',
    (email) => expect(emailProblem(email)).toBeNull()
  )

  test.each([
    'a@b',
    '@b.co',
    'a@',
    'a@-b.co',
    'a@b-.co',
    'a@b..co',
    'a b@c.co',
    'a@b.co\n',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(64)}.org`,
    `a@${'b.'.repeat(130)}org`
  ])('refuse %o', (email) => expect(emailProblem(email)).toBe('email_malformed'))

  test('are refused once a forbidden character gets in', () => {
    const place = fc.nat({ max: 'ada@example.org'.length })
    fc.assert(
      fc.property(place, fc.constantFrom(' ', '@', '"', '(', '\\', '\t', 'é'), (at, character) => {
        const email = 'ada@example.org'
        return emailProblem(email.slice(0, at) + character + email.slice(at)) !== null
      })
    )
  })
})

describe('phone numbers', () => {
  test.each(['+12125550123', '+442071838750', '+4915112345678'])('accept %o', (phone) =>
    expect(phoneProblem(phone)).toBeNull()
  )

  test.each([
    '12125550123',
    '+1212555012',
    '+11125550123',
    '+12120550123',
    '+0123456789',
    '+49',
    ''
  ])('refuse %o', (phone) => expect(phoneProblem(phone)).toBe('phone_malformed'))
})

describe('social security numbers', () => {
  test('are accepted with and without hyphens', () => {
    expect(['536-90-4399', '536904399', '734-01-0001', '899-99-9999'].map(ssnProblem)).toEqual([
      null,
      null,
      null,
      null
    ])
  })

  test.each([
    '000-12-3456',
    '666-12-3456',
    '900-12-3456',
    '999123456',
    '123-00-4567',
    '123-45-0000'
  ])('were never issued as %o', (ssn) => expect(ssnProblem(ssn)).toBe('ssn_never_issued'))

  test.each([
    '',
    '12345678',
    '1234567890',
    '123-456789',
    '12345-6789',
    '123 45 6789',
    '１２３456789'
  ])('are malformed as %o', (ssn) => expect(ssnProblem(ssn)).toBe('ssn_malformed'))

  test.each(['078-05-1120', '219099999'])('are refused as publicised for %o', (ssn) =>
    expect(ssnProblem(ssn)).toBe('ssn_publicised')
  )

  test('never show up in a finding', () => {
    fc.assert(fc.property(fc.string(), (text) => /^ssn_[a-z_]+$/.test(ssnProblem(text) ?? 'ssn_x')))
  })
})
