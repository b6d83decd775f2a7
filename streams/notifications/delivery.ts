/**
 * @module Carries one notification to its end: SENT, FAILED or EXPIRED, one event for it.
 *
 * ```
 *  task --> tried --+-- sent ------------------------------> SENT
 *             ^     +-- rejected, or failed too often -----> FAILED (and dead letter)
 *             |     +-- past `expiresAt` ------------------> EXPIRED
 *             +-----+-- failed: after the back-off
 *                   +-- provider unavailable: later, not counted as an attempt
 * ```
 *
 * A provider that is down costs no attempts: its notifications wait until it is back or they expire,
 * so an outage does not turn into dead letters.
 */
import type { NotificationEvent, NotificationState, NotificationTask } from '../../avro/index.ts'
import { type BackoffRules, delayMs } from './backoff.ts'

/** What came of one try, or of the decision not to try. */
export type Delivery =
  | { readonly kind: 'sent'; readonly provider: string }
  /** The provider will never take it. */
  | { readonly kind: 'rejected'; readonly provider: string; readonly error: string }
  | {
      readonly kind: 'failed'
      readonly provider: string
      readonly error: string
      /** What the provider asked for, ms; null when it did not. */
      readonly retryAfterMs: number | null
    }
  /** Nothing was sent: the provider is known to be down. */
  | { readonly kind: 'unavailable'; readonly provider: string }
  | { readonly kind: 'expired'; readonly provider: string }

/** Limits of delivering. */
export interface DeliveryRules extends BackoffRules {
  /** Tries before a notification has failed. */
  readonly attemptsMax: number
  /** Wait for a provider that is down, ms. */
  readonly unavailableMs: number
  /** How long an ended notification is remembered against repeats, ms. */
  readonly retentionMs: number
}

/** Defaults: tries after 0, 1, 3, 7, 15 and 31 s; 24 h of memory. */
export const deliveryRulesDefault: DeliveryRules = {
  attemptsMax: 6,
  baseMs: 1_000,
  capMs: 60_000,
  spread: 0.25,
  unavailableMs: 30_000,
  retentionMs: 86_400_000
}

/** What to do after a try. */
export interface DeliveryStep {
  readonly state: NotificationState
  /** The one event of a notification, at its end. */
  readonly event: NotificationEvent | null
  readonly timer: { readonly name: 'retry' | 'forget'; readonly dueMs: number }
  /** Why it is dead-lettered; null when it is not. */
  readonly deadLetter: string | null
}

/** Folds the result of a try into a notification under way; `before` is undefined at the first. */
export function foldDelivery(
  before: NotificationState | undefined,
  input: { readonly task: NotificationTask; readonly delivery: Delivery },
  environment: { readonly nowMs: number; readonly rules: DeliveryRules }
): DeliveryStep {
  const { task, delivery } = input
  const { nowMs, rules } = environment
  const tried = delivery.kind === 'unavailable' || delivery.kind === 'expired' ? 0 : 1
  const attempts = (before?.attempts ?? 0) + tried
  const end = (status: NotificationEvent['status'], error: string | null): DeliveryStep =>
    ended({ task, delivery, attempts, status, error }, environment)
  switch (delivery.kind) {
    case 'sent':
      return end('SENT', null)
    case 'expired':
      return end('EXPIRED', before?.lastError ?? null)
    case 'rejected':
      return end('FAILED', delivery.error)
    case 'failed': {
      if (attempts >= rules.attemptsMax) return end('FAILED', delivery.error)
      const waitMs = delayMs(task.notificationId, attempts, rules)
      const afterMs = Math.max(waitMs, Math.min(delivery.retryAfterMs ?? 0, rules.capMs))
      return waiting({ task, attempts, lastError: delivery.error }, nowMs + afterMs)
    }
    case 'unavailable': {
      const lastError = before?.lastError ?? 'unavailable'
      const spreadRules = { ...rules, baseMs: rules.unavailableMs, capMs: rules.unavailableMs }
      const afterMs = delayMs(task.notificationId, 1, spreadRules)
      return waiting({ task, attempts, lastError }, nowMs + afterMs)
    }
    default:
      return delivery satisfies never
  }
}

function waiting(
  tried: {
    readonly task: NotificationTask
    readonly attempts: number
    readonly lastError: string
  },
  dueMs: number
): DeliveryStep {
  // Looked at no later than its expiry, so that the event is not late.
  const nextAt = Math.min(dueMs, tried.task.expiresAt)
  return {
    state: { status: null, ...tried, nextAt },
    event: null,
    timer: { name: 'retry', dueMs: nextAt },
    deadLetter: null
  }
}

function ended(
  outcome: {
    readonly task: NotificationTask
    readonly delivery: Delivery
    readonly attempts: number
    readonly status: NotificationEvent['status']
    readonly error: string | null
  },
  environment: { readonly nowMs: number; readonly rules: DeliveryRules }
): DeliveryStep {
  const { task, delivery, attempts, status, error } = outcome
  const { nowMs, rules } = environment
  const { notificationId, userId, role, channel, template, rideId } = task
  return {
    // The task holds personal data and is of no more use.
    state: { status, task: null, attempts, nextAt: null, lastError: error },
    event: {
      notificationId,
      userId,
      role,
      channel,
      template,
      rideId,
      status,
      attempts,
      provider: delivery.provider,
      error,
      at: nowMs
    },
    timer: { name: 'forget', dueMs: nowMs + rules.retentionMs },
    deadLetter:
      status === 'FAILED'
        ? `notification ${notificationId}: expected ${delivery.provider} to take it, got ${error} ` +
          `after ${attempts} attempts`
        : null
  }
}
