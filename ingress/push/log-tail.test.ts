import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLocalCodec, topics, UnknownSchemaError } from '../../avro/index.ts'
import { createFakeClock, type FakeClock, SkipToDlqError, silentLogger } from '../../core/index.ts'
import { type KafkaRecord, partitionForKey } from '../../core/kafka/index.ts'
import { aRide, aRideEvent } from '../testing/builders.ts'
import { MemoryTopics } from '../testing/memory-topics.ts'
import { LogTail } from './log-tail.ts'

const codec = createLocalCodec()
const rideId = 'a'.repeat(32)
const partition = partitionForKey(rideId, topics.ride_events.partitions)

let clock: FakeClock
let log: MemoryTopics
let tail: LogTail | null = null
let seen: bigint[]
let skipped: number[]
let undecodable: bigint[]
let learnt: number[]
let isKnown: boolean
let onRecord: (record: KafkaRecord) => void

beforeEach(() => {
  clock = createFakeClock(1_700_000_000_000)
  log = new MemoryTopics(clock, codec)
  seen = []
  skipped = []
  undecodable = []
  learnt = []
  isKnown = false
  onRecord = ({ offset }) => void seen.push(offset)
})
afterEach(async () => {
  const stopping = tail?.stop()
  await clock.advance(5_000)
  await stopping
})

const start = async (options: { rewind?: number; lagMax?: number } = {}): Promise<LogTail> => {
  tail = new LogTail({
    log,
    learn: async (schemaId) => {
      learnt.push(schemaId)
      if (learnt.length === 1) throw new UnknownSchemaError(schemaId)
      isKnown = true
    },
    clock,
    logger: silentLogger,
    topics: [
      {
        topic: 'ride_events',
        rewind: options.rewind ?? 0,
        onRecord: (record) => onRecord(record),
        onSkip: (skippedPartition) => skipped.push(skippedPartition),
        onUndecodable: ({ offset }) => undecodable.push(offset)
      }
    ],
    fetchBytes: 1_000_000,
    fetchWaitMs: 100,
    lagMax: options.lagMax ?? 1_000
  })
  await tail.start()
  return tail
}

const write = (seq: number): void =>
  log.write('ride_events', rideId, aRideEvent('RIDE_REQUESTED', aRide({ rideId, seq })))

describe('a tail', () => {
  test('starts at the end, or a little before it, and is there when start resolves', async () => {
    for (const seq of [1, 2, 3, 4, 5]) write(seq)
    await start({ rewind: 2 })
    expect(seen).toEqual([3n, 4n])
    write(6)
    await clock.settle()
    expect(seen).toEqual([3n, 4n, 5n])
  })

  test('shows what a transaction commits that was open at the start', async () => {
    const producer = await log.log.transactionalProducer('trips-0')
    await producer.init()
    const transaction = await producer.begin()
    const value = codec.encode('RideEvent', aRideEvent('RIDE_REQUESTED', aRide({ rideId })))
    await transaction.send([{ topic: 'ride_events', partition, key: rideId, value }])
    await start()
    expect(seen).toEqual([])
    await transaction.commit()
    await clock.advance(200)
    expect(seen).toEqual([0n])
  })

  test('waits for a schema that the registry does not have yet, and gives the record again', async () => {
    await start()
    onRecord = ({ offset }) => {
      if (!isKnown) throw new UnknownSchemaError(77)
      seen.push(offset)
    }
    write(1)
    await clock.settle()
    expect([learnt, seen]).toEqual([[77], []])
    await clock.advance(1_000)
    expect([learnt, seen]).toEqual([[77, 77], [0n]])
  })

  test('goes on behind a record that nobody can decode', async () => {
    await start()
    onRecord = ({ offset }) => {
      if (offset === 0n) throw new SkipToDlqError('HAIL_DECODE', 'broken')
      seen.push(offset)
    }
    write(1)
    write(2)
    await clock.settle()
    expect([seen, undecodable]).toEqual([[1n], [0n]])
  })

  test('skips to the end when it is too far behind, and says so', async () => {
    const running = await start({ lagMax: 10 })
    let isBehind = true
    log.disturb = (answer) => {
      if (!isBehind || answer.lastStableOffset < 100n) return answer
      isBehind = false
      // The broker gave no more than it may: nothing of the hundred yet.
      return { ...answer, offsetNext: 0n, records: [] }
    }
    const { wake } = log
    log.wake = () => undefined
    for (let seq = 1; seq <= 100; seq += 1) write(seq)
    log.wake = wake
    log.wake()
    await clock.settle()
    expect(skipped).toEqual([partition])
    write(101)
    await clock.settle()
    expect(seen).toEqual([100n])
    expect(running.lagByTopic().get('ride_events')).toBe(0)
  })

  test('moves to the end when its place is no longer in the log, and says so', async () => {
    await start()
    let isGone = true
    log.disturb = (answer) => {
      if (!isGone || answer.partition !== partition) return answer
      isGone = false
      return { ...answer, error: 'OFFSET_OUT_OF_RANGE', records: [], offsetNext: 0n }
    }
    write(1)
    await clock.settle()
    expect(skipped).toEqual([partition])
    write(2)
    await clock.settle()
    expect(seen).toEqual([1n])
  })

  test('says how long it has not read, and reads on where it was', async () => {
    const running = await start()
    log.disturb = (answer) => ({ ...answer, error: 'UNKNOWN', records: [], offsetNext: 0n })
    write(1)
    await clock.advance(5_000)
    expect(running.behindMs()).toBeGreaterThanOrEqual(4_000)
    log.disturb = (answer) => answer
    await clock.advance(2_000)
    expect(running.behindMs()).toBeLessThan(1_000)
    expect([seen, skipped]).toEqual([[0n], []])
  })
})
