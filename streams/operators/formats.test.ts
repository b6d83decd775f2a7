import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Codec, createLocalCodec } from '../../avro/index.ts'
import { type Format, longFormat, stringFormat } from '../runtime/index.ts'
import { changeFormat, timestampedFormat } from './formats.ts'
import { sessionsFormat } from './sessions.ts'
import { pointsFormat } from './sliding-points.ts'

const codec: Codec = createLocalCodec()
const times = fc.integer({ min: -1_000, max: 2 ** 50 })
const words = fc.string()
const maybe = fc.option(words, { nil: null })

function isKept<V>(format: Format<V>, values: fc.Arbitrary<V>): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(format.decode(format.encode(value, codec), codec)).toEqual(value)
    })
  )
}

test('what is written is read again', () => {
  isKept(timestampedFormat(stringFormat), fc.record({ value: words, timestampMs: times }))
  isKept(changeFormat(stringFormat), fc.record({ value: maybe, old: maybe }))
  isKept(
    sessionsFormat(stringFormat),
    fc.array(fc.record({ startMs: times, lastMs: times, value: words }))
  )
  isKept(
    pointsFormat(stringFormat),
    fc.array(
      fc.record({
        atMs: times,
        within: words,
        after: maybe,
        settled: maybe,
        isSilent: fc.boolean()
      })
    )
  )
})

test('a change is different from the value it changes', () => {
  expect(changeFormat(longFormat).name).toBe('change:long')
  expect(timestampedFormat(longFormat).name).toBe('timestamped:long')
})

test('bytes that end too soon are refused', () => {
  for (const format of [timestampedFormat(stringFormat), changeFormat(stringFormat)]) {
    expect(() => format.decode(Buffer.from([0, 0, 0]), codec)).toThrow(/expected/)
  }
  const cut = sessionsFormat(longFormat)
    .encode([{ startMs: 1, lastMs: 2, value: 3 }], codec)
    .subarray(0, -1)
  expect(() => sessionsFormat(longFormat).decode(cut, codec)).toThrow(/expected/)
})
