/**
 * @module Stores over HTTP on real servers, by a process that runs none of their tasks.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stackForTests } from '../../ops/stack/for-tests.ts'
import { startWordCounts, type WordCounts } from '../support/word-counts.ts'

let counts: WordCounts
let stop: () => Promise<void>

beforeAll(async () => {
  const stack = await stackForTests()
  stop = stack.stop
  counts = await startWordCounts(stack.addresses)
}, 180_000)

afterAll(async () => {
  await counts?.close()
  await stop?.()
}, 60_000)

describe('a store over HTTP', () => {
  test('answers by key, page and window, and says how fresh it is', async () => {
    const { startMs, partitionOf, running, send, ask, countBecomes } = counts
    await running(async () => {
      await send('a', 'b', 'b')
      await countBecomes('a', 1)
      const { status, body } = await countBecomes('b', 2)
      expect(status).toBe(200)
      expect(body).toMatchObject({ key: 'b', value: 2, partition: partitionOf('b') })
      expect(body['position']).toBe(body['committedPosition'])
      expect(body['ageMs']).toBeGreaterThanOrEqual(0)

      const page = await ask(`sums/range?partition=${partitionOf('b')}&prefix=b`)
      expect(page.body).toMatchObject({ entries: [{ key: 'b', value: 2 }], cursor: null })
      const hours = await ask('hours/windows/b')
      expect(hours.body).toMatchObject({ entries: [{ key: 'b', value: 2, startMs }] })
      expect((await ask(`hours/windows/b?fromMs=${startMs + 1}`)).body['entries']).toEqual([])
      const segmented = await ask(`hours/range?partition=${partitionOf('b')}&from=b&to=c`)
      expect(segmented.body['entries']).toMatchObject([{ key: 'b', startMs, value: 2 }])
    })
  })

  test('waits for a position that is on its way, and refuses one that does not come', async () => {
    const { running, send, ask, countBecomes } = counts
    await running(async () => {
      const before = await countBecomes('b', 2)
      const next = BigInt(String(before.body['position'])) + 1n
      const early = await ask(`sums/keys/b?minPosition=${next}`)
      const { position } = before.body
      expect(early).toMatchObject({ status: 409, body: { title: 'Conflict', position } })
      const waiting = ask(`sums/keys/b?minPosition=${next}&waitMs=20000`)
      await send('b')
      expect(await waiting).toMatchObject({ status: 200, body: { value: 3 } })
    })
  })

  test('says what it does not have or understand', async () => {
    const { ask } = counts
    const list = (await (await fetch(counts.url)).json()) as {
      stores: { store: string }[]
    }
    expect(list.stores.map(({ store }) => store)).toEqual(['sums', 'hours'])
    expect(await ask('none/keys/a')).toMatchObject({ status: 404 })
    expect(await ask('sums/keys/unknown?partition=0')).toMatchObject({
      status: 404,
      body: { title: 'Not Found', partition: 0, position: expect.any(String) }
    })
    expect(await ask('sums/values/a')).toMatchObject({ status: 404 })
    expect(await ask('sums/windows/a')).toMatchObject({ status: 400 })
    expect(await ask('hours/keys/a')).toMatchObject({ status: 400 })
    expect(await ask('sums/keys/a?minPosition=x')).toMatchObject({ status: 400 })
    expect(await ask('sums/keys/a?waitMs=30001')).toMatchObject({ status: 400 })
    expect(await ask('sums/range')).toMatchObject({ status: 400 })
    expect(await ask('sums/range?partition=2')).toMatchObject({ status: 400 })
    expect(await ask('sums/range?partition=0&cursor=x')).toMatchObject({ status: 400 })
    expect(await ask('sums/keys/%zz')).toMatchObject({ status: 400 })
  })
})
