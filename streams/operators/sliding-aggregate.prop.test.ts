import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SlidingWindows, sliding } from './index.ts'
import {
  finalOf,
  runWindowed,
  summing,
  type TimedNumber,
  timedNumbers,
  type WindowedProgram
} from './testing/windows.ts'

const shapes = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 60 }), graceMs: fc.nat(80) })
  .map((shape) => sliding(shape))

const summed =
  (windows: SlidingWindows): WindowedProgram =>
  (grouped, options) =>
    grouped.windowedBy(windows).aggregate({ ...summing, ...options })

/** All accepted records are kept, and each open window is summed anew for each of them. */
function naive(records: readonly TimedNumber[], { sizeMs, graceMs }: SlidingWindows) {
  const accepted: TimedNumber[] = []
  const windows = new Map<string, { key: string; atMs: number; value: number }>()
  let late = 0
  let highestMs = 0
  for (const record of records) {
    const { key, timestampMs } = record
    highestMs = Math.max(highestMs, timestampMs)
    const isOpen = (atMs: number) => atMs + 1 + graceMs > highestMs
    const isIn = (atMs: number, other: number) => other >= atMs - sizeMs && other <= atMs
    if (!isOpen(timestampMs)) late += 1
    const takers = [...windows.values()].filter(
      (window) => window.key === key && isOpen(window.atMs) && isIn(window.atMs, timestampMs)
    )
    if (!isOpen(timestampMs) && takers.length === 0) continue
    accepted.push(record)
    const own = { key, atMs: timestampMs, value: 0 }
    if (isOpen(timestampMs) && !takers.some(({ atMs }) => atMs === timestampMs)) {
      windows.set(`${key}@${timestampMs}`, own)
      takers.push(own)
    }
    for (const window of takers) {
      window.value = accepted
        .filter((other) => other.key === key && isIn(window.atMs, other.timestampMs))
        .reduce((sum, { value }) => sum + value, 0)
    }
  }
  const results = [...windows.values()].map(({ key, atMs, value }) => ({
    key,
    startMs: atMs - sizeMs,
    endMs: atMs + 1,
    value
  }))
  return { final: finalOf(results), late, count: results.length }
}

test('windows, sums and acceptance are those of a naive model, on update and at close', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(120), shapes, async (records, windows) => {
      const expected = naive(records, windows)
      for (const emit of ['update', 'close'] as const) {
        const { results, late } = await runWindowed(summed(windows), records, { emit })
        expect(finalOf(results)).toEqual(expected.final)
        expect(late).toBe(expected.late)
      }
    })
  )
})

test('a reordering in which nothing is late changes no final result', async () => {
  await fc.assert(
    fc.asyncProperty(
      timedNumbers(120),
      fc.integer({ min: 1, max: 60 }),
      async (records, sizeMs) => {
        const windows = sliding({ sizeMs, graceMs: 1_000 })
        const sorted = records.toSorted((a, b) => a.timestampMs - b.timestampMs)
        const { results, late } = await runWindowed(summed(windows), records, { emit: 'close' })
        expect(late).toBe(0)
        expect(finalOf(results)).toEqual(naive(sorted, windows).final)
      }
    )
  )
})

test('the split into polls and commits, and restarts, change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      timedNumbers(120),
      shapes,
      fc.constantFrom('update' as const, 'close' as const),
      fc.constantFrom(1, 2, 7),
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      async (records, windows, emit, commitEveryRecords, runsAfter, restartsAfter) => {
        const expected = naive(records, windows)
        const options = { emit, commitEveryRecords, runsAfter, restartsAfter }
        const split = await runWindowed(summed(windows), records, options)
        expect(finalOf(split.results)).toEqual(expected.final)
        expect(split.late).toBe(expected.late)
        if (emit === 'close') expect(split.results).toHaveLength(expected.count)
      }
    )
  )
})

test('a final result comes once for each window and never before its end and grace', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(120), shapes, async (records, windows) => {
      const { results } = await runWindowed(summed(windows), records, {
        emit: 'close',
        commitEveryRecords: 1,
        closes: false
      })
      const highestMs = Math.max(0, ...records.map(({ timestampMs }) => timestampMs))
      for (const { endMs } of results) {
        expect(endMs + windows.graceMs).toBeLessThanOrEqual(highestMs)
      }
    })
  )
})
