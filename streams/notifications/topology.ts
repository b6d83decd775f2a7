/**
 * @module Notifications: tells people what happened, by push or SMS.
 *
 *   notification_tasks (user) --> deliveries --> notification_events (user)
 *                                   |    ^
 *                                   v    | result
 *                                  provider (HTTP)
 *
 * The call out is made before the input is handled. After a crash in between it is made again, with
 * the same idempotency key.
 * Store: `deliveries` by notification id. Timers: `retry`, the next try; `forget`, the end of its memory.
 */
import type { NotificationState, NotificationTask } from '../../avro/index.ts'
import type { Clock } from '../../core/index.ts'
import { type Context, defineSubTopology, type SubTopology } from '../runtime/index.ts'
import {
  type Delivery,
  type DeliveryRules,
  deliveryRulesDefault,
  foldDelivery
} from './delivery.ts'
import type { Providers } from './providers.ts'

/** What the service needs. */
export interface NotificationsDeps {
  readonly providers: Providers
  /** Tells what has expired before it is sent; everything else goes by task time. */
  readonly clock: Pick<Clock, 'now'>
  /** Absent: `deliveryRulesDefault`. */
  readonly rules?: DeliveryRules
  /** Calls out a task makes at once; 16 when absent. */
  readonly effectConcurrency?: number
}

const stores = { deliveries: { record: 'NotificationState', kind: 'remote' } } as const

type NotificationsContext = Context<typeof stores>

/** The sub-topologies of the notification service. */
export function notificationsTopologies(deps: NotificationsDeps): SubTopology[] {
  const rules = deps.rules ?? deliveryRulesDefault
  return [
    defineSubTopology({
      app: 'notifications',
      name: 'deliveries',
      sources: ['notification_tasks'],
      stores,
      outputs: ['notification_events'],
      commitIntervalMs: 500,
      reads: ({ value }) => ({ deliveries: [value.notificationId] }),
      effectConcurrency: deps.effectConcurrency ?? 16,
      effect: async (input, get) => {
        if (input.kind === 'record') {
          const task = input.record.value as NotificationTask
          const isRepeat = get('deliveries', task.notificationId) !== undefined
          return isRepeat ? null : deliver(deps, task)
        }
        const task = input.timer.name === 'retry' ? get('deliveries', input.timer.key)?.task : null
        return task ? deliver(deps, task) : null
      },
      on: {
        notification_tasks: (ctx, { value }) => {
          const before = ctx.get('deliveries', value.notificationId)
          // Without a result the call out knew the notification, though it was forgotten since.
          if (before === undefined && ctx.effect) apply(ctx, { before, task: value, rules })
          else ctx.count('repeated_tasks')
        }
      },
      onTimer: (ctx, { key, name }) => {
        if (name === 'forget') {
          ctx.delete('deliveries', key)
          return
        }
        const before = ctx.get('deliveries', key)
        if (before?.task && ctx.effect) apply(ctx, { before, task: before.task, rules })
      }
    })
  ]
}

async function deliver(deps: NotificationsDeps, task: NotificationTask): Promise<Delivery> {
  const provider = deps.providers[task.channel]
  if (deps.clock.now() >= task.expiresAt) return { kind: 'expired', provider: provider.name }
  return provider.deliver(task)
}

function apply(
  ctx: NotificationsContext,
  input: {
    readonly before: NotificationState | undefined
    readonly task: NotificationTask
    readonly rules: DeliveryRules
  }
): void {
  const { before, task, rules } = input
  const delivery = ctx.effect as Delivery
  const { notificationId, userId, channel } = task
  const environment = { nowMs: ctx.taskTimeMs, rules }
  const step = foldDelivery(before, { task, delivery }, environment)
  ctx.put('deliveries', notificationId, step.state)
  ctx.setTimer(notificationId, step.timer.name, step.timer.dueMs)
  if (step.event) ctx.emit('notification_events', userId, step.event)
  if (step.deadLetter !== null) {
    const of = { topic: 'notification_tasks', key: userId, value: task } as const
    ctx.deadLetter('HAIL_UNDELIVERED', step.deadLetter, of)
  }
  ctx.count('tries', { channel, outcome: delivery.kind })
}
