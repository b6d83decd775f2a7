/** @module The accumulator with a spill behind it: what is answered 202, and in which order it arrives. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMetrics, FatalError, silentLogger, systemClock } from '../../core/index.ts'
import type { OutRecord } from '../../core/kafka/index.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { openSpill, type Spill } from '../spill/index.ts'
import { MemoryProducer, type ProducerMode } from '../testing/memory-producer.ts'
import { RecordAccumulator } from './accumulator.ts'

const aRecord = (id: number, topic = 'rides'): OutRecord => ({
  topic,
  partition: 0,
  key: `k-${id % 3}`,
  value: Buffer.from('x'),
  headers: { ce_id: String(id) }
})

const idsOf = (records: readonly OutRecord[]): number[] =>
  records.map(({ headers }) => Number(headers?.['ce_id']))

const deadlineMs = 200

const setUp = async (over: { bytesMax?: number; spill?: Spill } = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'diversion-'))
  const producer = new MemoryProducer()
  const [clock, logger, metrics] = [systemClock, silentLogger, createMetrics()]
  const bounds = { bytesMax: over.bytesMax ?? 10_000_000, segmentBytes: 65_536, retryMs: 2 }
  const spill =
    over.spill ??
    (await openSpill({ ...bounds, folder, producer, clock, logger, metrics, batchBytesMax: 1_000 }))
  const accumulator = new RecordAccumulator({
    producer,
    clock,
    logger,
    metrics,
    lingerMs: 1,
    batchRecordsMax: 5,
    batchBytesMax: 100_000,
    budgetBytes: 1_000_000,
    deadlineMs,
    failuresMax: 2,
    coolDownMs: 5,
    spill
  })
  const close = async (): Promise<void> => {
    await accumulator.drain()
    await rm(folder, { recursive: true, force: true })
  }
  return { accumulator, producer, spill, close }
}

describe('the accumulator with a spill', () => {
  test('keeps on the disk what Kafka does not take, then produces it before what is newer', async () => {
    const { accumulator, producer, spill, close } = await setUp()
    onTestFinished(close)
    await accumulator.add(aRecord(0))
    producer.mode = 'fail'
    for (let id = 1; id < 20; id += 1) await accumulator.add(aRecord(id))
    expect(idsOf(producer.records)).toEqual([0])
    expect(spill.holds('rides')).toBe(true)
    await waitFor('the bytes', () => accumulator.bytes === 0, { everyMs: 1 })
    producer.mode = 'acknowledge'
    const newer = Array.from({ length: 20 }, (_, index) => accumulator.add(aRecord(20 + index)))
    await Promise.all(newer)
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual(Array.from({ length: 40 }, (_, id) => id))
  })

  test('answers in time while Kafka hangs, and sends what waits behind to the disk too', async () => {
    const { accumulator, producer, spill, close } = await setUp()
    producer.mode = 'hang'
    const startedAt = systemClock.monotonic()
    const first = accumulator.add(aRecord(0))
    await waitFor('the request', () => producer.hanging === 1, { everyMs: 1 })
    await Promise.all([first, ...[1, 2, 3].map((id) => accumulator.add(aRecord(id)))])
    expect(systemClock.monotonic() - startedAt).toBeLessThan(deadlineMs + 100)
    producer.mode = 'acknowledge'
    producer.release()
    await waitFor('the replay', () => !spill.holds('rides'))
    // The hanging request was carried out after all: its record is there twice, under one id.
    expect(idsOf(producer.records)).toEqual([0, 0, 1, 2, 3])
    await close()
  })

  test('stays ready while there is room, and says so', async () => {
    const { accumulator, producer, close } = await setUp({ bytesMax: 9_000 })
    onTestFinished(close)
    producer.mode = 'fail'
    for (let id = 0; id < 3; id += 1) await accumulator.add(aRecord(id))
    expect(accumulator.state).toEqual({ isHealthy: true, detail: 'on the disk: rides' })
    const more = Array.from({ length: 200 }, (_, index) => accumulator.add(aRecord(3 + index)))
    const states = await Promise.allSettled(more)
    expect(states.some(({ status }) => status === 'rejected')).toBe(true)
    expect(accumulator.state).toEqual({ isHealthy: false, detail: 'the disk is full: rides' })
  })

  test('refuses when the disk is full, as without one', async () => {
    const { accumulator, producer, close } = await setUp({ bytesMax: 200 })
    onTestFinished(close)
    producer.mode = 'fail'
    const states = await Promise.allSettled([0, 1, 2, 3].map((id) => accumulator.add(aRecord(id))))
    const refused = states.flatMap((state) => ('reason' in state ? [state.reason.code] : []))
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused)).toEqual(new Set(['overloaded']))
    await waitFor('the bytes', () => accumulator.bytes === 0, { everyMs: 1 })
  })

  test('keeps nothing that Kafka refuses for good', async () => {
    const { accumulator, producer, spill, close } = await setUp()
    onTestFinished(close)
    producer.send = () => Promise.reject(new FatalError('HAIL_KAFKA_REFUSED', 'no right to write'))
    await expect(accumulator.add(aRecord(0))).rejects.toMatchObject({ code: 'unknown_outcome' })
    expect(spill.holds('rides')).toBe(false)
  })

  test('answers at the deadline when the disk hangs', async () => {
    const never = new Promise<void>(() => undefined)
    const hanging: Spill = {
      holds: () => true,
      append: () => never,
      hasRoom: true,
      start: () => undefined,
      close: () => Promise.resolve()
    }
    const { accumulator } = await setUp({ spill: hanging })
    await expect(accumulator.add(aRecord(0))).rejects.toMatchObject({ code: 'unknown_outcome' })
  })
})

test('loses no record it has accepted, and keeps the order of each topic, whatever Kafka does', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 3, arbitrary: fc.record({ mode: fc.constantFrom('acknowledge', 'fail', 'hang') }) },
    { weight: 2, arbitrary: fc.constant({ release: true }) },
    { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 120 }) }) }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const { accumulator, producer, spill, close } = await setUp()
      const accepted: number[] = []
      const open: Promise<void>[] = []
      let count = 0
      for (const one of steps) {
        if ('add' in one) {
          for (let left = one.add; left > 0; left -= 1) {
            const id = count
            count += 1
            const added = accumulator.add(aRecord(id)).then(() => void accepted.push(id))
            open.push(added.catch(() => undefined))
          }
        } else if ('mode' in one) producer.mode = one.mode as ProducerMode
        else if ('wait' in one) await systemClock.sleep(one.wait)
        else producer.release()
      }
      producer.mode = 'acknowledge'
      producer.release()
      await Promise.all(open)
      await waitFor('the replay', () => !spill.holds('rides'), { everyMs: 1 })
      await close()
      const firsts = [...new Set(idsOf(producer.records))]
      expect(accepted.filter((id) => !firsts.includes(id))).toEqual([])
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
      expect(accumulator.bytes).toBe(0)
    }),
    { numRuns: 25 }
  )
})
