import { describe, expect, test } from 'vitest'
import { mapLimited } from './concurrency.ts'

describe('mapLimited', () => {
  test('keeps the order and the limit', async () => {
    let running = 0
    let runningMax = 0
    const results = await mapLimited([3, 1, 2, 5, 4], 2, async (item) => {
      running += 1
      runningMax = Math.max(runningMax, running)
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve()
      running -= 1
      return item * 10
    })
    expect(results).toEqual([30, 10, 20, 50, 40])
    expect(runningMax).toBe(2)
  })

  test('begins nothing after a failure and awaits what runs', async () => {
    const begun: number[] = []
    const failing = mapLimited([1, 2, 3, 4], 2, async (item) => {
      begun.push(item)
      await Promise.resolve()
      throw new Error(`failed at ${item}`)
    })
    await expect(failing).rejects.toThrow('failed at 1')
    expect(begun).toEqual([1, 2])
  })

  test('does nothing for no items', async () => {
    expect(await mapLimited([], 4, async () => 1)).toEqual([])
  })
})
