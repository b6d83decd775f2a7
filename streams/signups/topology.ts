/**
 * @module Sign-ups: one person, one account a role. Two tasks, each serial by what it makes unique.
 *
 *   signup_requests (e-mail) --+            +--> ssn_claims (SSN) --> claims --+
 *                              +-> requests-+                                  |
 *   ssn_claim_results (e-mail) +    ^       +--> user_events, action_results,  |
 *                                   |            notification_tasks            |
 *                                   +------------------------------------------+
 *
 * Stores: `emails` by e-mail key, `ssns` by SSN key and role. Timer: `claim`, an unanswered claim.
 */
import type { SignupRequest } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import { calendarDay, type Policy, validateSignup } from '../../domain/index.ts'
import { type Context, defineSubTopology, type SubTopology } from '../runtime/index.ts'
import {
  foldClaimResult,
  foldRequest,
  foldRetry,
  type SignupEffect,
  type SignupStep,
  unclaimedEmail
} from './email-claim.ts'
import { actionResultOf, ssnClaimOf, userEventOf, welcomeOf } from './signup-records.ts'
import { foldClaim, ssnClaimKey } from './ssn-claim.ts'

/** What the service needs. */
export interface SignupsDeps {
  readonly policy: Pick<Policy, 'ssnClaimRetryMs' | 'parkedMax'>
}

const claimTimer = 'claim'

const emailStores = { emails: { record: 'EmailClaimState', kind: 'remote' } } as const
const ssnStores = { ssns: { record: 'SsnClaimState', kind: 'remote' } } as const

type EmailContext = Context<typeof emailStores>

/** The sub-topologies of the sign-up service. */
export function signupsTopologies({ policy }: SignupsDeps): SubTopology[] {
  const environmentOf = (ctx: EmailContext) => ({
    nowMs: ctx.taskTimeMs,
    waitingMax: policy.parkedMax
  })
  const requests = defineSubTopology({
    app: 'signups',
    name: 'requests',
    sources: ['signup_requests', 'ssn_claim_results'],
    stores: emailStores,
    outputs: ['ssn_claims', 'user_events', 'action_results', 'notification_tasks'],
    commitIntervalMs: 100,
    on: {
      signup_requests: (ctx, { key, value }) => {
        requireKey(key, value.emailKey)
        const state = ctx.get('emails', key) ?? unclaimedEmail(ctx.taskTimeMs)
        const input = { request: value, problems: problemsOf(ctx, value) }
        const step = foldRequest(state, input, environmentOf(ctx))
        apply(ctx, { key, role: value.role, step, retryMs: policy.ssnClaimRetryMs })
      },
      ssn_claim_results: (ctx, { key, value }) => {
        requireKey(key, value.emailKey)
        const state = ctx.get('emails', key) ?? unclaimedEmail(ctx.taskTimeMs)
        const step = foldClaimResult(state, value, environmentOf(ctx))
        apply(ctx, { key, role: value.role, step, retryMs: policy.ssnClaimRetryMs })
      }
    },
    onTimer: (ctx, { key }) => {
      const state = ctx.get('emails', key)
      if (state === undefined || state.request === null) return
      const step = foldRetry(state)
      ctx.count('claim_retries')
      apply(ctx, { key, role: state.request.role, step, retryMs: policy.ssnClaimRetryMs })
    }
  })
  const claims = defineSubTopology({
    app: 'signups',
    name: 'claims',
    sources: ['ssn_claims'],
    stores: ssnStores,
    outputs: ['ssn_claim_results'],
    commitIntervalMs: 100,
    reads: ({ value }) => ({ ssns: [ssnClaimKey(value)] }),
    on: {
      ssn_claims: (ctx, { key, value }) => {
        requireKey(key, value.ssnKey)
        const before = ctx.get('ssns', ssnClaimKey(value))
        const { state, result } = foldClaim(before, value, ctx.taskTimeMs)
        if (state !== before) ctx.put('ssns', ssnClaimKey(value), state)
        ctx.emit('ssn_claim_results', result.emailKey, result)
        ctx.count('claims', { granted: String(result.granted) })
      }
    }
  })
  return [requests, claims]
}

/** The day is that of the request: judging it later gives the same answer. */
function problemsOf(ctx: EmailContext, request: SignupRequest): readonly string[] {
  const today = calendarDay(request.requestedAt)
  const { problems, warnings } = validateSignup(request, { today })
  for (const warning of warnings) ctx.count('warnings', { warning })
  return problems
}

function apply(
  ctx: EmailContext,
  input: {
    readonly key: string
    readonly role: SignupRequest['role']
    readonly step: SignupStep
    readonly retryMs: number
  }
): void {
  const { key, role, step, retryMs } = input
  if (step.state !== ctx.get('emails', key)) ctx.put('emails', key, step.state)
  for (const effect of step.effects) applyEffect(ctx, effect, { key, role, retryMs })
}

function applyEffect(
  ctx: EmailContext,
  effect: SignupEffect,
  about: { readonly key: string; readonly role: SignupRequest['role']; readonly retryMs: number }
): void {
  const nowMs = ctx.taskTimeMs
  switch (effect.kind) {
    case 'claim':
      ctx.emit(
        'ssn_claims',
        effect.fingerprint.ssnKey,
        ssnClaimOf(effect.request, effect.fingerprint, nowMs)
      )
      return
    case 'registered':
      ctx.emit('user_events', effect.request.userId, userEventOf(effect.request, nowMs))
      ctx.emit('notification_tasks', effect.request.userId, welcomeOf(effect.request, nowMs))
      return
    case 'decided': {
      const { request, outcome } = effect
      const result = actionResultOf(request.signupId, request.role, outcome)
      ctx.emit('action_results', request.signupId, result)
      ctx.count('signups', { outcome: outcome.outcome.toLowerCase() })
      return
    }
    case 'answered': {
      const result = actionResultOf(effect.signupId, about.role, effect.outcome)
      ctx.emit('action_results', effect.signupId, result)
      return
    }
    case 'retry_later':
      ctx.setTimer(about.key, claimTimer, nowMs + about.retryMs)
      return
    case 'retry_never':
      ctx.cancelTimer(about.key, claimTimer)
      return
    case 'counted':
      ctx.count(effect.event)
      return
    default:
      effect satisfies never
  }
}

function requireKey(key: string, expected: string): void {
  if (key === expected) return
  throw new SkipToDlqError('HAIL_RULE', 'expected the key its value names, got another record key')
}
