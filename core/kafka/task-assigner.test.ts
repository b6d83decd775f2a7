import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignTasks, type TaskClaim } from './task-assigner.ts'

const groups = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.tuple(
        ...ids.map((memberId) =>
          fc.record({
            memberId: fc.constant(memberId),
            owned: fc.array(fc.integer({ min: -2, max: 45 }), { maxLength: 45 })
          })
        )
      )
    )
  )

const claimsOf = (assigned: Map<string, number[]>): TaskClaim[] =>
  [...assigned].map(([memberId, owned]) => ({ memberId, owned }))

describe('assignTasks', () => {
  test('gives every task to exactly one member, balanced within one, whatever is claimed', () => {
    fc.assert(
      fc.property(groups, ([taskCount, members]) => {
        const assigned = assignTasks(taskCount, members)
        expect([...assigned.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort())
        const all = [...assigned.values()].flat().sort((a, b) => a - b)
        expect(all).toEqual(Array.from({ length: taskCount }, (_, task) => task))
        const loads = [...assigned.values()].map((tasks) => tasks.length)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
      })
    )
  })

  test('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(groups, ([taskCount, members]) => {
        const forwards = assignTasks(taskCount, members)
        const backwards = assignTasks(taskCount, [...members].reverse())
        expect(Object.fromEntries(backwards)).toEqual(Object.fromEntries(forwards))
      })
    )
  })

  test('changes nothing when nothing changes', () => {
    fc.assert(
      fc.property(groups, ([taskCount, members]) => {
        const assigned = assignTasks(taskCount, members)
        expect(assignTasks(taskCount, claimsOf(assigned))).toEqual(assigned)
      })
    )
  })

  test('takes nothing from the members that stay when one leaves', () => {
    fc.assert(
      fc.property(groups, ([taskCount, members]) => {
        const [gone, ...stay] = claimsOf(assignTasks(taskCount, members))
        fc.pre(gone !== undefined && stay.length > 0)
        const after = assignTasks(taskCount, stay)
        for (const { memberId, owned } of stay) {
          expect(after.get(memberId)).toEqual(expect.arrayContaining([...owned]))
        }
      })
    )
  })

  test('moves only what a new member needs', () => {
    fc.assert(
      fc.property(groups, ([taskCount, members]) => {
        const before = claimsOf(assignTasks(taskCount, members))
        const after = assignTasks(taskCount, [...before, { memberId: 'the new one', owned: [] }])
        const moved = before.flatMap(({ memberId, owned }) =>
          owned.filter((task) => !after.get(memberId)?.includes(task))
        )
        expect(moved.length).toBe(after.get('the new one')?.length)
      })
    )
  })

  test('splits six tasks of one member with a second one', () => {
    const members = [
      { memberId: 'a', owned: [0, 1, 2, 3, 4, 5] },
      { memberId: 'b', owned: [] }
    ]
    expect(Object.fromEntries(assignTasks(6, members))).toEqual({ a: [0, 1, 2], b: [3, 4, 5] })
  })

  test('assigns nothing without members', () => {
    expect(assignTasks(6, [])).toEqual(new Map())
  })
})
