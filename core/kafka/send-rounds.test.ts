import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EncodedBatch } from './produce-protocol.ts'
import { decodeRecordBatches } from './record-batch.ts'
import { anonymousProducer } from './record-batch-writer.ts'
import { type RoundLimits, SendRounds } from './send-rounds.ts'
import { Sequences } from './sequences.ts'
import type { KafkaRecord, OutRecord } from './types.ts'

const limits: RoundLimits = { batchBytesMax: 300, requestBytesMax: 700 }

const records = fc.array(
  fc.record({
    topic: fc.constantFrom('one', 'two'),
    partition: fc.integer({ min: 0, max: 2 }),
    key: fc.option(fc.string({ maxLength: 20 }), { nil: null }),
    value: fc.option(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      { nil: null }
    )
  }),
  { maxLength: 60 }
)

const keyOf = ({ topic, partition }: { topic: string; partition: number }) =>
  `${topic}:${partition}`

function roundsOf(given: readonly OutRecord[], options: { limits?: RoundLimits } = {}) {
  const rounds = new SendRounds(given, {
    nowMs: 5,
    producer: anonymousProducer,
    sequences: null,
    ...options
  })
  const all: EncodedBatch[][] = []
  for (let round = rounds.next(); round.length > 0; round = rounds.next()) all.push(round)
  return all
}

function recordsOf({ topic, partition, bytes }: EncodedBatch): KafkaRecord[] {
  return decodeRecordBatches({ topic, partition, data: bytes, from: 0n, aborted: [] }).records
}

describe('rounds', () => {
  test('hold every record once, in the order of its partition, within the limits', () => {
    fc.assert(
      fc.property(records, (given) => {
        const rounds = roundsOf(given, { limits })
        for (const round of rounds) {
          expect(new Set(round.map(keyOf)).size).toBe(round.length)
          for (const { bytes, count } of round) {
            if (count > 1) expect(bytes.length).toBeLessThanOrEqual(limits.batchBytesMax)
          }
          const sizes = round.map(({ bytes }) => bytes.length)
          const allButLast = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)
          if (sizes.length > 1) expect(allButLast).toBeLessThanOrEqual(400)
        }
        const sent = rounds.flat()
        for (const place of new Set(given.map(keyOf))) {
          const batches = sent.filter((batch) => keyOf(batch) === place)
          const read = batches.flatMap(recordsOf)
          const expected = given.filter((record) => keyOf(record) === place)
          expect(read.map(({ value }) => value)).toEqual(expected.map(({ value }) => value))
          expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(expected.length)
        }
        expect(new Set(sent.map(keyOf))).toEqual(new Set(given.map(keyOf)))
      })
    )
  })

  test('let a record above all limits travel alone', () => {
    const aRecord = (size: number): OutRecord => {
      return { topic: 't', partition: 0, key: null, value: Buffer.alloc(size) }
    }
    const rounds = roundsOf([aRecord(10), aRecord(1_000), aRecord(10)], { limits })
    expect(rounds.map((round) => round.map(({ count }) => count))).toEqual([[1], [1], [1]])
  })

  test('stamp records without a time with now', () => {
    const given: OutRecord[] = [
      { topic: 't', partition: 0, key: 'a', value: null },
      { topic: 't', partition: 0, key: 'b', value: null, timestampMs: 0 }
    ]
    const read = roundsOf(given).flat().flatMap(recordsOf)
    expect(read.map(({ timestampMs }) => timestampMs)).toEqual([5, 0])
  })

  test('take sequences batch by batch', () => {
    const given = Array.from({ length: 6 }, (_, index): OutRecord => {
      return { topic: 't', partition: index % 2, key: null, value: Buffer.alloc(150) }
    })
    const sequences = new Sequences()
    const rounds = new SendRounds(given, {
      nowMs: 5,
      producer: { id: 1n, epoch: 0, isTransactional: true },
      sequences,
      limits
    })
    const first = rounds.next().map(({ bytes }) => bytes.readInt32BE(53))
    const second = rounds.next().map(({ bytes }) => bytes.readInt32BE(53))
    expect([first, second]).toEqual([
      [0, 0],
      [1, 1]
    ])
  })
})
