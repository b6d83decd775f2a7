import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isHailError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { createMemoryCollection } from '../../test/support/memory-collection.ts'
import type { FoldPlan, Planned, StoredDocument } from './connector.ts'
import { createFoldWriter } from './fold-writer.ts'

const aRecord = (offset: number, partition = 0): KafkaRecord => ({
  topic: 'topic',
  partition,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  value: null,
  headers: {}
})

/** Keeps the offsets it has seen, so that a record counted twice shows. */
function planned(id: string, offset: number, partition = 0): Planned<FoldPlan> {
  const fold = (before: StoredDocument | null): StoredDocument => {
    const seen = (before?.['seen'] ?? []) as number[]
    return { ...before, _id: id, seen: [...seen, offset] }
  }
  return { record: aRecord(offset, partition), plan: { id, fold } }
}

const aWriter = (collection = createMemoryCollection()) => ({
  collection,
  writer: createFoldWriter({ collection, documentsMax: 100 }),
  seen: (id: string) => collection.documents.get(id)?.['seen']
})

describe('a writer that folds', () => {
  test('makes one write of the records of one document and remembers the last offset', async () => {
    const { collection, writer } = aWriter()
    const batch = [planned('a', 3), planned('b', 4), planned('a', 5)]
    expect(await writer.write(batch)).toMatchObject({ written: 3, stale: 0 })
    expect(collection.documents.get('a')).toEqual({
      _id: 'a',
      seen: [3, 5],
      partition: 0,
      lastOffset: 5n
    })
    await writer.write([planned('a', 6)])
    expect(collection.counts).toEqual({ inserts: 2, replaces: 1, reads: 1 })
  })

  test('takes only the records that a document lacks', async () => {
    const { seen, writer } = aWriter()
    await writer.write([5, 6, 7].map((offset) => planned('a', offset)))
    writer.forget()
    const outcome = await writer.write([5, 6, 7, 8, 9].map((offset) => planned('a', offset)))
    expect(outcome).toMatchObject({ written: 2, stale: 3 })
    expect(seen('a')).toEqual([5, 6, 7, 8, 9])
  })

  test('folds again onto what another member wrote meanwhile', async () => {
    const { collection, seen, writer } = aWriter()
    await writer.write([planned('a', 1)])
    const rival = createFoldWriter({ collection, documentsMax: 100 })
    await rival.write([planned('a', 1), planned('a', 2)])
    const outcome = await writer.write([planned('a', 2), planned('a', 3)])
    expect(outcome).toMatchObject({ written: 1, stale: 1 })
    expect(seen('a')).toEqual([1, 2, 3])
  })

  test('reads a last offset that the driver gives as a number', async () => {
    const { collection, seen, writer } = aWriter()
    collection.documents.set('a', { _id: 'a', seen: [4], partition: 0, lastOffset: 4n })
    const asDriver: typeof collection = {
      ...collection,
      read: async (ids) =>
        (await collection.read(ids)).map((found) => ({ ...found, lastOffset: 4 }))
    }
    const other = createFoldWriter({ collection: asDriver, documentsMax: 10 })
    await other.write([planned('a', 4), planned('a', 5)])
    expect(seen('a')).toEqual([4, 5])
    expect(await writer.write([planned('a', 5)])).toMatchObject({ stale: 1 })
  })

  test('starts over with offsets of another partition', async () => {
    const { seen, writer } = aWriter()
    await writer.write([planned('a', 900)])
    await writer.write([planned('a', 2, 1)])
    expect(seen('a')).toEqual([900, 2])
  })

  test('blames exactly the record that makes a document impossible', async () => {
    const collection = createMemoryCollection({
      refuses: ({ seen }) => (seen as number[]).includes(13)
    })
    const { seen, writer } = aWriter(collection)
    const offsets = Array.from({ length: 20 }, (_, offset) => offset)
    const outcome = await writer.write(offsets.map((offset) => planned('a', offset)))
    expect(outcome.bad.map(({ record }) => record.offset)).toEqual([13n])
    expect(outcome.written).toBe(19)
    expect(seen('a')).toEqual(offsets.filter((offset) => offset !== 13))
  })

  test('blames a record whose fold throws', async () => {
    const { seen, writer } = aWriter()
    const broken: Planned<FoldPlan> = {
      record: aRecord(1),
      plan: {
        id: 'a',
        fold: () => {
          throw new TypeError('no')
        }
      }
    }
    const outcome = await writer.write([planned('a', 0), broken, planned('a', 2)])
    expect(outcome.bad).toMatchObject([{ record: { offset: 1n }, code: 'HAIL_INTERNAL' }])
    expect(seen('a')).toEqual([0, 2])
  })

  test('counts each record once, whatever is repeated, cut, broken or written by two', async () => {
    const scenario = fc.record({
      ids: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }),
      // Each batch goes back by some records and takes some.
      steps: fc.array(
        fc.record({
          back: fc.nat({ max: 5 }),
          take: fc.integer({ min: 1, max: 9 }),
          who: fc.nat({ max: 1 })
        }),
        { maxLength: 30 }
      ),
      faults: fc.array(fc.boolean(), { maxLength: 60 })
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ ids, steps, faults }) => {
        const pending = [...faults]
        const collection = createMemoryCollection({ breaks: () => pending.pop() ?? false })
        const members = [0, 1].map(() => createFoldWriter({ collection, documentsMax: 2 }))
        let position = 0
        const last = { back: 0, take: ids.length, who: 0 }
        for (const { back, take, who } of [...steps, last]) {
          const from = Math.max(0, position - back)
          const batch = ids.slice(from, from + take).map((id, n) => planned(id, from + n))
          await untilWritten(async () => members[who]?.write(batch))
          position = Math.max(position, from + batch.length)
        }
        for (const wanted of new Set(ids)) {
          const offsets = ids.flatMap((id, offset) => (id === wanted ? [offset] : []))
          expect(collection.documents.get(wanted)?.['seen']).toEqual(offsets)
        }
      })
    )
  })
})

async function untilWritten(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write()
      return
    } catch (error) {
      if (!isHailError(error) || error.reaction !== 'retry') throw error
    }
  }
}
