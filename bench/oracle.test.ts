/**
 * @module The oracle against slow and obvious ways to the same answers.
 */
import { describe, expect, test } from 'vitest'
import { everyKeyOnce, type InputSpec, inputRecords } from './input.ts'
import {
  countBySession,
  countByWindow,
  digestOfCounts,
  digestOfPairs,
  joinWithin
} from './oracle.ts'

const baseMs = 1_800_000_000_000
const spec: InputSpec = {
  topic: 'input',
  records: 3_000,
  keys: 40,
  partitions: 6,
  valueBytes: 64,
  seed: 7,
  baseMs,
  spanMs: 300_000
}

describe('the input', () => {
  test('is the same for the same seed and another one for another seed', () => {
    const first = [...inputRecords(spec)]
    expect([...inputRecords(spec)]).toEqual(first)
    expect([...inputRecords({ ...spec, seed: 8 })]).not.toEqual(first)
  })

  test('rises in time, on even milliseconds, over the whole span', () => {
    const times = [...inputRecords(spec)].map(({ timestampMs }) => timestampMs - baseMs)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.every((time) => time % 2 === 0)).toBe(true)
    expect(times.at(0)).toBe(0)
    expect(times.at(-1)).toBe(299_900)
  })

  test('has every key once when a store is to be filled', () => {
    expect(new Set([...everyKeyOnce(spec)].map(({ key }) => key)).size).toBe(3_000)
  })
})

describe('the oracle', () => {
  test('counts every record in exactly one window', () => {
    const digest = countByWindow(inputRecords(spec), { sizeMs: 60_000, baseMs })
    expect(digest).toMatchObject({ entries: 40 * 5, sum: 3_000 })
  })

  test('splits sessions where two records of a key are further apart than the gap', () => {
    const gapMs = 5_001
    const records = [...inputRecords(spec)]
    const entries = [...new Set(records.map(({ key }) => key))].flatMap((key) => {
      const times = records.filter((record) => record.key === key)
      const starts = times.filter(
        ({ timestampMs }, i) => i === 0 || timestampMs - (times[i - 1]?.timestampMs ?? 0) > gapMs
      )
      return starts.map((start, i) => {
        const next = starts[i + 1]?.timestampMs ?? Number.POSITIVE_INFINITY
        const own = times.filter(
          ({ timestampMs }) => timestampMs >= start.timestampMs && timestampMs < next
        )
        return {
          key,
          startMs: start.timestampMs - baseMs,
          endMs: (own.at(-1)?.timestampMs ?? 0) - baseMs,
          count: own.length
        }
      })
    })
    const digest = countBySession(records, { gapMs, baseMs })
    expect(digest).toEqual(digestOfCounts(entries))
    expect(digest.sum).toBe(3_000)
  })

  test('joins the same pairs as two nested loops', () => {
    const left = [...inputRecords(spec)]
    const right = [...inputRecords({ ...spec, seed: 11 })]
    const pairs = left.flatMap((one) =>
      right
        .filter(
          (other) => other.key === one.key && Math.abs(other.timestampMs - one.timestampMs) <= 3_001
        )
        .map((other): [number, number] => [one.seq, other.seq])
    )
    const digest = joinWithin(left, right, 3_001)
    expect(digest).toEqual(digestOfPairs(pairs.toReversed()))
    expect(digest.sum).toBeGreaterThan(1_000)
  })

  test('tells a doubled, a missing and an exchanged pair from the right ones', () => {
    const right = digestOfPairs([
      [1, 2],
      [3, 4]
    ])
    for (const wrong of [
      [
        [1, 2],
        [3, 4],
        [3, 4]
      ],
      [[1, 2]],
      [
        [1, 4],
        [3, 2]
      ]
    ]) {
      expect(digestOfPairs(wrong as [number, number][])).not.toEqual(right)
    }
  })
})
