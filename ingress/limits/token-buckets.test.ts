import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeClock, createMetrics } from '../../core/index.ts'
import { createPositionLanes } from './position-lanes.ts'
import { TokenBuckets } from './token-buckets.ts'

const setUp = (options: { perSecond?: number; holdSeconds?: number; keysMax?: number } = {}) => {
  const clock = createFakeClock(1_000_000, 1)
  return { clock, buckets: new TokenBuckets({ clock, perSecond: 10, holdSeconds: 3, ...options }) }
}

describe('TokenBuckets', () => {
  test('grant a part when there is not enough for all', () => {
    const { buckets } = setUp()
    expect([buckets.take('a', 20), buckets.take('a', 20), buckets.take('a', 1)]).toEqual([
      20, 10, 0
    ])
    expect(buckets.take('b', 1)).toBe(1)
  })

  test('fill steadily and never beyond what they hold', async () => {
    const { clock, buckets } = setUp()
    buckets.take('a', 30)
    expect(buckets.secondsUntil('a', 5)).toBe(1)
    expect(buckets.secondsUntil('a', 1_000)).toBe(3)
    await clock.advance(550)
    expect(buckets.take('a', 30)).toBe(5)
    await clock.advance(60_000)
    expect(buckets.secondsUntil('a', 30)).toBe(0)
    expect(buckets.take('a', 100)).toBe(30)
  })

  test('never run dry without a rate', () => {
    const { buckets } = setUp({ perSecond: 0 })
    expect([buckets.take('a', 1e6), buckets.secondsUntil('a', 1e6)]).toEqual([1e6, 0])
  })

  test('forget the key unheard for longest', () => {
    const { buckets } = setUp({ keysMax: 2 })
    for (const key of ['a', 'b', 'a', 'c']) buckets.take(key, 30)
    expect([buckets.take('a', 1), buckets.take('b', 1)]).toEqual([0, 1])
  })

  test('never grant more than the start and the rate since allow, nor less than they owe', () => {
    const step = fc.record({ waitMs: fc.nat(2_000), wanted: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let nowMs = 0
        const clock = { monotonic: () => nowMs }
        const buckets = new TokenBuckets({ clock, perSecond: 10, holdSeconds: 3 })
        let grantedCount = 0
        for (const { waitMs, wanted } of steps) {
          nowMs += waitMs
          const granted = buckets.take('a', wanted)
          grantedCount += granted
          expect(grantedCount).toBeLessThanOrEqual(30 + nowMs / 100 + 1e-6)
          if (granted < wanted) expect(buckets.take('a', 1)).toBe(0)
        }
      })
    )
  })
})

describe('createPositionLanes', () => {
  const createLanes = (ordinaryPerSecond: number, overflowPerSecond: number) => {
    const metrics = createMetrics()
    const refused = metrics.counter({
      name: 'hail_test_total',
      help: 'Test.',
      labels: ['reason']
    })
    const clock = createFakeClock(1_000_000, 1)
    const rates = { ordinaryPerSecond, overflowPerSecond }
    return { clock, metrics, lanes: createPositionLanes({ clock, refused, ...rates }) }
  }

  test('fill the ordinary lane first, then overflow, then refuse', async () => {
    const { clock, metrics, lanes } = createLanes(1, 2)
    expect(lanes.share('d-1', 25)).toEqual({ ordinary: 25, overflow: 0, refused: 0 })
    expect(lanes.share('d-1', 30)).toEqual({ ordinary: 5, overflow: 20, refused: 5 })
    expect(lanes.secondsUntil('d-1', 5)).toBe(3)
    await clock.advance(3_000)
    expect(lanes.share('d-1', 5)).toEqual({ ordinary: 3, overflow: 2, refused: 0 })
    expect(await metrics.render()).toContain('hail_test_total{reason="positions"} 5')
  })

  test('refuse at once without an overflow, and nothing without a limit', () => {
    const { lanes } = createLanes(1, 0)
    expect(lanes.share('d-1', 40)).toEqual({ ordinary: 30, overflow: 0, refused: 10 })
    expect(lanes.secondsUntil('d-1', 10)).toBe(10)
    expect(createLanes(0, 2).lanes.share('d-1', 5_000).ordinary).toBe(5_000)
  })
})
