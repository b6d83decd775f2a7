import { expect, test } from 'vitest'
import { chosenPace } from './pace.ts'

const unset = { DEMO_RATE: null, DEMO_SECONDS: null }

test('a fast machine gets the full load', () => {
  expect(chosenPace(unset, 70)).toEqual({ rate: 10.5, seconds: 60, slowness: 1 })
  expect(chosenPace(unset, 500)).toEqual({ rate: 10.5, seconds: 60, slowness: 1 })
})

test('a slow one gets less of it for longer, within bounds', () => {
  expect(chosenPace(unset, 33)).toEqual({ rate: 5, seconds: 90, slowness: 2.1 })
  expect(chosenPace(unset, 1)).toEqual({ rate: 2.5, seconds: 180, slowness: 3 })
})

test('what is given is taken', () => {
  expect(chosenPace({ ...unset, DEMO_RATE: 40 }, 35)).toEqual({
    rate: 40,
    seconds: 60,
    slowness: 2
  })
  expect(chosenPace({ DEMO_RATE: 40, DEMO_SECONDS: 10 }, 70)).toMatchObject({
    rate: 40,
    seconds: 10
  })
  expect(chosenPace({ ...unset, DEMO_SECONDS: 20 }, 35)).toEqual({
    rate: 5.5,
    seconds: 20,
    slowness: 2
  })
})
