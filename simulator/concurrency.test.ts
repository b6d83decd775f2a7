import { expect, test } from 'vitest'
import { createFakeClock } from '../core/index.ts'
import { mapAtOnce } from './concurrency.ts'

test('work is done a few items at a time and its results keep their order', async () => {
  const clock = createFakeClock(0)
  let running = 0
  let most = 0
  const mapped = mapAtOnce([3, 1, 2, 1, 1], 2, async (item, index) => {
    running += 1
    most = Math.max(most, running)
    await clock.sleep(item)
    running -= 1
    return `${index}:${item}`
  })
  await clock.advance(100)
  expect(await mapped).toEqual(['0:3', '1:1', '2:2', '3:1', '4:1'])
  expect(most).toBe(2)
})

test('after an error no more items are begun', async () => {
  const begun: number[] = []
  const mapped = mapAtOnce([1, 2, 3, 4], 1, async (item) => {
    begun.push(item)
    if (item === 2) throw new Error('no')
  })
  await expect(mapped).rejects.toThrow('no')
  expect(begun).toEqual([1, 2])
})
