import { describe, expect, test } from 'vitest'
import type { SignupRequest } from '../../avro/index.ts'
import { createPolicy } from '../../domain/index.ts'
import { createTopologyDriver, type TopologyDriver } from '../../test/support/index.ts'
import { signupsTopologies } from './index.ts'
import { aDriverSignup, aSignup } from './signup-builder.ts'

const startMs = Date.UTC(2025, 5, 2, 12)
const [requests, claims] = signupsTopologies({ policy: createPolicy() })

function setUp(topologies = signupsTopologies({ policy: createPolicy() })): TopologyDriver {
  return createTopologyDriver(topologies, { startMs })
}

const signUp = (driver: TopologyDriver, request: SignupRequest): Promise<void> =>
  driver.pipe('signup_requests', request.emailKey, request)

function outcomes(driver: TopologyDriver) {
  return driver
    .read('action_results')
    .map(({ key, value }) => [key, value?.outcome, value?.reason])
    .sort()
}

describe('signing up', () => {
  test('registers a customer once, with event, outcome and welcome', async () => {
    const driver = setUp()
    await signUp(driver, aSignup())
    expect(outcomes(driver)).toEqual([['s-1', 'APPLIED', null]])
    expect(driver.read('user_events')).toMatchObject([
      {
        key: 'c-s-1',
        value: {
          eventId: 'c-s-1:1',
          userId: 'c-s-1',
          signupId: 's-1',
          version: 1,
          role: 'CUSTOMER'
        }
      }
    ])
    expect(driver.read('notification_tasks')).toMatchObject([
      { key: 'c-s-1', value: { notificationId: 's-1:welcome', template: 'welcome' } }
    ])
    const state = await driver.store('signups', 'requests', 'emails', 'email-1')
    expect(state).toMatchObject({ status: 'ACTIVE', request: null })
  })

  test('answers a repeat the same way, with no second event, also after a restart', async () => {
    const driver = setUp()
    await signUp(driver, aSignup())
    const first = outcomes(driver)
    driver.read('user_events')
    await driver.restart()
    await signUp(driver, aSignup())
    expect(outcomes(driver)).toEqual(first)
    expect(driver.read('user_events')).toEqual([])
  })

  test('refuses what is invalid with every reason, the finding on the SSN included', async () => {
    const driver = setUp()
    await signUp(driver, aSignup({ zip: '1', ssnProblem: 'ssn_malformed' }))
    const [[, outcome, reason] = []] = outcomes(driver)
    expect(outcome).toBe('REFUSED')
    expect(String(reason).split(',')).toContain('ssn_malformed')
    expect(String(reason).split(',')).toHaveLength(2)
    expect(driver.read('ssn_claims')).toEqual([])
  })

  test('refuses a driver without vehicle and licence, takes one with both', async () => {
    const driver = setUp()
    await signUp(driver, aSignup({ role: 'DRIVER' }))
    expect(outcomes(driver)).toEqual([['s-1', 'REFUSED', 'vehicle_missing,licence_missing']])
    await signUp(driver, aDriverSignup({ signupId: 's-2' }))
    expect(outcomes(driver)).toEqual([['s-2', 'APPLIED', null]])
    expect(driver.read('user_events')[0]?.value?.vehicle?.plate).toBe('ABC1234')
  })

  test('gives an address to one only, a number to one only, each per role', async () => {
    const driver = setUp()
    await signUp(driver, aSignup())
    await signUp(driver, aSignup({ signupId: 's-2', ssnKey: 'ssn-2' }))
    await signUp(driver, aSignup({ signupId: 's-3', emailKey: 'email-3' }))
    await signUp(driver, aDriverSignup({ signupId: 's-4', emailKey: 'email-4' }))
    expect(outcomes(driver)).toEqual([
      ['s-1', 'APPLIED', null],
      ['s-2', 'REFUSED', 'email_taken'],
      ['s-3', 'REFUSED', 'ssn_taken'],
      ['s-4', 'APPLIED', null]
    ])
  })

  test('lets the next in line try when the number of the first is taken', async () => {
    const driver = setUp()
    await signUp(driver, aSignup({ signupId: 's-0', emailKey: 'email-0' }))
    outcomes(driver)
    const first = aSignup({ signupId: 's-1' })
    const second = aSignup({ signupId: 's-2', ssnKey: 'ssn-2' })
    await driver.pipe('signup_requests', first.emailKey, first, { run: false })
    await signUp(driver, second)
    expect(outcomes(driver)).toEqual([
      ['s-1', 'REFUSED', 'ssn_taken'],
      ['s-2', 'APPLIED', null]
    ])
  })
})

describe('a claim that is not answered', () => {
  test('is repeated every 30 s until it is, and the answer still counts', async () => {
    if (requests === undefined || claims === undefined) throw new Error('expected two topologies')
    const driver = setUp([requests])
    await signUp(driver, aSignup())
    expect(driver.read('ssn_claims')).toHaveLength(1)
    await driver.advance(61_000)
    expect(driver.read('ssn_claims')).toHaveLength(2)
    const { ssnKey, signupId, emailKey, role } = aSignup()
    const result = { ssnKey, signupId, emailKey, role, granted: true, decidedAt: startMs }
    await driver.pipe('ssn_claim_results', emailKey, result)
    await driver.pipe('ssn_claim_results', emailKey, result)
    expect(driver.read('user_events')).toHaveLength(1)
    await driver.advance(120_000)
    expect(driver.read('ssn_claims')).toEqual([])
  })
})

test('a foreign key, a tombstone and nonsense are dead-lettered', async () => {
  const driver = setUp()
  await driver.pipe('signup_requests', 'another', aSignup())
  await driver.pipe('signup_requests', 'email-1', null)
  await driver.pipeBytes('ssn_claims', 'ssn-1', Buffer.from('nonsense'))
  expect(driver.deadLetters('signup_requests')).toHaveLength(2)
  expect(driver.deadLetters('ssn_claims')).toHaveLength(1)
  expect(driver.read('action_results')).toEqual([])
})

describe('a rotation of the fingerprint key', () => {
  const before = { keyId: 'k0', ssnKey: 'old-1' }
  const after = { ssnKey: 'new-1', ssnKeyId: 'k1' }
  /** A sign-up of the same person from an edge that has these keys. */
  const person = (n: number, keys: 'k0' | 'k1+k0' | 'k1') =>
    aSignup({
      signupId: `s-${n}`,
      emailKey: `email-${n}`,
      ...(keys === 'k0' ? { ssnKey: before.ssnKey, ssnKeyId: 'k0' } : after),
      ...(keys === 'k1+k0' ? { ssnKeysBefore: [before] } : {})
    })
  const backfill = (driver: TopologyDriver, n: number): Promise<void> => {
    const { signupId, emailKey, role } = person(n, 'k1')
    const claim = { ssnKey: after.ssnKey, signupId, emailKey, role, claimedAt: startMs }
    return driver.pipe('ssn_claims', claim.ssnKey, claim)
  }

  test('finds who registered before, in, and after it, whatever restarts in between', async () => {
    const driver = setUp()
    await signUp(driver, person(1, 'k0'))
    await driver.restart()
    await signUp(driver, person(2, 'k1+k0'))
    await signUp(driver, person(3, 'k0'))
    await backfill(driver, 1)
    await driver.restart()
    await signUp(driver, person(4, 'k1+k0'))
    await signUp(driver, person(5, 'k1'))
    await driver.wipe('signups', 'claims', 'ssns')
    await signUp(driver, person(6, 'k1'))
    expect(outcomes(driver)).toEqual([
      ['s-1', 'APPLIED', null],
      ...['s-2', 's-3', 's-4', 's-5', 's-6'].map((id) => [id, 'REFUSED', 'ssn_taken'])
    ])
    expect(driver.read('user_events')).toHaveLength(1)
  })

  test('misses a person whose number was not claimed under the new key: so it has to be', async () => {
    const driver = setUp()
    await signUp(driver, person(1, 'k0'))
    await signUp(driver, person(2, 'k1'))
    expect(outcomes(driver).map(([, outcome]) => outcome)).toEqual(['APPLIED', 'APPLIED'])
  })

  test('registers a new person once under both keys, with two claims, restarted between them', async () => {
    if (requests === undefined || claims === undefined) throw new Error('expected two topologies')
    const driver = setUp([requests])
    await signUp(driver, person(1, 'k1+k0'))
    expect(driver.read('ssn_claims').map(({ key }) => key)).toEqual(['old-1'])
    const { signupId, emailKey, role } = person(1, 'k1')
    const granted = { signupId, emailKey, role, granted: true, decidedAt: startMs }
    await driver.pipe('ssn_claim_results', emailKey, { ...granted, ssnKey: 'old-1' })
    await driver.restart()
    expect(driver.read('user_events')).toEqual([])
    expect(driver.read('ssn_claims').map(({ key }) => key)).toEqual(['new-1'])
    await driver.advance(31_000)
    expect(driver.read('ssn_claims').map(({ key }) => key)).toEqual(['new-1'])
    await driver.pipe('ssn_claim_results', emailKey, { ...granted, ssnKey: 'new-1' })
    expect(driver.read('user_events')).toMatchObject([
      { value: { ssnKey: 'new-1', ssnKeyId: 'k1', signupId: 's-1' } }
    ])
  })

  test('lets one of two win that are asked for at edges in neighbouring steps', async () => {
    for (const [one, two] of [
      ['k0', 'k1+k0'],
      ['k1+k0', 'k0'],
      ['k1+k0', 'k1'],
      ['k1', 'k1+k0'],
      ['k1+k0', 'k1+k0']
    ] as const) {
      const driver = setUp()
      const [first, second] = [person(1, one), person(2, two)]
      await driver.pipe('signup_requests', first.emailKey, first, { run: false })
      await signUp(driver, second)
      const applied = outcomes(driver).filter(([, outcome]) => outcome === 'APPLIED')
      expect(applied, `${one}, ${two}`).toHaveLength(1)
    }
  })

  test('counts a claim that finds the number with another sign-up, and changes nothing', async () => {
    const driver = setUp()
    await signUp(driver, person(1, 'k0'))
    await signUp(driver, person(2, 'k1'))
    driver.read('user_events')
    await backfill(driver, 1)
    expect(driver.read('user_events')).toEqual([])
    const refused = expect.objectContaining({ signupId: 's-1', ssnKey: 'new-1', granted: false })
    expect(driver.read('ssn_claim_results').map(({ value }) => value)).toContainEqual(refused)
  })
})
