import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SessionWindows, session } from './index.ts'
import {
  finalOf,
  runWindowed,
  summing,
  type TimedNumber,
  timedNumbers,
  type WindowedProgram
} from './testing/windows.ts'

const shapes = fc
  .record({ gapMs: fc.integer({ min: 1, max: 40 }), graceMs: fc.nat(60) })
  .map((shape) => session(shape))

const summed =
  (windows: SessionWindows): WindowedProgram =>
  (grouped, options) =>
    grouped.windowedBy(windows).aggregate({ ...summing, ...options })

const lastOf = (records: readonly TimedNumber[]): number =>
  Math.max(...records.map(({ timestampMs }) => timestampMs))

/** Sessions as plain lists of records: one near any of an open list's records joins it. */
function naive(records: readonly TimedNumber[], { gapMs, graceMs }: SessionWindows) {
  let lists: TimedNumber[][] = []
  let late = 0
  let highestMs = 0
  for (const record of records) {
    highestMs = Math.max(highestMs, record.timestampMs)
    const isOpen = (list: readonly TimedNumber[]) => lastOf(list) + gapMs + graceMs > highestMs
    const isNear = ({ key, timestampMs }: TimedNumber) =>
      key === record.key && Math.abs(timestampMs - record.timestampMs) < gapMs
    const joined = lists.filter((list) => isOpen(list) && list.some(isNear))
    const merged = [...joined.flat(), record]
    if (isOpen(merged)) lists = [...lists.filter((list) => !joined.includes(list)), merged]
    else late += 1
  }
  const results = lists.map((list) => ({
    key: list[0]?.key as string,
    startMs: Math.min(...list.map(({ timestampMs }) => timestampMs)),
    endMs: lastOf(list) + 1,
    value: list.reduce((sum, { value }) => sum + value, 0)
  }))
  return { final: finalOf(results), late, count: results.length }
}

test('sessions, sums and acceptance are those of a naive model, on update and at close', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const expected = naive(records, windows)
      for (const emit of ['update', 'close'] as const) {
        const { results, late } = await runWindowed(summed(windows), records, { emit })
        expect(finalOf(results)).toEqual(expected.final)
        expect(late).toBe(expected.late)
      }
    })
  )
})

test('a reordering in which nothing is late gives the sessions of the sorted records', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), fc.integer({ min: 1, max: 40 }), async (records, gapMs) => {
      const windows = session({ gapMs, graceMs: 1_000 })
      const sorted = records.toSorted((a, b) => a.timestampMs - b.timestampMs)
      const { results, late } = await runWindowed(summed(windows), records, { emit: 'close' })
      expect(late).toBe(0)
      expect(finalOf(results)).toEqual(naive(sorted, windows).final)
    })
  )
})

test('the split into polls and commits, and restarts, change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      timedNumbers(300),
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

test('a final result comes once for each session and never before its gap and grace', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const { results } = await runWindowed(summed(windows), records, {
        emit: 'close',
        commitEveryRecords: 1,
        closes: false
      })
      const highestMs = Math.max(0, ...records.map(({ timestampMs }) => timestampMs))
      for (const { endMs } of results) {
        expect(endMs - 1 + windows.gapMs + windows.graceMs).toBeLessThanOrEqual(highestMs)
      }
      const whole = await runWindowed(summed(windows), records, { emit: 'close' })
      expect(whole.results).toHaveLength(naive(records, windows).count)
    })
  )
})

test('results held back and forwarded at once end alike', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const [held, direct] = [
        await runWindowed(summed(windows), records, { emit: 'update', commitEveryRecords: 5 }),
        await runWindowed(summed(windows), records, { emit: 'update', cached: false })
      ]
      expect(finalOf(held.results)).toEqual(finalOf(direct.results))
    })
  )
})
