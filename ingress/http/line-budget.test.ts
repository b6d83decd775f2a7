import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { createLineBudget } from './line-budget.ts'

describe('a budget of lines', () => {
  test('gives so many a second and counts those it keeps back', async () => {
    const clock = createFakeClock(0)
    const budget = createLineBudget(clock, 2)
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([0, 0, null, null])
    await clock.advance(999)
    expect(budget.take()).toBeNull()
    await clock.advance(1)
    expect([budget.take(), budget.take(), budget.take()]).toEqual([3, 0, null])
  })

  test('gives none when there are none', () => {
    expect(createLineBudget(createFakeClock(0), 0).take()).toBeNull()
  })
})
