/**
 * @module Who may have an e-mail address in a role. One sign-up at a time owns the address; others
 * wait, parked, until it is known whether the owner keeps it. The owner keeps it when its social
 * security number is granted by the other task, which never waits: so there is no deadlock, and
 * nothing that was granted is taken back.
 *
 * ```
 *                 request                    granted
 *   (none), FREE ---------> PENDING(signup) ---------> ACTIVE(signup)
 *        ^                    |      ^
 *        +---- taken ---------+      | taken, and another waits: the next becomes the owner
 *                             +------+
 * ```
 *
 * While a key of the fingerprints is rotated a request carries the number under several keys. It has to
 * be granted each of them, the oldest first, and takes the next only with the one before: two
 * sign-ups share at least one key, the tasks agree on its order, and who loses there has taken
 * nothing that outlives the rotation (docs/decisions/0012-two-fingerprints.md).
 *
 * | state   | request                                   | claim result of the owner | retry timer |
 * |---------|-------------------------------------------|---------------------------|-------------|
 * | FREE    | invalid: refused; else PENDING, claim     | stale                     | nothing     |
 * | PENDING | invalid: refused; else waits              | ACTIVE, or FREE / next    | claim again |
 * | ACTIVE  | invalid or not the owner's: refused       | stale                     | nothing     |
 *
 * A sign-up id that was decided gets the same answer again, and nothing else.
 */
import type {
  EmailClaimState,
  SignupOutcome,
  SignupRequest,
  SsnClaimResult,
  SsnFingerprint
} from '../../avro/index.ts'
import { FatalError } from '../../core/index.ts'

/** What a fold wants done, in order. */
export type SignupEffect =
  | {
      readonly kind: 'claim'
      readonly request: SignupRequest
      readonly fingerprint: SsnFingerprint
    }
  | { readonly kind: 'registered'; readonly request: SignupRequest }
  | { readonly kind: 'decided'; readonly request: SignupRequest; readonly outcome: SignupOutcome }
  | { readonly kind: 'answered'; readonly signupId: string; readonly outcome: SignupOutcome }
  | { readonly kind: 'retry_later' }
  | { readonly kind: 'retry_never' }
  | { readonly kind: 'counted'; readonly event: CountedEvent }

/** `claim_conflicts`: a number of somebody registered belongs to another under the key asked for. */
type CountedEvent = 'repeated_requests' | 'stale_claim_results' | 'claim_conflicts'

/** State after an input, and what to do. */
export interface SignupStep {
  readonly state: EmailClaimState
  readonly effects: readonly SignupEffect[]
}

/** What a fold depends on besides state and input. */
export interface SignupEnvironment {
  /** Task time, epoch ms. */
  readonly nowMs: number
  /** Requests that may wait for one address. */
  readonly waitingMax: number
}

/** Outcomes remembered for one address; the owner's is kept beyond that. */
export const outcomesMax = 16

/** The state of an address nobody asked for yet. */
export function unclaimedEmail(nowMs: number): EmailClaimState {
  return {
    status: 'FREE',
    signupId: '',
    request: null,
    waiting: [],
    claimedAt: nowMs,
    claimsGranted: 0,
    outcomes: []
  }
}

/** Folds a request; `problems` are what its validation found. */
export function foldRequest(
  state: EmailClaimState,
  input: { readonly request: SignupRequest; readonly problems: readonly string[] },
  environment: SignupEnvironment
): SignupStep {
  const { request, problems } = input
  const { signupId } = request
  const decided = state.outcomes.find((outcome) => outcome.signupId === signupId)
  if (decided !== undefined) {
    return {
      state,
      effects: [
        { kind: 'answered', signupId, outcome: decided },
        { kind: 'counted', event: 'repeated_requests' }
      ]
    }
  }
  const isUnderWay =
    (state.status === 'PENDING' && state.signupId === signupId) ||
    state.waiting.some((waiting) => waiting.signupId === signupId)
  if (isUnderWay) return { state, effects: [{ kind: 'counted', event: 'repeated_requests' }] }
  if (problems.length > 0) return refuse(state, { request, reasons: problems }, environment)
  if (state.status === 'ACTIVE') {
    return refuse(state, { request, reasons: ['email_taken'] }, environment)
  }
  if (state.status === 'FREE') return own(state, request, environment)
  if (state.waiting.length >= environment.waitingMax) {
    return refuse(state, { request, reasons: ['email_busy'] }, environment)
  }
  return { state: { ...state, waiting: [...state.waiting, request] }, effects: [] }
}

/** Folds the answer to a claim of the social security number. */
export function foldClaimResult(
  state: EmailClaimState,
  result: SsnClaimResult,
  environment: SignupEnvironment
): SignupStep {
  const { request } = state
  if (state.status !== 'PENDING' || request === null || state.signupId !== result.signupId) {
    return { state, effects: [{ kind: 'counted', event: lateEvent(state, result) }] }
  }
  const fingerprints = fingerprintsOf(request)
  if (fingerprints[state.claimsGranted]?.ssnKey !== result.ssnKey) {
    return { state, effects: [{ kind: 'counted', event: 'stale_claim_results' }] }
  }
  if (!result.granted) return giveUp(state, request, environment)
  const claimsGranted = state.claimsGranted + 1
  if (claimsGranted === fingerprints.length) return activate(state, request, environment)
  return claimNext({ ...state, claimsGranted, claimedAt: environment.nowMs }, request)
}

/** What a request has to be granted, in order. */
export function fingerprintsOf(request: SignupRequest): readonly SsnFingerprint[] {
  const { ssnKey, ssnKeyId, ssnKeysBefore } = request
  return [...ssnKeysBefore, { keyId: ssnKeyId, ssnKey }]
}

/** Answers come again after a repeat, and to claims made for somebody registered long ago. */
function lateEvent(state: EmailClaimState, result: SsnClaimResult): CountedEvent {
  const isOwners = state.status === 'ACTIVE' && state.signupId === result.signupId
  return isOwners && !result.granted ? 'claim_conflicts' : 'stale_claim_results'
}

/** Folds the retry timer: an unanswered claim is asked again, for as long as it takes. */
export function foldRetry(state: EmailClaimState): SignupStep {
  if (state.status !== 'PENDING' || state.request === null) return { state, effects: [] }
  return claimNext(state, state.request)
}

/** Asks for the first fingerprint that is not granted yet. */
function claimNext(state: EmailClaimState, request: SignupRequest): SignupStep {
  const fingerprint = fingerprintsOf(request)[state.claimsGranted]
  if (fingerprint === undefined) throw new FatalError('HAIL_ASSERTION', 'all claims are granted')
  return {
    state,
    effects: [{ kind: 'claim', request, fingerprint }, { kind: 'retry_later' }]
  }
}

function own(
  state: EmailClaimState,
  request: SignupRequest,
  { nowMs }: SignupEnvironment
): SignupStep {
  const { signupId } = request
  const owned = { ...state, signupId, request, claimedAt: nowMs, claimsGranted: 0 }
  return claimNext({ ...owned, status: 'PENDING' }, request)
}

function activate(
  state: EmailClaimState,
  request: SignupRequest,
  environment: SignupEnvironment
): SignupStep {
  const outcome: SignupOutcome = {
    signupId: request.signupId,
    outcome: 'APPLIED',
    reasons: [],
    userId: request.userId,
    decidedAt: environment.nowMs
  }
  let active: EmailClaimState = {
    ...state,
    status: 'ACTIVE',
    request: null,
    waiting: [],
    claimsGranted: 0,
    outcomes: remember(state.outcomes, outcome, request.signupId)
  }
  const effects: SignupEffect[] = [
    { kind: 'retry_never' },
    { kind: 'registered', request },
    { kind: 'decided', request, outcome }
  ]
  for (const waiting of state.waiting) {
    const refused = refuse(active, { request: waiting, reasons: ['email_taken'] }, environment)
    active = refused.state
    effects.push(...refused.effects)
  }
  return { state: active, effects }
}

function giveUp(
  state: EmailClaimState,
  request: SignupRequest,
  environment: SignupEnvironment
): SignupStep {
  const refused = refuse(state, { request, reasons: ['ssn_taken'] }, environment)
  const [next, ...waiting] = state.waiting
  const freed: EmailClaimState = {
    ...refused.state,
    status: 'FREE',
    request: null,
    waiting,
    claimsGranted: 0
  }
  if (next === undefined) {
    return { state: freed, effects: [...refused.effects, { kind: 'retry_never' }] }
  }
  const owned = own(freed, next, environment)
  return { state: owned.state, effects: [...refused.effects, ...owned.effects] }
}

function refuse(
  state: EmailClaimState,
  refusal: { readonly request: SignupRequest; readonly reasons: readonly string[] },
  { nowMs }: SignupEnvironment
): SignupStep {
  const { request, reasons } = refusal
  const outcome: SignupOutcome = {
    signupId: request.signupId,
    outcome: 'REFUSED',
    reasons: [...reasons],
    userId: null,
    decidedAt: nowMs
  }
  return {
    state: { ...state, outcomes: remember(state.outcomes, outcome, state.signupId) },
    effects: [{ kind: 'decided', request, outcome }]
  }
}

/** Forgets the oldest outcomes, but never that of the owner: its repeat must stay a repeat. */
function remember(
  outcomes: readonly SignupOutcome[],
  outcome: SignupOutcome,
  ownerId: string
): readonly SignupOutcome[] {
  const all = [...outcomes, outcome]
  if (all.length <= outcomesMax) return all
  const isOwners = (each: SignupOutcome): boolean =>
    each.signupId === ownerId && each.outcome === 'APPLIED'
  const oldest = all.findIndex((each) => !isOwners(each))
  return all.filter((_, index) => index !== oldest)
}
