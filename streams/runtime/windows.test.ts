import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hoppingWindows,
  isLate,
  sessionWindow,
  slidingWindowStart,
  tumblingWindow
} from './windows.ts'

const timestamp = fc.integer({ min: -1_000_000, max: 2_000_000_000 })
const size = fc.integer({ min: 1, max: 100_000 })

describe('windows', () => {
  test('a tumbling window holds its timestamp and is aligned to the epoch', () => {
    fc.assert(
      fc.property(timestamp, size, (at, sizeMs) => {
        const { startMs, endMs } = tumblingWindow(at, sizeMs)
        expect(startMs <= at && at < endMs).toBe(true)
        expect(endMs - startMs).toBe(sizeMs)
        expect(Math.abs(startMs % sizeMs)).toBe(0)
      })
    )
  })

  test('hopping windows all hold their timestamp, ceil(size / advance) of them at most', () => {
    fc.assert(
      fc.property(timestamp, size, fc.integer({ min: 1, max: 50 }), (at, sizeMs, parts) => {
        const advanceMs = Math.max(1, Math.floor(sizeMs / parts))
        const windows = hoppingWindows(at, { sizeMs, advanceMs })
        expect(windows.every(({ startMs, endMs }) => startMs <= at && at < endMs)).toBe(true)
        expect(windows.length).toBeGreaterThanOrEqual(1)
        expect(windows.length).toBeLessThanOrEqual(Math.ceil(sizeMs / advanceMs))
      })
    )
  })

  test('sessions are the same whatever the order of their records', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2_000), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 300 }),
        (times, gapMs) => {
          const build = (order: readonly number[]) =>
            order
              .reduce<{ startMs: number; endMs: number }[]>((sessions, at) => {
                const { merged, replaced } = sessionWindow(at, gapMs, sessions)
                return [...sessions.filter((session) => !replaced.includes(session)), merged]
              }, [])
              .toSorted((a, b) => a.startMs - b.startMs)
          expect(build(times.toReversed())).toEqual(build(times))
        }
      )
    )
  })

  test('a sliding window reaches back by its size', () => {
    expect(slidingWindowStart(1_000_000, 300_000)).toBe(700_000)
  })

  test('a window is late once stream time reaches its end plus grace', () => {
    const window = { startMs: 0, endMs: 100 }
    expect(isLate(window, 20, 119)).toBe(false)
    expect(isLate(window, 20, 120)).toBe(true)
  })
})
