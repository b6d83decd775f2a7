import { describe, expect, test } from 'vitest'
import { createFakeClock, silentLogger } from '../../core/index.ts'
import type {
  FetchedPartition,
  Fetcher,
  FetchRequest,
  KafkaRecord,
  PartitionOffsets
} from '../../core/kafka/index.ts'
import { PartitionReader } from './partition-reader.ts'

const aRecord = (partition: number, offset: bigint): KafkaRecord => ({
  topic: 'topic',
  partition,
  offset,
  timestampMs: 0,
  key: null,
  value: Buffer.from('value'),
  headers: {}
})

/** A log of one topic; `skipped` stand for control records and compacted ones. */
function aLog(
  ends: readonly number[],
  options: { start?: bigint; skipped?: readonly number[] } = {}
) {
  const { start = 0n, skipped = [] } = options
  const asked: FetchRequest[][] = []
  const fetcher: Fetcher = {
    fetch: async (requests) => {
      asked.push([...requests])
      return requests.map((request) => answer(request))
    },
    close: async () => undefined
  }

  function answer({ topic, partition, offset }: FetchRequest): FetchedPartition {
    const high = BigInt(ends[partition] ?? 0)
    const isOutside = offset < start || offset > high
    const records: KafkaRecord[] = []
    for (let at = offset; at < high && at < offset + 4n && !isOutside; at += 1n) {
      if (!skipped.includes(Number(at))) records.push(aRecord(partition, at))
    }
    const offsetNext = isOutside ? offset : offset + 4n < high ? offset + 4n : high
    return {
      topic,
      partition,
      error: isOutside ? 'OFFSET_OUT_OF_RANGE' : null,
      records,
      offsetNext,
      highWatermark: high,
      lastStableOffset: high,
      logStart: start
    }
  }

  const endOffsets = async (): Promise<Map<number, PartitionOffsets>> =>
    new Map(
      ends.map((end, partition) => {
        return [partition, { logStart: start, stable: BigInt(end), high: BigInt(end) }]
      })
    )
  return { fetcher, admin: { endOffsets }, asked }
}

function aReader(log: ReturnType<typeof aLog>, offsets: readonly bigint[]) {
  const lost: number[] = []
  const clock = createFakeClock(0)
  const reader = new PartitionReader({
    fetcher: log.fetcher,
    admin: log.admin,
    clock,
    logger: silentLogger,
    positions: offsets.map((offset, partition) => ({ topic: 'topic', partition, offset })),
    onLost: (count) => lost.push(count)
  })
  const { signal } = new AbortController()
  const next = (records = 3) => reader.next({ records, fetchBytes: 1_000, lingerMs: 0, signal })
  return { reader, next, lost, clock }
}

describe('a partition reader', () => {
  test('cuts what it fetched into batches and says where each one ends', async () => {
    const { next, reader } = aReader(aLog([5, 2]), [0n, 0n])
    const seen: string[] = []
    const at = new Map<number, bigint>()
    for (let batch = 0; batch < 5; batch += 1) {
      const { records, positions } = await next()
      expect(records.length).toBeLessThanOrEqual(3)
      for (const { partition, offset } of records) {
        seen.push(`${partition}@${offset}`)
        expect(offset).toBeGreaterThanOrEqual(at.get(partition) ?? 0n)
      }
      for (const { partition, offset } of positions) at.set(partition, offset)
    }
    expect(seen.toSorted()).toEqual(['0@0', '0@1', '0@2', '0@3', '0@4', '1@0', '1@1'])
    expect(at).toEqual(
      new Map([
        [0, 5n],
        [1, 2n]
      ])
    )
    expect(reader.lag()).toBe(0)
    await reader.close()
  })

  test('moves over offsets that hold no record', async () => {
    const { next, reader } = aReader(aLog([3], { skipped: [1, 2] }), [0n])
    expect(await next(1)).toMatchObject({
      records: [{ offset: 0n }],
      positions: [{ partition: 0, offset: 3n }]
    })
    await reader.close()
  })

  test('goes on at the log start, loudly, where retention removed records', async () => {
    const { lost, next, reader } = aReader(aLog([9], { start: 7n }), [2n])
    expect((await next()).records).toEqual([])
    expect((await next()).records.map(({ offset }) => offset)).toEqual([7n, 8n])
    expect(lost).toEqual([5])
    await reader.close()
  })

  test('refuses an offset behind the end, which means another log', async () => {
    const { next } = aReader(aLog([4]), [10n])
    await expect(next()).rejects.toMatchObject({ code: 'HAIL_OFFSET_OUT_OF_RANGE' })
  })

  test('waits for more while it lingers, and no longer than that', async () => {
    const log = aLog([1])
    const { clock, reader } = aReader(log, [0n])
    const { signal } = new AbortController()
    const batch = reader.next({ records: 100, fetchBytes: 1_000, lingerMs: 1_000, signal })
    await clock.advance(1_000)
    expect((await batch).records).toHaveLength(1)
    expect(clock.monotonic()).toBe(1_000)
    expect(log.asked.length).toBeGreaterThan(5)
    await reader.close()
  })
})
