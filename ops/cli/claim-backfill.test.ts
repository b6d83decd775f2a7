import { expect, test } from 'vitest'
import { encryptField, fingerprintsOfField, parseKeyring } from '../../core/index.ts'
import { createIds } from '../../domain/index.ts'
import { backfillClaim, isComplete, readRotationKeys } from './claim-backfill.ts'

const keyOf = (kid: string, fill: number): string =>
  `${kid}:${Buffer.alloc(32, fill).toString('base64')}`
const plain = '536904399'
const ids = createIds('a secret for tests only')
const emailKey = ids.emailKey('DRIVER', 'ada@example.com')
const signupId = ids.signupId({ emailKey, idempotencyKey: 'k' })

test('claims for the sign-up that registered, as the edge will claim with the new key alone', () => {
  const oldKeys = parseKeyring(keyOf('a', 1))
  const place = { field: 'ssn', entityId: 'd-1' }
  const user = {
    userId: 'd-1',
    signupId,
    role: 'DRIVER',
    ssnCipher: encryptField({ ...place, plain, keys: oldKeys })
  } as const
  const keys = {
    piiKeys: parseKeyring([keyOf('b', 2), keyOf('a', 1)].join()),
    piiHmacKeys: parseKeyring([keyOf('new', 4), keyOf('old', 3)].join())
  }
  const atEdge = fingerprintsOfField({ plain, field: 'ssn', keys: parseKeyring(keyOf('new', 4)) })
  expect(backfillClaim(user, keys, 5)).toEqual({
    ssnKey: atEdge[0]?.fingerprint,
    signupId,
    emailKey,
    role: 'DRIVER',
    claimedAt: 5
  })
})

test('during a rotation the edge claims under the old key first and the new one last', () => {
  const keys = parseKeyring([keyOf('new', 4), keyOf('old', 3)].join())
  const under = (kid: string, fill: number) =>
    fingerprintsOfField({ plain, field: 'ssn', keys: parseKeyring(keyOf(kid, fill)) })
  expect(fingerprintsOfField({ plain, field: 'ssn', keys })).toEqual([
    ...under('old', 3),
    ...under('new', 4)
  ])
})

test('takes no key for granted that nobody gave', () => {
  const PII_KEYS = keyOf('a', 1)
  const PII_HMAC_KEYS = [keyOf('new', 4), keyOf('old', 3)].join()
  expect(readRotationKeys({ PII_KEYS, PII_HMAC_KEYS }).piiHmacKeys.current.kid).toBe('new')
  expect(() => readRotationKeys({ PII_KEYS })).toThrow('PII_HMAC_KEYS: expected the keys')
  expect(() => readRotationKeys({ PII_HMAC_KEYS })).toThrow('PII_KEYS: expected the keys')
  expect(() => readRotationKeys({ PII_KEYS, PII_HMAC_KEYS: keyOf('new', 4) })).toThrow(
    'got one key'
  )
})

test('is complete when somebody was found and nobody is left', () => {
  const nobody = { conflicts: [], unanswered: [], unreadable: [], missing: [] }
  const done = { keyId: 'new', users: 2, granted: 2, ...nobody }
  expect(isComplete(done)).toBe(true)
  expect(isComplete({ ...done, users: 0, granted: 0 })).toBe(false)
  for (const list of Object.keys(nobody)) {
    expect(isComplete({ ...done, [list]: ['s-1'] })).toBe(false)
  }
})
