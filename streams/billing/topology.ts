/**
 * @module Billing: one bill for each ended trip or fee.
 *
 *   billing_tasks (ride) --> bills --+--> bills (ride)
 *                                    +--> notification_tasks (customer): the receipt
 *
 * Store: `bills` by bill id, kept as long as a task may come again. Timer: `forget`, the end of that.
 */
import { SkipToDlqError } from '../../core/index.ts'
import { defineSubTopology, type SubTopology } from '../runtime/index.ts'
import { billIdOf, foldBillingTask } from './billing.ts'

/** What the service needs. */
export interface BillingDeps {
  /**
   * How long a bill is remembered against repeats, ms. Absent: 7 days, the retention of
   * `billing_tasks`, so that every repeat still in the topic is known. A later one from the dead
   * letters makes a bill with the same id, which the sinks write over the first.
   */
  readonly billRetentionMs?: number
}

const forgetTimer = 'forget'
const billRetentionMsDefault = 7 * 86_400_000

const stores = { bills: { record: 'BillState', kind: 'remote' } } as const

/** The sub-topologies of the billing service. */
export function billingTopologies(deps: BillingDeps = {}): SubTopology[] {
  const retentionMs = deps.billRetentionMs ?? billRetentionMsDefault
  return [
    defineSubTopology({
      app: 'billing',
      name: 'bills',
      sources: ['billing_tasks'],
      stores,
      outputs: ['bills', 'notification_tasks'],
      commitIntervalMs: 250,
      reads: ({ value }) => ({ bills: [billIdOf(value)] }),
      on: {
        billing_tasks: (ctx, { key, value }) => {
          if (key !== value.rideId) {
            throw new SkipToDlqError('HAIL_RULE', 'expected the ride id as record key, got another')
          }
          const billId = billIdOf(value)
          const step = foldBillingTask(ctx.get('bills', billId), value, ctx.taskTimeMs)
          ctx.count('tasks', { kind: value.kind, outcome: step.kind })
          if (step.kind === 'repeated') return
          ctx.put('bills', billId, step.state)
          ctx.setTimer(billId, forgetTimer, ctx.taskTimeMs + retentionMs)
          ctx.emit('bills', step.bill.rideId, step.bill)
          ctx.emit('notification_tasks', step.receipt.userId, step.receipt)
        }
      },
      onTimer: (ctx, { key }) => ctx.delete('bills', key)
    })
  ]
}
