import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeClock, createMetrics, RetryError, silentLogger } from '../../core/index.ts'
import type { OutRecord } from '../../core/kafka/index.ts'
import { isSwitchedOff } from '../../test/support/config.ts'
import { Problem } from '../http/index.ts'
import { MemoryProducer } from '../testing/memory-producer.ts'
import { type AccumulatorOptions, type Outcomes, RecordAccumulator } from './accumulator.ts'

const aRecord = (key: string, topic = 'ride_requests', bytes = 10): OutRecord => ({
  topic,
  partition: 0,
  key,
  value: Buffer.alloc(bytes)
})

const setUp = (options: Partial<AccumulatorOptions> = {}) => {
  const clock = createFakeClock(1_000_000, 7)
  const producer = new MemoryProducer()
  const metrics = createMetrics()
  const accumulator = new RecordAccumulator({
    producer,
    clock,
    logger: silentLogger,
    metrics,
    lingerMs: 3,
    batchRecordsMax: 10,
    batchBytesMax: 100_000,
    budgetBytes: 1_000_000,
    deadlineMs: 2_000,
    failuresMax: 3,
    coolDownMs: 1_000,
    spill: null,
    ...options
  })
  return { clock, producer, metrics, accumulator }
}

/** What became of a promise, without waiting for it. */
const watch = (promise: Promise<void>) => {
  const seen: { state: 'open' | 'acknowledged' | string } = { state: 'open' }
  promise.then(
    () => {
      seen.state = 'acknowledged'
    },
    (error: unknown) => {
      seen.state = error instanceof Problem ? error.code : String(error)
    }
  )
  return seen
}

/** What became of each record of a batch, without waiting for it. */
const watchAll = (promise: Promise<Outcomes>, count: number) => {
  const seen = Array.from({ length: count }, () => ({ state: 'open' }))
  void promise.then((outcomes) => {
    expect(outcomes).toHaveLength(count)
    for (const [index, outcome] of outcomes.entries()) {
      Object.assign(seen[index] ?? {}, { state: outcome?.code ?? 'acknowledged' })
    }
  })
  return seen
}

describe('RecordAccumulator', () => {
  test('sends what comes at once in one request, and lets nothing wait while little comes', async () => {
    const { producer, accumulator } = setUp()
    await Promise.all([accumulator.add(aRecord('a')), accumulator.add(aRecord('b'))])
    await accumulator.add(aRecord('c'))
    expect(producer.batches).toEqual([2, 1])
    expect(accumulator.bytes).toBe(0)
  })

  test('lets records wait for others once batches are large, and no longer when they get small', async () => {
    const { clock, producer, accumulator } = setUp({ batchRecordsMax: 100 })
    const add = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => accumulator.add(aRecord(`${index}`))))
    for (let round = 0; round < 20; round += 1) {
      const large = add(50)
      await clock.advance(3)
      await large
    }
    const early = add(1)
    await clock.advance(2)
    const late = add(1)
    expect(producer.batches.at(-1)).toBe(50)
    await clock.advance(1)
    await Promise.all([early, late])
    expect(producer.batches.at(-1)).toBe(2)
    for (let round = 0; round < 40; round += 1) {
      const small = add(1)
      await clock.advance(3)
      await small
    }
    await add(1)
    expect(producer.batches.at(-1)).toBe(1)
  })

  test('sends at once when a batch is full', async () => {
    const { producer, accumulator } = setUp({ batchRecordsMax: 2 })
    await Promise.all(['a', 'b'].map((key) => accumulator.add(aRecord(key))))
    expect(producer.batches).toEqual([2])
  })

  test('accepts a record only after the broker acknowledged it', async () => {
    const { clock, producer, accumulator } = setUp({
      ackBeforeProduce: isSwitchedOff('no-ack-before-202')
    })
    producer.mode = 'hang'
    const seen = watch(accumulator.add(aRecord('a')))
    await clock.advance(100)
    expect(seen.state).toBe('open')
    producer.mode = 'acknowledge'
    producer.release()
    await clock.advance(0)
    expect(seen.state).toBe('acknowledged')
    expect(producer.records).toHaveLength(1)
  })

  test('acknowledges without the record being kept once the invariant is switched off', async () => {
    const { clock, producer, accumulator } = setUp({ ackBeforeProduce: true })
    producer.mode = 'fail'
    await accumulator.add(aRecord('a'))
    await clock.advance(10)
    expect(producer.records).toEqual([])
  })

  test('has one request in flight a topic and none holds up another topic', async () => {
    const { clock, producer, accumulator } = setUp()
    producer.mode = 'hang'
    watch(accumulator.add(aRecord('a')))
    await clock.advance(5)
    watch(accumulator.add(aRecord('b')))
    watch(accumulator.add(aRecord('c', 'rider_actions')))
    await clock.advance(50)
    expect(producer.batches).toEqual([1, 1])
    expect(producer.hanging).toBe(2)
    producer.mode = 'acknowledge'
    producer.release()
    await clock.advance(5)
    expect(producer.records.map(({ key }) => key)).toEqual(['a', 'c', 'b'])
  })

  test('answers unknown outcome when the producer fails, and refuses after three in a row', async () => {
    const { clock, producer, accumulator } = setUp()
    producer.mode = 'fail'
    for (const key of ['a', 'b', 'c']) {
      const seen = watch(accumulator.add(aRecord(key)))
      await clock.advance(5)
      expect(seen.state).toBe('unknown_outcome')
    }
    const refused = watch(accumulator.add(aRecord('d')))
    await clock.advance(0)
    expect(refused.state).toBe('broker_unavailable')
    expect(accumulator.state.isHealthy).toBe(false)
    expect(producer.batches).toHaveLength(3)
  })

  test('tries again after the cool-down and recovers', async () => {
    const { clock, producer, accumulator } = setUp({ failuresMax: 1 })
    producer.mode = 'fail'
    watch(accumulator.add(aRecord('a')))
    await clock.advance(5)
    producer.mode = 'acknowledge'
    await clock.advance(1_000)
    const seen = watch(accumulator.add(aRecord('b')))
    await clock.advance(5)
    expect(seen.state).toBe('acknowledged')
    expect(accumulator.state.isHealthy).toBe(true)
  })

  test('lets one request through after the cool-down and refuses until it is answered', async () => {
    const { clock, producer, accumulator } = setUp({ failuresMax: 1 })
    producer.mode = 'fail'
    watch(accumulator.add(aRecord('a')))
    await clock.advance(5)
    producer.mode = 'hang'
    await clock.advance(1_000)
    const probe = [watch(accumulator.add(aRecord('b'))), watch(accumulator.add(aRecord('c')))]
    await clock.advance(5)
    const behind = watch(accumulator.add(aRecord('d')))
    const elsewhere = watch(accumulator.add(aRecord('e', 'rider_actions')))
    await clock.advance(5)
    expect(behind.state).toBe('broker_unavailable')
    expect(elsewhere.state).toBe('open')
    expect(producer.batches).toEqual([1, 2, 1])
    producer.mode = 'acknowledge'
    producer.release()
    await clock.advance(0)
    expect(probe.map(({ state }) => state)).toEqual(['acknowledged', 'acknowledged'])
    const after = watch(accumulator.add(aRecord('f')))
    await clock.advance(5)
    expect(after.state).toBe('acknowledged')
  })

  test('answers at the deadline: unknown in flight, overloaded while never sent', async () => {
    const { clock, producer, accumulator } = setUp()
    producer.mode = 'hang'
    const sent = watch(accumulator.add(aRecord('a')))
    await clock.advance(5)
    const waiting = watch(accumulator.add(aRecord('b')))
    await clock.advance(2_060)
    expect(sent.state).toBe('unknown_outcome')
    expect(waiting.state).toBe('overloaded')
    const refused = watch(accumulator.add(aRecord('c')))
    await clock.advance(0)
    expect(refused.state).toBe('broker_unavailable')
  })

  test('keeps the bytes of an overdue request in the budget until it ends', async () => {
    const { clock, producer, accumulator } = setUp()
    producer.mode = 'hang'
    watch(accumulator.add(aRecord('a')))
    await clock.advance(3_000)
    expect(accumulator.bytes).toBeGreaterThan(0)
    producer.mode = 'acknowledge'
    producer.release()
    await clock.advance(100)
    expect(accumulator.bytes).toBe(0)
  })

  test('refuses beyond the budget of bytes', async () => {
    const { clock, producer, accumulator } = setUp({ budgetBytes: 2_000 })
    producer.mode = 'hang'
    const seen = [0, 1, 2, 3].map((key) => watch(accumulator.add(aRecord(String(key), 't', 100))))
    await clock.advance(5)
    expect(seen.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'overloaded'])
  })

  test('sends a record larger than a batch alone', async () => {
    const { clock, producer, accumulator } = setUp({ batchBytesMax: 1_024 })
    const added = [aRecord('a'), aRecord('b', 'ride_requests', 5_000), aRecord('c')].map((record) =>
      accumulator.add(record)
    )
    await clock.advance(50)
    await Promise.all(added)
    expect(producer.batches).toEqual([1, 1, 1])
  })

  test('settles a batch at once, when its last record is acknowledged', async () => {
    const { clock, producer, accumulator } = setUp({ batchRecordsMax: 2 })
    producer.mode = 'hang'
    const records = ['a', 'b', 'c'].map((key) => aRecord(key))
    const seen = watchAll(accumulator.addAll(records), 3)
    await clock.advance(0)
    producer.release()
    await clock.advance(0)
    expect(producer.records).toEqual(records.slice(0, 2))
    expect(seen.map(({ state }) => state)).toEqual(['open', 'open', 'open'])
    await clock.advance(5)
    producer.release()
    await clock.advance(0)
    expect(seen.map(({ state }) => state)).toEqual(Array(3).fill('acknowledged'))
    expect(producer.batches).toEqual([2, 1])
  })

  test('says of each record of a batch what became of it', async () => {
    const producer = {
      send: async ([record]: readonly OutRecord[]) => {
        if (record?.topic === 't0')
          throw new RetryError('HAIL_KAFKA_UNAVAILABLE', 'no broker answers')
      }
    }
    const { clock, accumulator } = setUp({ budgetBytes: 1_600, batchRecordsMax: 2, producer })
    const records = [aRecord('a', 't0'), aRecord('b', 't1'), aRecord('c', 't0'), aRecord('d', 't1')]
    const seen = watchAll(accumulator.addAll(records), 4)
    await clock.advance(5)
    expect(seen.map(({ state }) => state)).toEqual([
      'unknown_outcome',
      'acknowledged',
      'unknown_outcome',
      'overloaded'
    ])
    expect(accumulator.bytes).toBe(0)
    expect(await accumulator.addAll([])).toEqual([])
  })

  test('drains: takes no more, sends what waits, settles everything', async () => {
    const { clock, producer, accumulator } = setUp({ lingerMs: 1_000, batchRecordsMax: 2 })
    producer.mode = 'hang'
    const seen = ['a', 'b', 'c', 'd', 'e'].map((key) => watch(accumulator.add(aRecord(key))))
    let isDrained = false
    const drained = accumulator.drain().then(() => {
      isDrained = true
    })
    const late = watch(accumulator.add(aRecord('late')))
    await clock.advance(10)
    expect(late.state).toBe('draining')
    expect(isDrained).toBe(false)
    producer.mode = 'acknowledge'
    producer.release()
    await clock.advance(10)
    await drained
    expect(seen.every(({ state }) => state === 'acknowledged')).toBe(true)
    expect(producer.records).toHaveLength(5)
  })

  test('never acknowledges what is not kept, keeps order, and returns every byte', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 2 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          addAll: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 8 })
        })
      },
      { weight: 3, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 900 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({ mode: fc.constantFrom('acknowledge', 'fail', 'hang') })
      },
      { weight: 2, arbitrary: fc.constant({ release: true }) }
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, producer, accumulator } = setUp({ batchRecordsMax: 3, budgetBytes: 8_000 })
        const added: { record: OutRecord; seen: { state: string } }[] = []
        for (const one of steps) {
          if ('add' in one) {
            const record = aRecord(String(added.length), `t${one.add}`)
            added.push({ record, seen: watch(accumulator.add(record)) })
          } else if ('addAll' in one) {
            const records = one.addAll.map((lane, index) =>
              aRecord(String(added.length + index), `t${lane}`)
            )
            const seen = watchAll(accumulator.addAll(records), records.length)
            for (const [index, one] of seen.entries()) {
              added.push({ record: records[index] as OutRecord, seen: one })
            }
          } else if ('advance' in one) await clock.advance(one.advance)
          else if ('mode' in one) producer.mode = one.mode as MemoryProducer['mode']
          else producer.release()
        }
        producer.mode = 'acknowledge'
        const drained = accumulator.drain()
        for (let turn = 0; turn < 50; turn += 1) {
          producer.release()
          await clock.advance(60)
        }
        await drained
        const kept = new Set(producer.records)
        for (const { record, seen } of added) {
          expect(seen.state).not.toBe('open')
          if (seen.state === 'acknowledged') expect(kept.has(record)).toBe(true)
        }
        for (const topic of ['t0', 't1', 't2']) {
          const keys = producer.records
            .filter((r) => r.topic === topic)
            .map(({ key }) => Number(key))
          expect(keys).toEqual([...keys].sort((a, b) => a - b))
        }
        expect(accumulator.bytes).toBe(0)
      }),
      { numRuns: 100 }
    )
  })
})
