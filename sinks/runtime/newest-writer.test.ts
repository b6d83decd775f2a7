import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isHailError } from '../../core/index.ts'
import type { KafkaRecord } from '../../core/kafka/index.ts'
import { createMemoryCollection } from '../../test/support/memory-collection.ts'
import type { NewestPlan, Planned, StoredDocument } from './connector.ts'
import { createNewestWriter } from './newest-writer.ts'

const aRecord = (offset: number): KafkaRecord => ({
  topic: 'topic',
  partition: 0,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  value: null,
  headers: {}
})

function planned(
  offset: number,
  document: StoredDocument,
  isFirst = document['seq'] === 1
): Planned<NewestPlan> {
  return { record: aRecord(offset), plan: { document, isFirst } }
}

const aWriter = (collection = createMemoryCollection(), versionField: string | null = 'seq') => ({
  collection,
  writer: createNewestWriter({ collection, versionField, keysMax: 100 })
})

describe('a writer of whole documents', () => {
  test('writes the newest of a batch once and counts the others as written', async () => {
    const { collection, writer } = aWriter()
    const outcome = await writer.write([
      planned(0, { _id: 'a', seq: 1 }),
      planned(1, { _id: 'b', seq: 1 }),
      planned(2, { _id: 'a', seq: 2 })
    ])
    expect(outcome).toEqual({ written: 3, stale: 0, conflicts: [], bad: [] })
    expect([...collection.documents.values()]).toEqual([
      { _id: 'a', seq: 2 },
      { _id: 'b', seq: 1 }
    ])
    expect(collection.counts).toEqual({ inserts: 2, replaces: 0, reads: 0 })
  })

  test('replays without a write', async () => {
    const { collection, writer } = aWriter()
    const batch = [planned(0, { _id: 'a', seq: 7 }), planned(1, { _id: 'b', seq: 4 })]
    await writer.write(batch)
    writer.forget()
    expect(await writer.write(batch)).toMatchObject({ written: 0, stale: 2 })
    expect(collection.counts).toEqual({ inserts: 2, replaces: 0, reads: 2 })
  })

  test('decides again when its memory is wrong', async () => {
    const { collection, writer } = aWriter()
    await writer.write([planned(0, { _id: 'a', seq: 1 })])
    collection.documents.set('a', { _id: 'a', seq: 9, by: 'another' })
    expect(await writer.write([planned(1, { _id: 'a', seq: 5 })])).toMatchObject({ stale: 1 })
    collection.documents.delete('a')
    expect(await writer.write([planned(2, { _id: 'a', seq: 10 })])).toMatchObject({ written: 1 })
    expect(collection.documents.get('a')).toEqual({ _id: 'a', seq: 10 })
  })

  test('keeps the first document where documents have no version', async () => {
    const { collection, writer } = aWriter(createMemoryCollection(), null)
    await writer.write([planned(0, { _id: 'a', total: 1 }, true)])
    writer.forget()
    const outcome = await writer.write([planned(1, { _id: 'a', total: 2 }, true)])
    expect(outcome).toMatchObject({ written: 0, stale: 1 })
    expect(collection.documents.get('a')).toEqual({ _id: 'a', total: 1 })
  })

  test('blames exactly the refused version and writes the one before it', async () => {
    const collection = createMemoryCollection({ refuses: ({ seq }) => seq === 3 })
    const { writer } = aWriter(collection)
    const outcome = await writer.write([
      planned(0, { _id: 'a', seq: 1 }),
      planned(1, { _id: 'a', seq: 2 }),
      planned(2, { _id: 'a', seq: 3 }),
      planned(3, { _id: 'b', seq: 1 })
    ])
    expect(outcome).toMatchObject({ written: 3, bad: [{ record: { offset: 2n } }] })
    expect(collection.documents.get('a')).toEqual({ _id: 'a', seq: 2 })
    expect(collection.documents.get('b')).toEqual({ _id: 'b', seq: 1 })
  })

  test('reports a conflict on another unique field and leaves the first holder', async () => {
    const { collection, writer } = aWriter(createMemoryCollection({ unique: ['email'] }))
    const outcome = await writer.write([
      planned(0, { _id: 'a', seq: 1, email: 'x' }),
      planned(1, { _id: 'b', seq: 1, email: 'x' })
    ])
    expect(outcome).toMatchObject({ written: 1, conflicts: [{ offset: 1n }], bad: [] })
    expect([...collection.documents.keys()]).toEqual(['a'])
  })

  test('ends with the newest version of each key, whatever is repeated, cut or broken', async () => {
    const event = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      seq: fc.integer({ min: 1, max: 6 })
    })
    const batches = fc.array(fc.array(event, { maxLength: 8 }), { maxLength: 12 })
    const breaks = fc.array(fc.boolean(), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(batches, breaks, fc.boolean(), async (cuts, faults, forgets) => {
        const pending = [...faults]
        const collection = createMemoryCollection({ breaks: () => pending.pop() ?? false })
        const { writer } = aWriter(collection)
        const newest = new Map<string, number>()
        for (const events of cuts) {
          const batch = events.map(({ id, seq }, offset) => planned(offset, { _id: id, seq }))
          await untilWritten(() => writer.write(batch))
          if (forgets) writer.forget()
          for (const { id, seq } of events) newest.set(id, Math.max(seq, newest.get(id) ?? 0))
        }
        const stored = [...collection.documents.values()].map(({ _id, seq }) => [_id, seq])
        expect(new Map(stored as [string, number][])).toEqual(newest)
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
