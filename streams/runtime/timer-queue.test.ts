import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Timer } from './processor.ts'
import { TimerQueue, timerId } from './timer-queue.ts'

function aQueue(): {
  queue: TimerQueue
  set: (timer: Timer) => void
  cancel: (timer: Timer) => void
} {
  const current = new Map<string, Timer>()
  const queue = new TimerQueue((id) => current.get(id))
  return {
    queue,
    set: (timer) => {
      current.set(timerId(timer.key, timer.name), timer)
      queue.add(timer)
    },
    cancel: (timer) => current.delete(timerId(timer.key, timer.name))
  }
}

describe('the timer queue', () => {
  test('gives live timers earliest first, of each id only the last one set', () => {
    const operation = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      name: fc.constantFrom('x', 'y'),
      dueMs: fc.nat(50),
      clock: fc.constant('task' as const),
      cancels: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const { queue, set, cancel } = aQueue()
        const model = new Map<string, Timer>()
        for (const { cancels, ...timer } of operations) {
          const id = timerId(timer.key, timer.name)
          if (cancels) {
            cancel(timer)
            model.delete(id)
          } else {
            set(timer)
            model.set(id, timer)
          }
        }
        const due = queue.dueBy(30, 100).map(({ dueMs }) => dueMs)
        const expected = [...model.values()]
          .map(({ dueMs }) => dueMs)
          .filter((dueMs) => dueMs <= 30)
        expect([...new Set(due)]).toEqual([...new Set(expected)].toSorted((a, b) => a - b))
        expect(queue.dueBy(30, 1).length).toBe(Math.min(1, expected.length))
      })
    )
  })

  test('leaves what it shows in place', () => {
    const { queue, set } = aQueue()
    set({ key: 'a', name: 'x', dueMs: 5, clock: 'task' })
    expect(queue.dueBy(5, 10)).toEqual(queue.dueBy(5, 10))
    expect(queue.peek()).toEqual({ key: 'a', name: 'x', dueMs: 5, clock: 'task' })
  })
})
