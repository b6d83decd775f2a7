/**
 * @module Who may have a social security number in a role: the first sign-up that asks, for ever.
 * The same sign-up gets the same answer however often it asks. The number is known by a fingerprint
 * under one key; under another key it is another entry, see email-claim.ts.
 */
import type { SsnClaim, SsnClaimResult, SsnClaimState } from '../../avro/index.ts'

/** Store key of a number in a role; a driver may be a customer too. */
export function ssnClaimKey(claim: Pick<SsnClaim, 'ssnKey' | 'role'>): string {
  return `${claim.ssnKey}/${claim.role}`
}

/** Answers a claim; `state` is new only when the claim was granted for the first time. */
export function foldClaim(
  before: SsnClaimState | undefined,
  claim: SsnClaim,
  nowMs: number
): { readonly state: SsnClaimState; readonly result: SsnClaimResult } {
  const { ssnKey, signupId, emailKey, role } = claim
  const state = before ?? { signupId, emailKey, grantedAt: nowMs }
  const granted = state.signupId === signupId
  return { state, result: { ssnKey, signupId, emailKey, role, granted, decidedAt: nowMs } }
}
