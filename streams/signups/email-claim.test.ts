import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EmailClaimState, SignupRequest, SsnClaimState } from '../../avro/index.ts'
import {
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

function result(signupId: string, granted: boolean) {
  const { ssnKey, emailKey, role } = aSignup({ signupId })
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

test('an unanswered claim is asked again, an answered one is not', () => {
  expect(kinds(foldRetry(pending()).effects)).toEqual(['claim', 'retry_later'])
  const active = foldClaimResult(pending(), result('s-1', true), environment).state
  expect(foldRetry(active).effects).toEqual([])
})

/** Both tasks and the two topics between them, delivered in any order between keys. */
test('whatever the order, an address and a number have one owner and everybody gets one answer', () => {
  const person = fc.record({
    email: fc.integer({ min: 0, max: 2 }),
    ssn: fc.integer({ min: 0, max: 2 })
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
            if (effect.kind === 'claim') queue.push(() => claim(effect.request))
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
        for (const [n, { email, ssn }] of people.entries()) {
          const signup = aSignup({ signupId: `s-${n}`, emailKey: `e${email}`, ssnKey: `n${ssn}` })
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
        expect(new Set(registered.map(({ ssnKey }) => ssnKey)).size).toBe(registered.length)
        for (const { signupId, ssnKey, role } of registered) {
          expect(numbers.get(ssnClaimKey({ ssnKey, role }))?.signupId).toBe(signupId)
        }
        // Nothing granted is wasted: a number's owner is a registered person.
        expect(numbers.size).toBe(registered.length)
      }
    )
  )
})
