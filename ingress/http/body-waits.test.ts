import { expect, test } from 'vitest'
import { createFakeClock } from '../../core/index.ts'
import { BodyWaits } from './body-waits.ts'

const never = (): Promise<Buffer> => new Promise(() => undefined)
const isGone = (): boolean => false

const setUp = () => {
  const clock = createFakeClock(0)
  return { clock, waits: new BodyWaits({ clock, timeoutMs: 1_000, bytesMax: 1_600 }) }
}

test('one owner has a share of the budget, and gets it back', async () => {
  const { clock, waits } = setUp()
  const slow = waits.take(never, { bytes: 100, owner: 'customer:a', isGone })
  const timedOut = expect(slow).rejects.toMatchObject({ status: 408 })
  expect(() => waits.take(never, { bytes: 1, owner: 'customer:a', isGone })).toThrow(
    expect.objectContaining({ status: 429 })
  )
  const body = Buffer.from('{}')
  const other = { bytes: 2, owner: 'customer:b', isGone }
  expect(await waits.take(async () => body, other)).toBe(body)
  await clock.advance(1_500)
  await timedOut
  expect(waits.bytes).toBe(0)
  const again = { bytes: 100, owner: 'customer:a', isGone }
  expect(await waits.take(async () => body, again)).toBe(body)
})

test('a body above the share is taken when it is the only one; the budget is for everybody', () => {
  const { waits } = setUp()
  void waits.take(never, { bytes: 1_500, owner: 'partner:a', isGone })
  expect(() => waits.take(never, { bytes: 101, owner: 'partner:b', isGone })).toThrow(
    expect.objectContaining({ status: 503 })
  )
})
