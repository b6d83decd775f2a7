import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMetrics, silentLogger, systemClock } from '../../core/index.ts'
import type { OutRecord } from '../../core/kafka/index.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { MemoryProducer } from '../testing/memory-producer.ts'
import { encodeFrame } from './frame.ts'
import { openSpill, type Spill, type SpillOptions } from './spill.ts'

const aRecord = (id: number, topic = 'rides'): OutRecord => ({
  topic,
  partition: 0,
  key: `k-${id % 3}`,
  value: Buffer.from(`value ${id}`),
  headers: { ce_id: String(id) },
  timestampMs: 1_000 + id
})

const idsOf = (records: readonly OutRecord[]): number[] =>
  records.map(({ headers }) => Number(headers?.['ce_id']))

const aFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'spill-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Appends all at once, each of which has to find room. */
const appendAll = (spill: Spill, records: readonly OutRecord[]): Promise<unknown> =>
  Promise.all(
    records.map(async (record) => {
      const done = spill.append(record)
      expect(done).not.toBeNull()
      await done
    })
  )

/** A spill whose replay has begun; the producer starts out failing. */
const setUp = async (options: Partial<SpillOptions> & { folder: string }) => {
  const producer = new MemoryProducer()
  producer.mode = 'fail'
  const metrics = createMetrics()
  const spill = await openSpill({
    bytesMax: 10_000_000,
    segmentBytes: 65_536,
    batchBytesMax: 100_000,
    retryMs: 5,
    producer,
    clock: systemClock,
    logger: silentLogger,
    metrics,
    ...options
  })
  const replayed: string[] = []
  spill.start({
    whenIdle: () => Promise.resolve(),
    onReplayed: (topic) => void replayed.push(topic)
  })
  const value = async (name: string): Promise<number> => {
    const found = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(await metrics.render())
    return Number(found?.[1] ?? 0)
  }
  return { spill, producer, replayed, value }
}

const segmentsOf = async (folder: string, topic = 'rides'): Promise<string[]> =>
  (await readdir(join(folder, topic))).filter((name) => name.endsWith('.seg')).sort()

describe('the spill', () => {
  test('keeps a record once it is on the disk, many with one fsync, and not before', async () => {
    let syncs = 0
    let letGo = (): void => undefined
    const { spill } = await setUp({
      folder: await aFolder(),
      sync: async () => {
        syncs += 1
        await new Promise<void>((resolve) => {
          letGo = resolve
        })
      }
    })
    let kept = 0
    const appends = Array.from({ length: 50 }, async (_, id) => {
      await spill.append(aRecord(id))
      kept += 1
    })
    await waitFor('the fsync', () => syncs === 1)
    expect([kept, spill.holds('rides'), spill.holds('others')]).toEqual([0, true, false])
    letGo()
    await Promise.all(appends)
    expect([kept, syncs]).toEqual([50, 1])
    await spill.close()
  })

  test('replays in order once Kafka takes records again, then leaves nothing behind', async () => {
    const folder = await aFolder()
    const { spill, producer, replayed, value } = await setUp({ folder, segmentBytes: 500 })
    for (let id = 0; id < 40; id += 1) await spill.append(aRecord(id))
    expect((await segmentsOf(folder)).length).toBeGreaterThan(3)
    expect(await value('hail_ingress_spill_records')).toBe(40)
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => replayed.length === 1)
    expect(producer.records).toEqual(Array.from({ length: 40 }, (_, id) => aRecord(id)))
    expect([spill.holds('rides'), await segmentsOf(folder)]).toEqual([false, []])
    expect(await value('hail_ingress_spill_bytes')).toBe(0)
    expect(await value('hail_ingress_spill_replayed_total')).toBe(40)
    expect(await value('hail_ingress_spill_replay_failures_total')).toBeGreaterThan(0)
    await spill.close()
  })

  test('replays while new records keep coming', async () => {
    const { spill, producer } = await setUp({ folder: await aFolder() })
    producer.mode = 'acknowledge'
    let id = 0
    // Each follows the one before without a pause, so a write is always going on.
    while (producer.records.length === 0 && id < 2_000) {
      await spill.append(aRecord(id))
      id += 1
    }
    expect(id).toBeLessThan(2_000)
    await waitFor('the rest', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual(Array.from({ length: id }, (_, index) => index))
    await spill.close()
  })

  test('holds up no topic for another', async () => {
    const sent: OutRecord[] = []
    const producer = {
      send: async (records: readonly OutRecord[]) => {
        if (records[0]?.topic === 'rides') throw new Error('no leader')
        sent.push(...records)
      }
    }
    const { spill } = await setUp({ folder: await aFolder(), producer })
    await appendAll(spill, [aRecord(1), aRecord(2, 'pings')])
    await waitFor('the other topic', () => !spill.holds('pings'))
    expect([idsOf(sent), spill.holds('rides')]).toEqual([[2], true])
    await spill.close()
  })

  test('refuses what is beyond its bytes, and takes more once it is replayed', async () => {
    const frameBytes = encodeFrame(aRecord(0)).length
    const bytesMax = 3 * frameBytes
    const { spill, producer } = await setUp({ folder: await aFolder(), bytesMax })
    const appends = [0, 1, 2, 3].map((id) => spill.append(aRecord(id)))
    expect(appends.map((append) => append === null)).toEqual([false, false, false, true])
    expect(spill.hasRoom).toBe(false)
    await Promise.all(appends.map(async (append) => await append))
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(spill.append(aRecord(4))).not.toBeNull()
    await spill.close()
  })

  test('leaves a record in doubt when the disk fails, and goes on in a new file', async () => {
    let failures = 1
    const { spill, producer } = await setUp({
      folder: await aFolder(),
      sync: async () => {
        failures -= 1
        if (failures >= 0) throw new Error('EIO')
      }
    })
    await expect(spill.append(aRecord(1))).rejects.toThrow('EIO')
    await spill.append(aRecord(2))
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual([2])
    await spill.close()
  })

  test('is taken up by the next process, old records first', async () => {
    const folder = await aFolder()
    const first = await setUp({ folder, segmentBytes: 300 })
    for (let id = 0; id < 10; id += 1) await first.spill.append(aRecord(id))
    await first.spill.close()
    const { spill, producer } = await setUp({ folder })
    expect(spill.holds('rides')).toBe(true)
    await spill.append(aRecord(10))
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await spill.close()
  })

  test('cuts off what a crash left half written, and replays the rest', async () => {
    const folder = await aFolder()
    const first = await setUp({ folder })
    await appendAll(first.spill, [aRecord(1), aRecord(2)])
    await first.spill.close()
    const path = join(folder, 'rides', (await segmentsOf(folder))[0] ?? '')
    const torn = encodeFrame(aRecord(3)).subarray(0, 30)
    await writeFile(path, Buffer.concat([await readFile(path), torn]))
    const { spill, producer, value } = await setUp({ folder })
    expect(await value('hail_ingress_spill_torn_bytes_total')).toBe(30)
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual([1, 2])
    expect(await value('hail_ingress_spill_damaged_bytes_total')).toBe(0)
    await spill.close()
  })

  test('sets damage aside, says how much, and replays what lies around it', async () => {
    const folder = await aFolder()
    const first = await setUp({ folder })
    await appendAll(first.spill, [aRecord(1), aRecord(2), aRecord(3)])
    await first.spill.close()
    const path = join(folder, 'rides', (await segmentsOf(folder))[0] ?? '')
    const bytes = await readFile(path)
    const frameBytes = encodeFrame(aRecord(1)).length
    bytes.writeUInt8(bytes.readUInt8(frameBytes + 40) ^ 1, frameBytes + 40)
    await writeFile(path, bytes)
    const { spill, producer, value } = await setUp({ folder })
    producer.mode = 'acknowledge'
    await waitFor('the replay', () => !spill.holds('rides'))
    expect(idsOf(producer.records)).toEqual([1, 3])
    expect(await value('hail_ingress_spill_damaged_bytes_total')).toBe(frameBytes)
    const aside = await readFile(`${path}.${frameBytes}.damaged`)
    expect(aside).toEqual(bytes.subarray(frameBytes, 2 * frameBytes))
    await spill.close()
  })
})

describe('the folder of a spill', () => {
  test('belongs to one living process', async () => {
    const folder = await aFolder()
    const { spill } = await setUp({ folder })
    await expect(setUp({ folder })).rejects.toMatchObject({ code: 'HAIL_SPILL_LOCKED' })
    await spill.close()
    await (await setUp({ folder })).spill.close()
  })

  test.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, birth: 'x' })],
    ['of a process whose pid another has now', JSON.stringify({ pid: process.pid, birth: 'x' })],
    ['nobody can read', '']
  ])('is taken over with a lock %s', async (_, lock) => {
    const folder = await aFolder()
    await writeFile(join(folder, 'lock'), lock)
    const { spill } = await setUp({ folder })
    expect((await stat(join(folder, 'lock'))).size).toBeGreaterThan(lock.length === 0 ? 0 : 10)
    await expect(setUp({ folder })).rejects.toMatchObject({ code: 'HAIL_SPILL_LOCKED' })
    await spill.close()
  })
})

test('delivers every record it has kept, in order, over any outages and restarts', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 2, arbitrary: fc.record({ mode: fc.constantFrom('acknowledge', 'fail') }) },
    { weight: 1, arbitrary: fc.constant({ restart: true }) }
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const folder = await mkdtemp(join(tmpdir(), 'spill-'))
      const delivered: OutRecord[] = []
      const kept: number[] = []
      let now = await setUp({ folder, segmentBytes: 300, retryMs: 1 })
      for (const one of steps) {
        if ('add' in one) {
          const ids = Array.from({ length: one.add }, (_, index) => kept.length + index)
          await appendAll(
            now.spill,
            ids.map((id) => aRecord(id))
          )
          kept.push(...ids)
        } else if ('mode' in one) now.producer.mode = one.mode as MemoryProducer['mode']
        else {
          await now.spill.close()
          delivered.push(...now.producer.records)
          now = await setUp({ folder, segmentBytes: 300, retryMs: 1 })
        }
      }
      now.producer.mode = 'acknowledge'
      await waitFor('the replay', () => !now.spill.holds('rides'), { everyMs: 1 })
      await now.spill.close()
      delivered.push(...now.producer.records)
      await rm(folder, { recursive: true, force: true })
      // Repeats are allowed: the first of each has to be in order.
      expect([...new Set(idsOf(delivered))]).toEqual(kept)
    }),
    { numRuns: 30 }
  )
})
