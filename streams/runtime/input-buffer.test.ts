import { describe, expect, test } from 'vitest'
import type { FetchedPartition, KafkaRecord } from '../../core/kafka/index.ts'
import { InputBuffer } from './input-buffer.ts'

function aRecord(topic: string, offset: number, timestampMs: number): KafkaRecord {
  return {
    topic,
    partition: 0,
    offset: BigInt(offset),
    timestampMs,
    key: null,
    value: null,
    headers: {}
  }
}

function fetched(
  topic: string,
  records: KafkaRecord[],
  next: number,
  high = next
): FetchedPartition {
  return {
    topic,
    partition: 0,
    error: null,
    records,
    offsetNext: BigInt(next),
    highWatermark: BigInt(high),
    lastStableOffset: BigInt(next),
    logStart: 0n
  }
}

function aBuffer(): InputBuffer {
  return new InputBuffer(
    new Map([
      ['rider_actions', 0n],
      ['driver_actions', 0n]
    ] as const)
  )
}

describe('the input buffer', () => {
  test('plans the lowest timestamp among the heads first and keeps each source in offset order', () => {
    const buffer = aBuffer()
    buffer.deliver(
      fetched(
        'rider_actions',
        [aRecord('rider_actions', 0, 30), aRecord('rider_actions', 1, 10)],
        2
      ),
      0n,
      100
    )
    buffer.deliver(fetched('driver_actions', [aRecord('driver_actions', 0, 20)], 1), 0n, 100)
    const planned = buffer.plan(10).map(({ topic, offset }) => `${topic}@${offset}`)
    expect(planned).toEqual(['driver_actions@0', 'rider_actions@0', 'rider_actions@1'])
    expect(buffer.plan(1)).toHaveLength(1)
  })

  test('waits for every source, then commits the offset after the processed record, and after control records once drained', () => {
    const buffer = aBuffer()
    const [first, second] = [aRecord('rider_actions', 0, 1), aRecord('rider_actions', 3, 2)]
    buffer.deliver(fetched('rider_actions', [first, second], 6), 0n, 100)
    expect(buffer.plan(1)).toEqual([])
    buffer.deliver(fetched('driver_actions', [], 0), 0n, 100)
    expect(buffer.plan(1)).toEqual([first])
    buffer.consume(first)
    expect(buffer.processedOffsets().get('rider_actions')).toBe(3n)
    buffer.consume(second)
    expect(buffer.processedOffsets().get('rider_actions')).toBe(6n)
  })

  test('ignores a response to another offset than the one awaited', () => {
    const buffer = aBuffer()
    expect(
      buffer.deliver(fetched('rider_actions', [aRecord('rider_actions', 5, 1)], 6), 5n, 100)
    ).toBe(false)
    expect(buffer.records).toBe(0)
  })

  test('knows how old an unread record may be', () => {
    const buffer = aBuffer()
    expect(buffer.frontier().ms).toBe(Number.NEGATIVE_INFINITY)
    buffer.deliver(fetched('rider_actions', [], 0), 0n, 100)
    buffer.deliver(fetched('driver_actions', [], 0, 4), 0n, 100)
    // driver_actions holds records that no fetch has shown yet.
    expect(buffer.frontier()).toEqual({ ms: Number.NEGATIVE_INFINITY, isOpen: true })
    const record = aRecord('driver_actions', 3, 70)
    buffer.deliver(fetched('driver_actions', [record], 4), 0n, 120)
    expect(buffer.frontier()).toEqual({ ms: 70, isOpen: true })
    buffer.consume(record)
    expect(buffer.frontier()).toEqual({ ms: 100, isOpen: false })
  })

  test('when full still asks for the sources it knows nothing of', () => {
    const buffer = aBuffer()
    buffer.deliver(fetched('rider_actions', [aRecord('rider_actions', 0, 1)], 1), 0n, 100)
    buffer.deliver(fetched('driver_actions', [], 0, 50), 0n, 100)
    expect(buffer.plan(10)).toEqual([])
    expect(buffer.fetchOffsets(true)).toEqual([{ topic: 'driver_actions', offset: 0n }])
    expect(buffer.fetchOffsets(false)).toHaveLength(2)
  })

  test('allows unread records to be as old as the append lag', () => {
    const buffer = new InputBuffer(new Map([['rider_actions', 0n]] as const), {
      appendLagMsOf: () => 30
    })
    buffer.deliver(fetched('rider_actions', [], 0), 0n, 100)
    expect(buffer.frontier()).toEqual({ ms: 70, isOpen: false })
  })
})
