import { describe, expect, test } from 'vitest'
import { normalizeSsn, validateSignup } from '../domain/index.ts'
import { createPerson } from './people.ts'

const nowMs = Date.UTC(2025, 5, 1)
const today = '2025-06-01'
const indexes = Array.from({ length: 1_000 }, (_, index) => index)

function crowd(seed: number) {
  return indexes.flatMap((index) => [
    createPerson({ role: 'driver', index, seed, nowMs }),
    createPerson({ role: 'customer', index, seed, nowMs })
  ])
}

describe('invented people', () => {
  test('are valid by every rule of a sign-up', () => {
    for (const { vehicle, licence, role, ...plain } of crowd(7)) {
      const fields = {
        ...plain,
        role: role === 'driver' ? ('DRIVER' as const) : ('CUSTOMER' as const),
        vehicle: vehicle ?? null,
        licence: licence ?? null
      }
      expect(validateSignup(fields, { today })).toEqual({ problems: [], warnings: [] })
    }
  })

  test('share no e-mail address and no social security number', () => {
    const people = crowd(7)
    expect(new Set(people.map(({ email }) => email)).size).toBe(people.length)
    expect(new Set(people.map(({ ssn }) => normalizeSsn(ssn))).size).toBe(people.length)
  })

  test('are the same for the same seed and others for another', () => {
    const of = (seed: number) => createPerson({ role: 'driver', index: 3, seed, nowMs })
    expect(of(1)).toEqual(of(1))
    expect(of(1).ssn).not.toBe(of(2).ssn)
  })
})
