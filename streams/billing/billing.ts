/**
 * @module Turns a billing task into its bill, once. The bill's id is the ride and the kind of bill, so
 * whoever asks twice gets one bill. A repeat that would bill another amount is an error somewhere
 * else and is not passed over in silence.
 *
 * Example: trip of 22.61 USD on ride r1 -> bill `r1:TRIP`, lines that add up to 2261, a receipt to the
 * customer. The same task again: nothing. The same ride with 2500: dead letter.
 */
import type { Bill, BillingTask, BillState, NotificationTask } from '../../avro/index.ts'
import { SkipToDlqError } from '../../core/index.ts'
import { billLines, splitEarnings, totalOfLines } from '../../domain/index.ts'

/** A receipt is of use for a day, ms. */
export const receiptLifeMs = 86_400_000

/** What a task comes to. */
export type BillingStep =
  | { readonly kind: 'repeated' }
  | {
      readonly kind: 'issued'
      readonly state: BillState
      readonly bill: Bill
      readonly receipt: NotificationTask
    }

/** The id of the one bill of a kind that a ride can have. */
export function billIdOf(task: Pick<BillingTask, 'rideId' | 'kind'>): string {
  return `${task.rideId}:${task.kind}`
}

/**
 * Folds one task; `before` is the bill already issued under its id.
 * @throws SkipToDlqError HAIL_RULE when the task does not add up or contradicts the bill issued
 */
export function foldBillingTask(
  before: BillState | undefined,
  task: BillingTask,
  nowMs: number
): BillingStep {
  const bill = billOf(task, nowMs)
  if (before === undefined) {
    const { billId, totalMinor } = bill
    const state = { billId, totalMinor, issuedAt: nowMs }
    return { kind: 'issued', state, bill, receipt: receiptOf(bill) }
  }
  if (before.totalMinor === bill.totalMinor) return { kind: 'repeated' }
  throw new SkipToDlqError(
    'HAIL_RULE',
    `bill ${before.billId}: expected a repeat of ${before.totalMinor}, got ${bill.totalMinor}; ` +
      'the bill issued first stands'
  )
}

function billOf(task: BillingTask, nowMs: number): Bill {
  const { lines, earnings } = computed(task)
  return {
    billId: billIdOf(task),
    rideId: task.rideId,
    kind: task.kind,
    customerId: task.customerId,
    driverId: task.driverId,
    currency: task.fare.currency,
    lines,
    totalMinor: totalOfLines(lines),
    driverEarningsMinor: earnings.driverEarningsMinor,
    platformMinor: earnings.platformMinor,
    issuedAt: nowMs
  }
}

function computed(task: BillingTask) {
  try {
    return { lines: billLines(task), earnings: splitEarnings(task) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new SkipToDlqError('HAIL_RULE', `bill ${billIdOf(task)}: ${error.message}`, {
      cause: error
    })
  }
}

function receiptOf(bill: Bill): NotificationTask {
  return {
    notificationId: `${bill.billId}:receipt`,
    userId: bill.customerId,
    role: 'CUSTOMER',
    channel: 'PUSH',
    template: bill.kind === 'TRIP' ? 'receipt' : 'fee_receipt',
    params: {
      billId: bill.billId,
      currency: bill.currency,
      totalMinor: String(bill.totalMinor)
    },
    rideId: bill.rideId,
    createdAt: bill.issuedAt,
    expiresAt: bill.issuedAt + receiptLifeMs
  }
}
