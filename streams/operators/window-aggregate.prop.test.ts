import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hopping, tumbling } from './index.ts'
import {
  finalOf,
  runWindowed,
  summing,
  type TimedNumber,
  timedNumbers,
  type WindowedProgram,
  type WindowResult
} from './testing/windows.ts'
import type { TimeWindows } from './window-spec.ts'

const shapes = fc
  .record({
    sizeMs: fc.integer({ min: 1, max: 60 }),
    advanceMs: fc.integer({ min: 1, max: 60 }),
    graceMs: fc.nat(60)
  })
  .map(({ sizeMs, advanceMs, graceMs }) =>
    advanceMs >= sizeMs ? tumbling({ sizeMs, graceMs }) : hopping({ sizeMs, advanceMs, graceMs })
  )

const summed =
  (windows: TimeWindows): WindowedProgram =>
  (grouped, options) =>
    grouped.windowedBy(windows).aggregate({ ...summing, ...options })

/** Every window of every record by trying all starts; late ones by the highest time so far. */
function naive(records: readonly TimedNumber[], { sizeMs, advanceMs, graceMs }: TimeWindows) {
  const windows = new Map<string, WindowResult>()
  let late = 0
  let highestMs = 0
  for (const { key, value, timestampMs } of records) {
    highestMs = Math.max(highestMs, timestampMs)
    for (let startMs = 0; startMs <= timestampMs; startMs += advanceMs) {
      const endMs = startMs + sizeMs
      if (timestampMs >= endMs) continue
      if (endMs + graceMs <= highestMs) {
        late += 1
        continue
      }
      const id = `${key}@${startMs}`
      const sum = (windows.get(id)?.value ?? 0) + value
      windows.set(id, { key, startMs, endMs, value: sum })
    }
  }
  return { final: finalOf([...windows.values()]), late }
}

test('assignment, acceptance and sums are those of a naive model, on update and at close', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const expected = naive(records, windows)
      const assigned = expected.late + [...expected.final].length
      expect(assigned).toBeLessThanOrEqual(
        records.length * Math.ceil(windows.sizeMs / windows.advanceMs)
      )
      for (const emit of ['update', 'close'] as const) {
        const { results, late } = await runWindowed(summed(windows), records, { emit })
        expect(finalOf(results)).toEqual(expected.final)
        expect(late).toBe(expected.late)
      }
    })
  )
})

test('accepted and late windows are all the windows of the input', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const ones = records.map((record) => ({ ...record, value: 1 }))
      const { results, late } = await runWindowed(summed(windows), ones, { emit: 'close' })
      const accepted = results.reduce((sum, { value }) => sum + (value ?? 0), 0)
      const patient = { ...windows, graceMs: 1_000 }
      const all = await runWindowed(summed(patient), ones, { emit: 'close' })
      expect(all.late).toBe(0)
      expect(accepted + late).toBe(all.results.reduce((sum, { value }) => sum + (value ?? 0), 0))
    })
  )
})

test('a reordering in which nothing is late changes no final result', async () => {
  await fc.assert(
    fc.asyncProperty(
      timedNumbers(300).chain((records) =>
        fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length }))
      ),
      shapes,
      async ([records, shuffled], shape) => {
        const windows = { ...shape, graceMs: 1_000 }
        const [one, other] = [
          await runWindowed(summed(windows), records, { emit: 'close' }),
          await runWindowed(summed(windows), shuffled, { emit: 'close' })
        ]
        expect(other).toEqual({ ...one, results: expect.anything() })
        expect(finalOf(other.results)).toEqual(finalOf(one.results))
      }
    )
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
        const whole = await runWindowed(summed(windows), records, { emit })
        const options = { emit, commitEveryRecords, runsAfter, restartsAfter }
        const split = await runWindowed(summed(windows), records, options)
        expect(finalOf(split.results)).toEqual(finalOf(whole.results))
        expect(split.late).toBe(whole.late)
        if (emit === 'close') expect(split.results).toHaveLength(whole.results.length)
      }
    )
  )
})

test('a final result comes once for each window and never before its end and grace', async () => {
  await fc.assert(
    fc.asyncProperty(timedNumbers(300), shapes, async (records, windows) => {
      const { results } = await runWindowed(summed(windows), records, { emit: 'close' })
      const ids = results.map(({ key, startMs }) => `${key}@${startMs}`)
      expect(new Set(ids).size).toBe(ids.length)
      const highestMs = Math.max(0, ...records.map(({ timestampMs }) => timestampMs))
      const early = await runWindowed(summed(windows), records, { emit: 'close', closes: false })
      for (const { endMs } of early.results) {
        expect(endMs + windows.graceMs).toBeLessThanOrEqual(highestMs)
      }
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
