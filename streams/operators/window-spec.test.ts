import { expect, test } from 'vitest'
import { hopping, session, sliding, tumbling, windowedText } from './index.ts'

test('windows of no length, of fractions and with gaps between them are refused', () => {
  expect(() => tumbling({ sizeMs: 0, graceMs: 0 })).toThrow(/sizeMs/)
  expect(() => sliding({ sizeMs: 1.5, graceMs: 0 })).toThrow(/sizeMs/)
  expect(() => session({ gapMs: 10, graceMs: -1 })).toThrow(/graceMs/)
  expect(() => hopping({ sizeMs: 10, advanceMs: 11, graceMs: 0 })).toThrow(/at most the size 10/)
})

test('a windowed key is written as key and start', () => {
  const texts = [60_000, 60_000, 0].map((startMs) =>
    windowedText({ key: 'a', startMs, endMs: startMs + 1 })
  )
  expect(texts).toEqual(['a@60000', 'a@60000', 'a@0'])
})
