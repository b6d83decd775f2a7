import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutRecord } from '../../core/kafka/index.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { scanFrames } from './scan.ts'

const anyRecord: fc.Arbitrary<OutRecord> = fc.record({
  topic: fc.constant('rides'),
  partition: fc.nat(2 ** 31 - 1),
  key: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(null)
  ),
  value: fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(null)
  ),
  headers: fc
    .array(fc.tuple(fc.stringMatching(/^[a-z_-]{1,12}$/), fc.string({ unit: 'grapheme' })), {
      maxLength: 6
    })
    .map((pairs) => Object.fromEntries(pairs)),
  timestampMs: fc.nat(2 ** 45)
})

const withProtoHeader: OutRecord = {
  topic: 'rides',
  partition: 0,
  key: null,
  value: null,
  headers: Object.fromEntries([['__proto__', 'x']]),
  timestampMs: 0
}

const decodeAll = (bytes: Buffer): OutRecord[] =>
  scanFrames(bytes).frames.map(({ from }) => decodeFrame('rides', bytes, from))

describe('a segment', () => {
  test('gives back every record as it was, in order', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 12 }), (records) => {
        const bytes = Buffer.concat(records.map(encodeFrame))
        const { gaps, tail } = scanFrames(bytes)
        expect(decodeAll(bytes)).toEqual(records)
        expect([gaps, tail]).toEqual([[], null])
      }),
      { examples: [[[withProtoHeader]]] }
    )
  })

  test('cut anywhere gives the records before the cut and names the rest as its tail', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 6 }), fc.nat(), (records, at) => {
        const frames = records.map(encodeFrame)
        const bytes = Buffer.concat(frames)
        const cut = at % bytes.length
        const { tail, gaps } = scanFrames(bytes.subarray(0, cut))
        let [whole, wholeBytes] = [0, 0]
        for (const frame of frames) {
          if (wholeBytes + frame.length > cut) break
          whole += 1
          wholeBytes += frame.length
        }
        expect(decodeAll(bytes.subarray(0, cut))).toEqual(records.slice(0, whole))
        expect(gaps).toEqual([])
        expect(tail).toEqual(wholeBytes === cut ? null : { from: wholeBytes, to: cut })
      })
    )
  })

  test('with any byte changed loses that record alone, and says so', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 2, maxLength: 6 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (records, at, flip) => {
          const frames = records.map(encodeFrame)
          const bytes = Buffer.concat(frames)
          const place = at % bytes.length
          bytes.writeUInt8(bytes.readUInt8(place) ^ flip, place)
          let [hit, start] = [0, 0]
          while (start + (frames[hit]?.length ?? 0) <= place) {
            start += frames[hit]?.length ?? 0
            hit += 1
          }
          const damaged = { from: start, to: start + (frames[hit]?.length ?? 0) }
          const { gaps, tail } = scanFrames(bytes)
          expect(decodeAll(bytes)).toEqual(records.filter((_, index) => index !== hit))
          const isLast = hit === records.length - 1
          expect([gaps, tail]).toEqual(isLast ? [[], damaged] : [[damaged], null])
        }
      )
    )
  })
})
