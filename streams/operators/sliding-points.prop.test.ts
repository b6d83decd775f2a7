import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sliding } from './index.ts'
import { addToPoints, type Points, shownBy } from './sliding-points.ts'

const fold = { init: () => 0, add: (sum: number, n: number) => sum + n }

const inputs = fc.record({
  records: fc.array(fc.record({ timestampMs: fc.nat(60), value: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 30
  }),
  sizeMs: fc.integer({ min: 1, max: 25 }),
  graceMs: fc.nat(40)
})

test('each point holds the sums of what lies before and after it, window by window', () => {
  fc.assert(
    fc.property(inputs, ({ records, sizeMs, graceMs }) => {
      const windows = sliding({ sizeMs, graceMs })
      const accepted: { timestampMs: number; value: number }[] = []
      const shown = new Map<number, number>()
      let points: Points<number> = []
      let windowTimeMs = 0
      const sumOf = (fromMs: number, toMs: number): number | null => {
        const within = accepted.filter(
          ({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs
        )
        return within.length === 0 ? null : within.reduce((sum, { value }) => sum + value, 0)
      }
      for (const record of records) {
        windowTimeMs = Math.max(windowTimeMs, record.timestampMs)
        const rules = { windows, fold, windowTimeMs }
        const next = addToPoints(points, { key: 'a', ...record }, rules)
        if (next === null) continue
        points = next
        accepted.push(record)
        for (const { atMs, within, after, isSilent } of points) {
          expect(within).toBe(sumOf(atMs - sizeMs, atMs))
          expect(after).toBe(sumOf(atMs + 1, atMs + 1 + sizeMs))
          if (!isSilent && atMs + 1 + graceMs > windowTimeMs) shown.set(atMs, within)
        }
      }
      const showing = points.flatMap((point): [number, number][] => {
        const sum = shownBy(point)
        return sum === null ? [] : [[point.atMs, sum]]
      })
      expect(new Map(showing)).toEqual(shown)
    }),
    { numRuns: 500 }
  )
})
