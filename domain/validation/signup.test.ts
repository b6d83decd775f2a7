import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SignupFields, validateSignup } from './signup.ts'
import { states } from './state.ts'

const today = '2025-06-01'
const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`))
const name = fc.constantFrom('Ada', 'José', "O'Neill", 'Ngũgĩ wa Thiong’o', '李小龙', 'King, Jr.')

const driver: SignupFields = {
  role: 'DRIVER',
  firstName: 'Ada',
  lastName: "O'Neill",
  email: 'ada@example.org',
  phone: '+12125550123',
  street: '12 W 34th St, Apt #5',
  city: 'New York',
  state: 'NY',
  zip: '10001',
  ssn: '536-90-4399',
  vehicle: { make: 'Toyota', model: 'Prius', year: 2020, color: 'black', plate: 'ABC1234' },
  licence: { number: 'D12345678', state: 'NY', expiresOn: '2027-01-31' }
}

const drivers: fc.Arbitrary<SignupFields> = fc.record({
  role: fc.constant('DRIVER' as const),
  firstName: name,
  lastName: name,
  email: fc
    .tuple(fc.stringMatching(/^[a-z0-9.+_-]{1,64}$/), fc.stringMatching(/^[a-z0-9]{1,63}$/))
    .map(([local, domain]) => `${local}@${domain}.org`),
  phone: fc.stringMatching(/^\+1[2-9]\d{2}[2-9]\d{6}$/),
  street: fc.constantFrom('1 Main St', 'P.O. Box 7', '350 5th Ave. #21'),
  city: name,
  state: fc.constantFrom(...states),
  zip: fc
    .tuple(digits(5), fc.option(digits(4)))
    .map(([five, four]) => (four ? `${five}-${four}` : five)),
  ssn: fc.stringMatching(/^[1-5]\d{2}-[1-9]\d-[1-9]\d{3}$/),
  vehicle: fc.record({
    make: fc.constantFrom('Toyota', 'Citroën', 'BMW'),
    model: fc.constantFrom('Prius', '3 Series', 'e-Golf', 'ID.4'),
    year: fc.integer({ min: 1990, max: 2026 }),
    color: fc.constantFrom('black', 'dark green'),
    plate: fc.stringMatching(/^[A-Z0-9]{2,8}$/)
  }),
  licence: fc.record({
    number: fc.stringMatching(/^[A-Z]\d{7,14}$/),
    state: fc.constantFrom(...states),
    expiresOn: fc.constantFrom('2025-06-02', '2028-02-29')
  })
})

describe('a sign-up', () => {
  test('is accepted when every field is well formed', () => {
    expect(validateSignup(driver, { today })).toEqual({ problems: [], warnings: [] })
    fc.assert(
      fc.property(drivers, (fields) => {
        expect(validateSignup(fields, { today }).problems).toEqual([])
      })
    )
  })

  test.each<[string, Partial<SignupFields>]>([
    ['role_unsupported', { role: 'ADMIN' }],
    ['first_name_malformed', { firstName: '' }],
    ['last_name_malformed', { lastName: 'R2<D2>' }],
    ['email_malformed', { email: 'ada@localhost' }],
    ['phone_malformed', { phone: '2125550123' }],
    ['street_malformed', { street: '' }],
    ['city_malformed', { city: '12' }],
    ['state_unknown', { state: 'ny' }],
    ['zip_malformed', { zip: '1000' }],
    ['ssn_malformed', { ssn: '12-3456' }],
    ['ssn_publicised', { ssn: '078-05-1120' }],
    ['vehicle_missing', { vehicle: null }],
    ['licence_missing', { licence: null }]
  ])('is refused with %s and nothing else', (code, change) => {
    fc.assert(
      fc.property(drivers, (fields) => {
        expect(validateSignup({ ...fields, ...change }, { today }).problems).toContain(code)
      }),
      { numRuns: 10 }
    )
    const { problems } = validateSignup({ ...driver, ...change }, { today })
    expect(problems).toEqual([code])
  })

  test('names every problem once', () => {
    const change = { email: 'x', zip: 'x', vehicle: null, ssnProblem: 'ssn_malformed', ssn: 'x' }
    expect(validateSignup({ ...driver, ...change }, { today }).problems).toEqual([
      'email_malformed',
      'zip_malformed',
      'ssn_malformed',
      'vehicle_missing'
    ])
  })

  test('of a customer needs neither vehicle nor licence', () => {
    const { vehicle: _vehicle, licence: _licence, ...person } = driver
    const customer = { ...person, role: 'CUSTOMER' as const }
    expect(validateSignup(customer, { today }).problems).toEqual([])
  })

  test('with the SSN encrypted relies on what was found before', () => {
    const { ssn: _ssn, ...encrypted } = driver
    expect(validateSignup({ ...encrypted, ssnProblem: null }, { today }).problems).toEqual([])
    expect(
      validateSignup({ ...encrypted, ssnProblem: 'ssn_malformed' }, { today }).problems
    ).toEqual(['ssn_malformed'])
  })

  test('is warned of a ZIP code in another state but not refused', () => {
    expect(validateSignup({ ...driver, state: 'CA' }, { today })).toEqual({
      problems: [],
      warnings: ['warn:zip_state_mismatch']
    })
  })
})
