import { expect, test } from 'vitest'
import { createDice } from './dice.ts'
import { answerOf, mannerOf, planOf, usualHabits } from './habits.ts'

test('one actor draws the same each time, and another one something else', () => {
  const draws = (seed: number, stream: number) => {
    const dice = createDice(seed, stream)
    return Array.from({ length: 5 }, () => dice.below(1_000))
  }
  expect(draws(1, 2)).toEqual(draws(1, 2))
  expect(draws(1, 2)).not.toEqual(draws(1, 3))
  expect(draws(1, 2)).not.toEqual(draws(2, 2))
})

test('habits come up as often as their shares say', () => {
  const dice = createDice(1, 1)
  const count = 20_000
  const shareOf = (draw: () => string, name: string) =>
    Array.from({ length: count }, draw).filter((drawn) => drawn === name).length / count
  expect(shareOf(() => answerOf(usualHabits, dice), 'decline')).toBeCloseTo(0.05, 2)
  expect(shareOf(() => mannerOf(usualHabits, dice), 'cancel')).toBeCloseTo(0.04, 2)
  expect(shareOf(() => planOf(usualHabits, dice), 'cancelLate')).toBeCloseTo(0.06, 2)
})

test('the shares of each habit add up to one', () => {
  for (const shares of [usualHabits.offers, usualHabits.trips, usualHabits.riders]) {
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
  }
})

test('an empty list has nothing to pick', () => {
  expect(() => createDice(1, 1).pick([])).toThrow('expected a list with items')
})
