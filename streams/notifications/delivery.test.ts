import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NotificationState } from '../../avro/index.ts'
import { createFakeClock } from '../../core/index.ts'
import { delayMs } from './backoff.ts'
import { Circuit } from './circuit.ts'
import { type Delivery, foldDelivery, deliveryRulesDefault as rules } from './delivery.ts'
import { Limiter } from './limiter.ts'
import { aNotification } from './notification-builder.ts'

const task = aNotification({ createdAt: 0, expiresAt: 600_000 })
const failed: Delivery = { kind: 'failed', provider: 'push', error: 'http_500', retryAfterMs: null }

function tryAll(deliveries: readonly Delivery[]) {
  let state: NotificationState | undefined
  let nowMs = 0
  let step = foldDelivery(state, { task, delivery: failed }, { nowMs, rules })
  for (const delivery of deliveries) {
    step = foldDelivery(state, { task, delivery }, { nowMs, rules })
    state = step.state
    nowMs = step.timer.dueMs
    if (step.event) break
  }
  return step
}

describe('a delivery', () => {
  test('that succeeds ends as sent and keeps nothing personal', () => {
    const step = tryAll([{ kind: 'sent', provider: 'push' }])
    expect(step.event).toMatchObject({ status: 'SENT', attempts: 1, provider: 'push', error: null })
    expect(step.state).toEqual({
      status: 'SENT',
      task: null,
      attempts: 1,
      nextAt: null,
      lastError: null
    })
    expect(step.timer).toEqual({ name: 'forget', dueMs: rules.retentionMs })
    expect(step.deadLetter).toBeNull()
  })

  test('that fails is tried again, and has failed after the last attempt', () => {
    const first = tryAll([failed])
    expect(first.event).toBeNull()
    expect(first.timer.name).toBe('retry')
    const last = tryAll(Array.from({ length: rules.attemptsMax }, () => failed))
    expect(last.event).toMatchObject({ status: 'FAILED', attempts: 6, error: 'http_500' })
    expect(last.deadLetter).toContain('n-1')
  })

  test('that is rejected has failed at once', () => {
    const step = tryAll([{ kind: 'rejected', provider: 'sms', error: 'http_400' }])
    expect(step.event).toMatchObject({ status: 'FAILED', attempts: 1 })
  })

  test('costs no attempt while the provider is down, and expires without a dead letter', () => {
    const down: Delivery = { kind: 'unavailable', provider: 'push' }
    const step = tryAll([...Array.from({ length: 30 }, () => down)])
    expect(step.state.attempts).toBe(0)
    const end = foldDelivery(
      step.state,
      { task, delivery: { kind: 'expired', provider: 'push' } },
      {
        nowMs: 600_000,
        rules
      }
    )
    expect(end.event).toMatchObject({ status: 'EXPIRED', attempts: 0, error: 'unavailable' })
    expect(end.deadLetter).toBeNull()
  })

  test('waits as long as the provider asks, within the cap, but not past its expiry', () => {
    const asked = (retryAfterMs: number, expiresAt = 600_000): number =>
      foldDelivery(
        undefined,
        { task: { ...task, expiresAt }, delivery: { ...failed, retryAfterMs } },
        { nowMs: 0, rules }
      ).timer.dueMs
    expect(asked(20_000)).toBe(20_000)
    expect(asked(900_000)).toBe(rules.capMs)
    expect(asked(900_000, 7_000)).toBe(7_000)
  })
})

test('the wait doubles, is capped and spread, and depends on nothing but id and attempt', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (id, attempts) => {
      const wholeMs = Math.min(rules.capMs, rules.baseMs * 2 ** (attempts - 1))
      const ms = delayMs(id, attempts, rules)
      expect(ms).toBeGreaterThanOrEqual(wholeMs)
      expect(ms).toBeLessThanOrEqual(wholeMs * 1.25)
      expect(delayMs(id, attempts, rules)).toBe(ms)
    })
  )
})

test('a circuit opens after failures in a row, lets one call try, and closes on success', async () => {
  const clock = createFakeClock(0)
  const circuit = new Circuit(clock, { failuresMax: 2, openMs: 1000 })
  circuit.failed()
  circuit.succeeded()
  circuit.failed()
  expect(circuit.admit()).toBe(true)
  circuit.failed()
  expect(circuit.admit()).toBe(false)
  await clock.advance(1000)
  expect([circuit.admit(), circuit.admit()]).toEqual([true, false])
  circuit.failed()
  expect(circuit.admit()).toBe(false)
  await clock.advance(1000)
  expect(circuit.admit()).toBe(true)
  circuit.succeeded()
  expect([circuit.admit(), circuit.admit()]).toEqual([true, true])
})

test('a limiter runs no more than its bound at once, all in the end, errors included', async () => {
  const limiter = new Limiter(3)
  let running = 0
  let runningMax = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      limiter.run(async () => {
        running += 1
        runningMax = Math.max(runningMax, running)
        await Promise.resolve()
        running -= 1
        if (n % 5 === 0) throw new Error('expected')
        return n
      })
    )
  )
  expect(runningMax).toBe(3)
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(16)
})
