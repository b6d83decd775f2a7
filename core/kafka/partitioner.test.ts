import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadKafkajs } from './library.ts'
import { murmur2, partitionForKey } from './partitioner.ts'

type Partitioner = (input: {
  topic: string
  partitionMetadata: { partitionId: number; leader: number }[]
  message: { key: string }
}) => number

test('agrees with the default partitioner of kafkajs for every key', () => {
  loadKafkajs()
  const { Partitioners } = createRequire(import.meta.url)('kafkajs') as {
    Partitioners: { DefaultPartitioner(): Partitioner }
  }
  const theirs = Partitioners.DefaultPartitioner()
  const keys = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.uuid())
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 100 }), (key, partitions) => {
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => {
        return { partitionId, leader: 0 }
      })
      const expected = theirs({ topic: 't', partitionMetadata, message: { key } })
      expect(partitionForKey(key, partitions)).toBe(expected)
    }),
    { numRuns: 1_000 }
  )
})

test('hashes as the Java client does', () => {
  // The vectors of org.apache.kafka.common.utils.UtilsTest.
  const vectors: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107]
  ]
  expect(vectors.map(([key]) => murmur2(Buffer.from(key)))).toEqual(vectors.map(([, hash]) => hash))
})
