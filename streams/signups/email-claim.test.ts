import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EmailClaimState, SignupRequest, SsnClaimState } from '../../avro/index.ts'
import {
  fingerprintsOf,
  foldClaimResult,
  foldRequest,
  foldRetry,
  outcomesMax,
  type SignupEffect,
  unclaimedEmail
} from './email-claim.ts'
import { aSignup } from './signup-builder.ts'
import { foldClaim, ssnClaimKey } from './ssn-claim.ts'

const environment = { nowMs: 1000, waitingMax: 2 }

function request(signupId: string, problems: readonly string[] = []) {
  return { request: aSignup({ signupId }), problems }
}

function result(signupId: string, granted: boolean, ssnKey = 'ssn-1') {
  const { emailKey, role } = aSignup({ signupId })
  return { ssnKey, signupId, emailKey, role, granted, decidedAt: 5 }
}

const kinds = (effects: readonly SignupEffect[]): string[] => effects.map(({ kind }) => kind)

const pending = (): EmailClaimState =>
  foldRequest(unclaimedEmail(0), request('s-1'), environment).state

describe('a request', () => {
  test('owns a free address and claims the number', () => {
    const step = foldRequest(unclaimedEmail(0), request('s-1'), environment)
    expect(step.state).toMatchObject({ status: 'PENDING', signupId: 's-1', claimedAt: 1000 })
    expect(kinds(step.effects)).toEqual(['claim', 'retry_later'])
  })

  test('with problems is refused with all of them and leaves the address free', () => {
    const problems = ['email_malformed', 'ssn_malformed']
    const step = foldRequest(unclaimedEmail(0), request('s-1', problems), environment)
    expect(step.state.status).toBe('FREE')
    expect(step.state.outcomes).toEqual([
      { signupId: 's-1', outcome: 'REFUSED', reasons: problems, userId: null, decidedAt: 1000 }
    ])
  })

  test('waits while another owns the address, and is refused when too many wait', () => {
    let state = pending()
    for (const id of ['s-2', 's-3', 's-4']) {
      state = foldRequest(state, request(id), environment).state
    }
    expect(state.waiting.map(({ signupId }) => signupId)).toEqual(['s-2', 's-3'])
    expect(state.outcomes).toMatchObject([{ signupId: 's-4', reasons: ['email_busy'] }])
  })

  test('repeated while under way changes nothing', () => {
    const state = foldRequest(pending(), request('s-2'), environment).state
    for (const id of ['s-1', 's-2']) {
      const step = foldRequest(state, request(id), environment)
      expect(step.state).toBe(state)
      expect(kinds(step.effects)).toEqual(['counted'])
    }
  })

  test('repeated after its end gets its outcome again, even after many others', () => {
    let state = foldClaimResult(pending(), result('s-1', true), environment).state
    for (let n = 2; n < 60; n += 1) {
      state = foldRequest(state, request(`s-${n}`), environment).state
    }
    expect(state.outcomes).toHaveLength(outcomesMax)
    const step = foldRequest(state, request('s-1'), environment)
    expect(step.state).toBe(state)
    expect(step.effects[0]).toMatchObject({ kind: 'answered', outcome: { outcome: 'APPLIED' } })
  })
})

describe('a claim result', () => {
  test('granted makes the owner active and refuses those who wait', () => {
    const state = foldRequest(pending(), request('s-2'), environment).state
    const step = foldClaimResult(state, result('s-1', true), environment)
    expect(step.state).toMatchObject({ status: 'ACTIVE', signupId: 's-1', request: null })
    expect(step.state.outcomes.map(({ signupId, reasons }) => [signupId, reasons])).toEqual([
      ['s-1', []],
      ['s-2', ['email_taken']]
    ])
    expect(kinds(step.effects)).toEqual(['retry_never', 'registered', 'decided', 'decided'])
  })

  test('taken refuses the owner and lets the next one try', () => {
    const state = foldRequest(pending(), request('s-2'), environment).state
    const step = foldClaimResult(state, result('s-1', false), environment)
    expect(step.state).toMatchObject({ status: 'PENDING', signupId: 's-2', waiting: [] })
    expect(kinds(step.effects)).toEqual(['decided', 'claim', 'retry_later'])
    const last = foldClaimResult(step.state, result('s-2', false), environment)
    expect(last.state).toMatchObject({ status: 'FREE', request: null })
    expect(kinds(last.effects)).toEqual(['decided', 'retry_never'])
  })

  test('for another signup or after the end changes nothing', () => {
    const active = foldClaimResult(pending(), result('s-1', true), environment).state
    for (const [state, id] of [
      [pending(), 's-9'],
      [active, 's-1'],
      [unclaimedEmail(0), 's-1']
    ] as const) {
      expect(foldClaimResult(state, result(id, true), environment).state).toBe(state)
    }
  })
})

describe('a request with a number under two keys', () => {
  const ssnKeysBefore = [{ keyId: 'k0', ssnKey: 'ssn-1-old' }]
  const twofold = { request: aSignup({ ssnKeysBefore }), problems: [] }
  const asked = (effects: readonly SignupEffect[]): string[] =>
    effects.flatMap((effect) => (effect.kind === 'claim' ? [effect.fingerprint.ssnKey] : []))
  const first = foldRequest(unclaimedEmail(0), twofold, environment)
  const second = foldClaimResult(first.state, result('s-1', true, 'ssn-1-old'), environment)

  test('asks for the old one, then for the new one, and is active with both', () => {
    expect(asked(first.effects)).toEqual(['ssn-1-old'])
    expect(asked(second.effects)).toEqual(['ssn-1'])
    expect(second.state.status).toBe('PENDING')
    const last = foldClaimResult(second.state, result('s-1', true), environment)
    expect(last.state).toMatchObject({ status: 'ACTIVE', claimsGranted: 0, request: null })
  })

  test('is refused without asking for the new one when the old one is taken', () => {
    const step = foldClaimResult(first.state, result('s-1', false, 'ssn-1-old'), environment)
    expect(step.state).toMatchObject({ status: 'FREE', claimsGranted: 0 })
    expect(kinds(step.effects)).toEqual(['decided', 'retry_never'])
  })

  test('is refused when the new one is taken, and the next in line begins with its own', () => {
    const other = { request: aSignup({ signupId: 's-2', ssnKey: 'ssn-2' }), problems: [] }
    const waiting = foldRequest(second.state, other, environment).state
    const step = foldClaimResult(waiting, result('s-1', false), environment)
    expect(step.state).toMatchObject({ status: 'PENDING', signupId: 's-2', claimsGranted: 0 })
    expect(asked(step.effects)).toEqual(['ssn-2'])
  })

  test('asks again for what is not answered yet, and answers of before change nothing', () => {
    expect(asked(foldRetry(first.state).effects)).toEqual(['ssn-1-old'])
    expect(asked(foldRetry(second.state).effects)).toEqual(['ssn-1'])
    const repeated = foldClaimResult(second.state, result('s-1', true, 'ssn-1-old'), environment)
    expect(repeated.state).toBe(second.state)
    const early = foldClaimResult(first.state, result('s-1', true), environment)
    expect(early.state).toBe(first.state)
  })
})

test('an answer that takes the number from somebody registered is counted as a conflict', () => {
  const active = foldClaimResult(pending(), result('s-1', true), environment).state
  const step = foldClaimResult(active, result('s-1', false, 'ssn-1-new'), environment)
  expect(step).toEqual({ state: active, effects: [{ kind: 'counted', event: 'claim_conflicts' }] })
})

test('an unanswered claim is asked again, an answered one is not', () => {
  expect(kinds(foldRetry(pending()).effects)).toEqual(['claim', 'retry_later'])
  const active = foldClaimResult(pending(), result('s-1', true), environment).state
  expect(foldRetry(active).effects).toEqual([])
})

/**
 * Both tasks and the two topics between them, delivered in any order between keys; each person's edge
 * is before, in, or after the part of a rotation that its neighbours may be in: keys k0, k0 and k1, k1.
 */
test.each([
  ['one key', ['k1']],
  ['the begin of a rotation', ['k0', 'k0+k1']],
  ['the end of a rotation', ['k0+k1', 'k1']]
])(
  'with %s, whatever the order, an address and a number have one owner and everybody gets one answer',
  (_, edges) => {
    const person = fc.record({
      email: fc.integer({ min: 0, max: 2 }),
      ssn: fc.integer({ min: 0, max: 2 }),
      edge: fc.constantFrom(...edges)
    })
    fc.assert(
      fc.property(
        fc.array(person, { maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (people, choices) => {
          const emails = new Map<string, EmailClaimState>()
          const numbers = new Map<string, SsnClaimState>()
          const registered: SignupRequest[] = []
          const answers = new Map<string, string[]>()
          const queue: (() => void)[] = []
          const env = { nowMs: 1, waitingMax: 20 }
          const apply = (
            key: string,
            step: { state: EmailClaimState; effects: readonly SignupEffect[] }
          ) => {
            emails.set(key, step.state)
            for (const effect of step.effects) {
              if (effect.kind === 'claim') {
                const { request, fingerprint } = effect
                queue.push(() => claim({ ...request, ssnKey: fingerprint.ssnKey }))
              }
              if (effect.kind === 'registered') registered.push(effect.request)
              if (effect.kind !== 'decided') continue
              const { signupId } = effect.request
              answers.set(signupId, [...(answers.get(signupId) ?? []), effect.outcome.outcome])
            }
          }
          const stateOf = (key: string) => emails.get(key) ?? unclaimedEmail(0)
          const claim = (from: SignupRequest) => {
            const claimed = { ...from, claimedAt: 1 }
            const { state, result: answer } = foldClaim(numbers.get(ssnClaimKey(from)), claimed, 1)
            numbers.set(ssnClaimKey(from), state)
            queue.push(() =>
              apply(answer.emailKey, foldClaimResult(stateOf(answer.emailKey), answer, env))
            )
          }
          for (const [n, { email, ssn, edge }] of people.entries()) {
            const keys = edge.split('+').map((keyId) => ({ keyId, ssnKey: `${keyId}/n${ssn}` }))
            const current = keys.at(-1) ?? { keyId: '', ssnKey: '' }
            const signup = aSignup({
              signupId: `s-${n}`,
              emailKey: `e${email}`,
              lastName: `n${ssn}`,
              ssnKey: current.ssnKey,
              ssnKeyId: current.keyId,
              ssnKeysBefore: keys.slice(0, -1)
            })
            const ask = () =>
              apply(
                signup.emailKey,
                foldRequest(stateOf(signup.emailKey), { request: signup, problems: [] }, env)
              )
            queue.push(ask, ask)
          }
          for (const choice of choices) {
            if (queue.length === 0) break
            queue.splice(choice % queue.length, 1)[0]?.()
          }
          for (const [n] of people.entries()) expect(answers.get(`s-${n}`)).toHaveLength(1)
          expect(new Set(registered.map(({ emailKey }) => emailKey)).size).toBe(registered.length)
          // The person, whatever the key.
          expect(new Set(registered.map(({ lastName }) => lastName)).size).toBe(registered.length)
          for (const request of registered) {
            for (const { ssnKey } of fingerprintsOf(request)) {
              const owner = numbers.get(ssnClaimKey({ ssnKey, role: request.role }))
              expect(owner?.signupId).toBe(request.signupId)
            }
          }
          // Nothing granted outlives its loser, except under a key that is about to be dropped.
          const kept = [...numbers].filter(([key]) => edges.length === 1 || !key.startsWith('k0/'))
          const owners = new Set(registered.map(({ signupId }) => signupId))
          if (edges[0] !== 'k0') {
            expect(kept.filter(([, { signupId }]) => !owners.has(signupId))).toEqual([])
          } else {
            const all = [...numbers].filter(([, { signupId }]) => !owners.has(signupId))
            expect(all).toEqual([])
          }
        }
      )
    )
  }
)
