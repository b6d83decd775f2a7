import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RoundLimits, toRounds } from './send-rounds.ts'
import type { OutRecord } from './types.ts'

const limits: RoundLimits = { batchRecordsMax: 3, batchBytesMax: 200, requestBytesMax: 400 }

const records = fc.array(
  fc.record({
    topic: fc.constantFrom('one', 'two'),
    partition: fc.integer({ min: 0, max: 2 }),
    key: fc.option(fc.string({ maxLength: 20 }), { nil: null }),
    value: fc.option(
      fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes)),
      { nil: null }
    )
  }),
  { maxLength: 60 }
)

const keyOf = ({ topic, partition }: { topic: string; partition: number }) =>
  `${topic}:${partition}`

describe('toRounds', () => {
  test('sends every record once, in the order of its partition, within the limits', () => {
    fc.assert(
      fc.property(records, (given) => {
        const rounds = toRounds(given, 5, limits)
        const sent = rounds.flatMap(({ topicMessages }) =>
          topicMessages.flatMap(({ topic, messages }) => messages.map((one) => ({ ...one, topic })))
        )
        for (const place of new Set(given.map(keyOf))) {
          const pick = (
            list: readonly { topic: string; partition: number; value: Buffer | null }[]
          ) => list.filter((one) => keyOf(one) === place).map(({ value }) => value)
          expect(pick(sent)).toEqual(pick(given))
        }
        for (const { topicMessages, countByPartition } of rounds) {
          const counts = new Map<string, number>()
          for (const { topic, messages } of topicMessages) {
            for (const { partition } of messages) {
              const key = keyOf({ topic, partition })
              counts.set(key, (counts.get(key) ?? 0) + 1)
            }
          }
          expect(countByPartition).toEqual(counts)
          expect(Math.max(...counts.values())).toBeLessThanOrEqual(limits.batchRecordsMax)
        }
      })
    )
  })

  test('splits by bytes and lets a record above all limits travel alone', () => {
    const aRecord = (bytes: number, partition = 0): OutRecord => {
      return { topic: 't', partition, key: null, value: Buffer.alloc(bytes) }
    }
    const counts = (given: OutRecord[]) =>
      toRounds(given, 0, limits).map(({ countByPartition }) => [...countByPartition.values()])
    expect(counts([aRecord(100), aRecord(100)])).toEqual([[1], [1]])
    expect(counts([aRecord(1_000), aRecord(10)])).toEqual([[1], [1]])
    expect(counts([aRecord(140, 0), aRecord(140, 1), aRecord(140, 2)])).toEqual([[1, 1], [1]])
  })

  test('stamps records without a time with now', () => {
    const given: OutRecord[] = [
      { topic: 't', partition: 0, key: 'a', value: null },
      { topic: 't', partition: 0, key: 'b', value: null, timestampMs: 0, headers: { h: '1' } }
    ]
    expect(toRounds(given, 99)[0]?.topicMessages).toEqual([
      {
        topic: 't',
        messages: [
          { partition: 0, key: 'a', value: null, timestamp: '99' },
          { partition: 0, key: 'b', value: null, timestamp: '0', headers: { h: '1' } }
        ]
      }
    ])
  })
})
