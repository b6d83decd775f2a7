/**
 * @module OWASP API top ten 2023, the risks of who may do what (1, 2, 3, 5), over every route there is.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/index.ts'
import { stores } from '../../streams/query/index.ts'
import { mintToken, tokenIssuer } from '../auth/index.ts'
import type { TokenRole } from '../http/index.ts'
import { aBill, aDriver, aRide } from '../testing/builders.ts'
import { startTestIngress, type TestIngress, type TestReply } from '../testing/test-ingress.ts'
import { pathOf, type RuledRoute, routeRules, ruledRoutes, schemaNodes } from './route-rules.ts'

const roles: readonly TokenRole[] = ['customer', 'driver', 'admin', 'signup']
const limits = {
  LIMIT_WRITES: '0',
  LIMIT_READS: '0',
  LIMIT_SIGNUPS: '0',
  LIMIT_BAD_TOKENS: '0',
  LIMIT_LOCATIONS: '0'
}

let it: TestIngress
let ownRide = ''
beforeAll(async () => {
  it = await startTestIngress(limits)
  ownRide = it.ids.rideId({ customerId: 'c-1', idempotencyKey: 'k' })
  const ride = aRide({ rideId: ownRide, customerId: 'c-1', driverId: 'd-1', status: 'ACCEPTED' })
  it.stores.put(stores.rides, ownRide, { ...ride, actions: [], parked: [] } as never)
  it.stores.put(stores.drivers, 'd-1', aDriver())
  it.history.rideList.push(ride)
  it.history.billList.push(aBill({ rideId: ownRide }))
  const profile = {
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    phone: '+12125550100',
    street: '1 Main St',
    city: 'New York',
    state: 'NY',
    zip: '10001',
    ssnLast4: '4399',
    vehicle: null,
    licence: null,
    registeredAt: 1
  }
  it.history.userById.set('c-1', { userId: 'c-1', ...profile })
  it.history.userById.set('d-1', { userId: 'd-1', ...profile })
})
beforeEach(() => {
  it.producer.records.length = 0
})
afterAll(() => it.ingress.drain())

type Caller = { as: { role: TokenRole; subject: string } } | { token: string } | object

const call = (route: RuledRoute, id: string, caller: Caller, body = route.rule.body) =>
  route.method === 'GET'
    ? it.get(pathOf(route, id), caller)
    : it.post(pathOf(route, id), {
        ...caller,
        key: it.key(),
        ...(body === undefined ? {} : { body })
      })

/** An id that exists, of somebody; the ids of nobody would prove nothing. */
const existingId = ({ path }: RuledRoute): string => {
  if (path.includes(':rideId')) return ownRide
  if (path.includes(':billId')) return 'bill-1'
  if (path.includes(':driverId')) return 'd-1'
  if (path.includes(':customerId')) return 'c-1'
  if (path.includes(':actionId')) {
    const of = { scope: 'ride', entityId: ownRide, actorId: 'c-1', idempotencyKey: 'k' } as const
    return it.ids.actionId(of)
  }
  return it.ids.signupId({ emailKey: it.ids.emailKey('CUSTOMER', 'a@b.org'), idempotencyKey: 'k' })
}

const subjectOf: Record<TokenRole, string> = {
  customer: 'c-1',
  driver: 'd-1',
  admin: 'a-1',
  signup: 'app-1',
  partner: 'p-1'
}
const outcome = ({ status, body }: TestReply) => [status, body['code']]
const cases = (routes: readonly RuledRoute[]) => routes.map((route) => [route.name, route] as const)
const namesSomebody = (route: RuledRoute): boolean => route.path.includes(':')

test('every rule is of a route that is there', () => {
  expect(Object.keys(routeRules).sort()).toEqual(ruledRoutes.map(({ name }) => name).sort())
})

describe('API1 broken object level authorisation', () => {
  test.each(cases(ruledRoutes.filter(namesSomebody)))(
    '%s has a rule for the id in its path',
    (_, { rule }) => {
      expect(['own-id', 'own-tag', 'own-record', 'capability']).toContain(rule.owner)
    }
  )

  test.each(
    cases(ruledRoutes.filter((route) => namesSomebody(route) && route.rule.owner !== 'capability'))
  )(
    '%s refuses a stranger of each role it takes, and nothing is written or shown',
    async (_, route) => {
      for (const role of route.roles.filter((each) => each !== 'admin')) {
        const reply = await call(route, existingId(route), {
          as: { role, subject: `${role}-stranger` }
        })
        expect([403, 404], `${role}: ${JSON.stringify(reply.body)}`).toContain(reply.status)
        const said = { ...reply.body, instance: 'the path as it was asked for' }
        expect(JSON.stringify(said)).not.toMatch(/Ada|c-1\b|1234/)
      }
      expect(it.producer.records).toEqual([])
    }
  )

  test.each(cases(ruledRoutes.filter(namesSomebody)))(
    '%s serves its owner, so that the refusal is not for another reason',
    async (_, route) => {
      const served = await Promise.all(
        route.roles.map((role) =>
          call(route, existingId(route), { as: { role, subject: subjectOf[role] } })
        )
      )
      expect(served.some(({ status }) => status < 300)).toBe(true)
    }
  )

  test.each(cases(ruledRoutes.filter(({ rule }) => rule.owner === 'own-body')))(
    '%s takes no other driver in its body',
    async (_, route) => {
      for (const other of [
        { driverId: 'd-2' },
        { offerId: `${route.rule.body?.['rideId']}/1/d-2` }
      ]) {
        const body = { ...route.rule.body, ...other }
        const reply = await call(route, '', { as: { role: 'driver', subject: 'd-1' } }, body)
        expect(outcome(reply)).toEqual([403, 'subject_forbidden'])
      }
      expect(it.producer.records).toEqual([])
    }
  )

  test.each(cases(ruledRoutes.filter(({ rule }) => rule.owner === 'subject')))(
    '%s works on the subject of the token alone',
    async (_, route) => {
      const role = route.roles.find((each) => each !== 'admin') ?? 'admin'
      const as = { role, subject: 'c-9' } as const
      if (route.method === 'GET') {
        const foreign = await it.get(`${pathOf(route, '')}?customerId=c-1`, { as })
        expect(outcome(foreign)).toEqual([403, 'subject_forbidden'])
        expect(JSON.stringify((await it.get(pathOf(route, ''), { as })).body)).not.toContain('c-1')
      } else {
        const reply = await call(route, '', { as }, { ...route.rule.body, customerId: 'c-1' })
        expect(outcome(reply)).toEqual([422, 'validation_failed'])
      }
    }
  )

  test.each(cases(ruledRoutes.filter(({ rule }) => rule.owner === 'capability')))(
    '%s finds nothing by an id that was not given out',
    async (_, route) => {
      const as = { role: 'customer', subject: 'c-1' } as const
      for (const id of ['s-1', 's-', `s-${'0'.repeat(32)}`, ownRide]) {
        expect(outcome(await call(route, id, { as }))).toEqual([404, 'not_found'])
      }
      const guessed = await call(route, `s-${'0'.repeat(32)}-${'0'.repeat(12)}`, { as })
      expect(guessed.body).not.toHaveProperty('userId')
    }
  )
})

describe('API2 broken authentication', () => {
  const claims = { sub: 'c-1', role: 'customer', iss: tokenIssuer, aud: 'hailstream' }
  const sign = (payload: object, secret: string, header: object = {}) =>
    new SignJWT(payload as never)
      .setProtectedHeader({ alg: 'HS256', ...header })
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(secret))
  const unsigned = (payload: object, alg: string) =>
    [{ alg }, { ...payload, exp: 9_999_999_999 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')

  test.each(cases(ruledRoutes))('%s takes no token that is not good', async (_, route) => {
    const secret = it.secrets.jwtSecret ?? ''
    const role = route.roles[0] ?? 'customer'
    const mine = { ...claims, role, aud: role === 'admin' ? 'hailstream-admin' : 'hailstream' }
    const bad = {
      none: undefined,
      empty: '',
      foreign: await sign(mine, 'another secret of thirty-two bytes'),
      old: await mintToken({
        secret,
        subject: 'c-1',
        role,
        nowMs: systemClock.now() - 99_000,
        lifeMs: 1_000
      }),
      unsigned: `${unsigned(mine, 'none')}.`,
      'without signature': `${unsigned(mine, 'HS256')}.`,
      issuer: await sign({ ...mine, iss: 'elsewhere' }, secret),
      audience: await sign({ ...mine, aud: 'elsewhere' }, secret),
      role: await sign({ ...mine, role: 'root' }, secret)
    }
    for (const [name, token] of Object.entries(bad)) {
      const reply = await call(route, existingId(route), token === undefined ? {} : { token })
      expect(reply.status, name).toBe(401)
      expect(reply.headers.get('www-authenticate'), name).toMatch(/^Bearer/)
    }
    expect(it.producer.records).toEqual([])
  })

  test('a key that the token brings along or points to is never used', async () => {
    let calls = 0
    const server = createServer((_, response) => {
      calls += 1
      response.end('{"keys":[]}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
    const foreign = 'another secret of thirty-two bytes'
    const k = Buffer.from(foreign).toString('base64url')
    for (const header of [{ jku: url }, { x5u: url }, { jwk: { kty: 'oct', k } }, { kid: url }]) {
      const reply = await it.get('/rides', { token: await sign(claims, foreign, header) })
      expect(outcome(reply)).toEqual([401, 'token_invalid'])
    }
    server.close()
    expect(calls).toBe(0)
  })
})

describe('API3 broken object property level authorisation', () => {
  const bodied = ruledRoutes.filter(({ body }) => body !== undefined)
  const wished = [
    'status',
    'role ',
    'isAdmin',
    'fare',
    'feeMinor',
    'userId',
    'signupId',
    'rideId ',
    'customerId',
    'ssnCipher',
    'ssnKey',
    'source',
    'requestedAt',
    'surgePercent',
    '__proto__',
    'constructor'
  ]

  test.each(cases(bodied))('%s takes no field that is not its own', async (_, route) => {
    const role = route.roles[0] ?? 'customer'
    const caller = { as: { role, subject: subjectOf[role] } }
    for (const name of wished) {
      const body = Object.defineProperty({ ...route.rule.body }, name, {
        value: 'x',
        enumerable: true
      })
      const reply = await call(route, existingId(route), caller, body)
      expect(outcome(reply), name).toEqual([422, 'validation_failed'])
    }
    expect(it.producer.records).toEqual([])
  })

  test.each(cases(ruledRoutes))('%s closes every object of what it takes', (_, { body, query }) => {
    const open = [...schemaNodes(body, 'body'), ...schemaNodes(query, 'query')].filter(
      ({ node }) => node['type'] === 'object' && node['additionalProperties'] !== false
    )
    expect(open).toEqual([])
  })

  test.each(cases(ruledRoutes.filter(({ method }) => method === 'GET')))(
    '%s shows nobody a number, its cipher or fingerprint, nor the bookkeeping of matching',
    async (_, route) => {
      for (const role of route.roles) {
        const reply = await call(route, existingId(route), {
          as: { role, subject: subjectOf[role] }
        })
        expect(JSON.stringify(reply.body)).not.toMatch(
          /ssnCipher|ssnKey|"ssn"|emailKey|bodyHash|parked|answered|reservation/
        )
        if (role !== 'admin') {
          expect(JSON.stringify(reply.body)).not.toMatch(/excluded|offersMade|offersDeclined/)
        }
      }
    }
  )

  test('a bill shows each party its own share', async () => {
    const shares = async (role: TokenRole) =>
      Object.keys((await it.get('/bills/bill-1', { as: { role, subject: subjectOf[role] } })).body)
    expect(await shares('customer')).not.toContain('driverEarningsMinor')
    expect(await shares('customer')).not.toContain('platformMinor')
    expect(await shares('driver')).not.toContain('platformMinor')
    expect(await shares('admin')).toContain('platformMinor')
  })
})

describe('API5 broken function level authorisation', () => {
  test.each(cases(ruledRoutes))('%s refuses every role that is not its own', async (_, route) => {
    for (const role of roles.filter((each) => !route.roles.includes(each))) {
      const reply = await call(route, existingId(route), { as: { role, subject: subjectOf[role] } })
      expect(outcome(reply), role).toEqual([403, 'role_forbidden'])
    }
    expect(it.producer.records).toEqual([])
  })

  const adminRoutes = ruledRoutes.filter(({ path }) => path.startsWith('/admin/'))

  test('routes of administrators are below /admin and of nobody else', () => {
    expect(adminRoutes.map(({ roles: of }) => of)).toEqual(adminRoutes.map(() => ['admin']))
    expect(ruledRoutes.filter(({ roles: of }) => of.join() === 'admin')).toEqual(adminRoutes)
  })

  test.each(cases(adminRoutes))(
    '%s is for the audience of administrators alone',
    async (_, route) => {
      const sign = (claims: object) =>
        new SignJWT({ sub: 'a-1', iss: tokenIssuer, ...claims } as never)
          .setProtectedHeader({ alg: 'HS256' })
          .setExpirationTime('1m')
          .sign(new TextEncoder().encode(it.secrets.jwtSecret ?? ''))
      const answers = async (claims: object) =>
        (await call(route, '', { token: await sign(claims) })).status
      expect(await answers({ role: 'admin', aud: 'hailstream' })).toBe(401)
      expect(await answers({ role: 'customer', aud: 'hailstream-admin' })).toBe(401)
      expect(await answers({ role: 'admin', aud: ['hailstream', 'other'] })).toBe(401)
      expect(await answers({ role: ['admin'], aud: 'hailstream-admin' })).toBe(401)
      expect(it.producer.records).toEqual([])
      expect(await answers({ role: 'admin', aud: 'hailstream-admin' })).toBeLessThan(300)
    }
  )
})
