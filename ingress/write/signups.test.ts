import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decryptField } from '../../core/index.ts'
import { startTestIngress, type TestIngress } from '../testing/test-ingress.ts'

let it: TestIngress
const admin = { role: 'admin', subject: 'a-1' } as const
const app = { role: 'signup', subject: 'app-1' } as const
const person = {
  firstName: '  Ada ',
  lastName: 'Love  lace',
  email: ' Ada@Example.COM ',
  phone: '+1 (212) 555-0100',
  street: '1 Main St',
  city: 'New York',
  state: 'ny',
  zip: '10001',
  ssn: '123-45-6789'
}
const vehicle = { make: 'Toyota', model: 'Prius', year: 2020, color: 'blue', plate: ' abc 123 ' }
const licence = { number: 'a1234567', state: 'ny', expiresOn: '2099-01-01' }

beforeAll(async () => {
  it = await startTestIngress({ LIMIT_WRITES: '0', LIMIT_BAD_TOKENS: '0' })
})
afterAll(() => it.ingress.drain())
beforeEach(() => {
  it.producer.records.length = 0
})

describe('sign-ups', () => {
  test('normalises the text, seals the number and derives the ids', async () => {
    const key = it.key()
    const reply = await it.post('/users/signup', {
      as: app,
      key,
      body: { role: 'driver', ...person, vehicle, licence }
    })
    expect(reply.status).toBe(202)
    expect(reply.body['status']).toBe('pending')
    expect(reply.headers.get('location')).toBe(`/api/v1/signups/${reply.body['signupId']}`)
    const [sent] = it.sent<'SignupRequest'>('signup_requests')
    expect(sent?.value).toMatchObject({
      signupId: reply.body['signupId'],
      userId: reply.body['userId'],
      emailKey: it.ids.emailKey('DRIVER', 'ada@example.com'),
      role: 'DRIVER',
      firstName: 'Ada',
      lastName: 'Love lace',
      email: 'ada@example.com',
      phone: '+12125550100',
      state: 'NY',
      ssnLast4: '6789',
      ssnProblem: null,
      vehicle: { plate: 'ABC 123' },
      licence: { number: 'A1234567', state: 'NY' },
      source: 'APP'
    })
    const plain = decryptField({
      value: sent?.value.ssnCipher ?? '',
      field: 'ssn',
      entityId: reply.body['userId'] as string,
      keys: it.secrets.piiKeys
    })
    expect(plain).toBe('123456789')
  })

  test('lets no social security number into what is produced', async () => {
    await it.post('/users/signup', {
      as: app,
      key: it.key(),
      body: { role: 'customer', ...person, ssn: '219-45-1234' }
    })
    const [record] = it.producer.records
    const bytes = `${record?.value?.toString('latin1')}${JSON.stringify(record?.headers)}`
    expect(bytes).not.toMatch(/219-?45-?1234/)
  })

  test('finds the same number under any spelling and role', async () => {
    const spellings = [
      ['customer', '123-45-6789'],
      ['driver', '123456789']
    ]
    for (const [role, ssn] of spellings) {
      await it.post('/users/signup', {
        as: app,
        key: it.key(),
        body: { role, ...person, ssn, vehicle, licence }
      })
    }
    const keys = it.sent<'SignupRequest'>('signup_requests').map(({ value }) => value.ssnKey)
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })

  test('passes the finding on a bad number along instead of refusing', async () => {
    const reply = await it.post('/users/signup', {
      as: app,
      key: it.key(),
      body: { role: 'customer', ...person, ssn: '000-00-0000' }
    })
    expect(reply.status).toBe(202)
    const [sent] = it.sent<'SignupRequest'>('signup_requests')
    expect(sent?.value).toMatchObject({ ssnProblem: 'ssn_never_issued', vehicle: null })
  })

  test('gives a retry the same sign-up and refuses the key with another body', async () => {
    const key = it.key()
    const body = { role: 'customer', ...person }
    const first = await it.post('/users/signup', { as: app, key, body })
    const again = await it.post('/users/signup', { as: app, key, body })
    const other = await it.post('/users/signup', { as: app, key, body: { ...body, zip: '10002' } })
    expect(again.body).toEqual(first.body)
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused'])
  })

  test.each([
    ['no role', person],
    ['an unknown role', { role: 'admin', ...person }],
    ['a control character', { role: 'customer', ...person, city: 'New\u0000York' }],
    ['a number that is no text', { role: 'customer', ...person, ssn: 123456789 }],
    ['an unknown field', { role: 'customer', ...person, admin: true }]
  ])('refuses %s without repeating the number', async (_, body) => {
    const reply = await it.post('/users/signup', { as: app, key: it.key(), body })
    expect(reply.status).toBe(422)
    expect(JSON.stringify(reply.body)).not.toMatch(/123-?45-?6789/)
  })

  test('takes sign-ups of administrators and refuses them of others', async () => {
    const customer = await it.post('/admin/customers', { as: admin, key: it.key(), body: person })
    const asDriver = await it.post('/admin/drivers', {
      as: admin,
      key: it.key(),
      body: { ...person, vehicle, licence }
    })
    const refused = await it.post('/admin/customers', { as: app, key: it.key(), body: person })
    expect([customer.status, asDriver.status, refused.status]).toEqual([202, 202, 403])
    expect(it.sent<'SignupRequest'>('signup_requests').map(({ value }) => value)).toMatchObject([
      { role: 'CUSTOMER', source: 'ADMIN' },
      { role: 'DRIVER', source: 'ADMIN' }
    ])
  })
})
