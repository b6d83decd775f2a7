/**
 * @module The records a sign-up leaves behind. Ids derive from the sign-up and the user, so a record
 * written twice is the same record.
 */
import type {
  ActionResult,
  NotificationTask,
  SignupOutcome,
  SignupRequest,
  SsnClaim,
  SsnFingerprint,
  UserEvent
} from '../../avro/index.ts'

/** A welcome is of use for a day, ms. */
export const welcomeLifeMs = 86_400_000

/** The question whether the number is free. */
export function ssnClaimOf(
  request: SignupRequest,
  { ssnKey }: SsnFingerprint,
  nowMs: number
): SsnClaim {
  const { signupId, emailKey, role } = request
  return { ssnKey, signupId, emailKey, role, claimedAt: nowMs }
}

/** The first version of the user: all that the request says, except what only sign-up needs. */
export function userEventOf(request: SignupRequest, nowMs: number): UserEvent {
  const { firstName, lastName, email, phone, street, city, state, zip } = request
  const { userId, signupId, role, ssnCipher, ssnKey, ssnKeyId, ssnLast4 } = request
  const isDriver = role === 'DRIVER'
  return {
    eventId: `${userId}:1`,
    type: 'USER_REGISTERED',
    userId,
    signupId,
    role,
    version: 1,
    firstName,
    lastName,
    email,
    phone,
    street,
    city,
    state,
    zip,
    ssnCipher,
    ssnKey,
    ssnKeyId,
    ssnLast4,
    vehicle: isDriver ? request.vehicle : null,
    licence: isDriver ? request.licence : null,
    occurredAt: nowMs
  }
}

/** The outcome as everybody reads outcomes; the actor of a sign-up is the sign-up itself. */
export function actionResultOf(
  signupId: string,
  role: SignupRequest['role'],
  outcome: SignupOutcome
): ActionResult {
  return {
    actionId: signupId,
    actorId: signupId,
    actorRole: role,
    entityId: signupId,
    action: 'signup',
    outcome: outcome.outcome,
    reason: outcome.reasons.length === 0 ? null : outcome.reasons.join(','),
    decidedAt: outcome.decidedAt
  }
}

/** Greets the user, once: its id is that of the sign-up. */
export function welcomeOf(request: SignupRequest, nowMs: number): NotificationTask {
  return {
    notificationId: `${request.signupId}:welcome`,
    userId: request.userId,
    role: request.role,
    channel: 'PUSH',
    template: 'welcome',
    params: { firstName: request.firstName },
    rideId: null,
    createdAt: nowMs,
    expiresAt: nowMs + welcomeLifeMs
  }
}
