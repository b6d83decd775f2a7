/**
 * @module What every state backend keeps to; run on the one in memory and on Redis, so that the
 * driver's tests speak for production.
 */
import { expect, test } from 'vitest'
import { type StateBackend, type StoreChange, segmentKey } from '../../streams/runtime/index.ts'

/** A change of the store `s`, which has no segments. */
export function aChange(from: bigint, to: bigint, parts: Partial<StoreChange> = {}): StoreChange {
  const nothing = { puts: [], deletes: [], geoPuts: [], geoDeletes: [], drops: [] }
  return { store: 's', segmented: false, from, to, ...nothing, ...parts }
}

/** A change of the window store `w`. */
export function aWindowChange(
  from: bigint,
  to: bigint,
  parts: Partial<StoreChange> = {}
): StoreChange {
  return aChange(from, to, { store: 'w', segmented: true, ...parts })
}

function aPut(key: string, value: string): readonly [string, Buffer] {
  return [key, Buffer.from(value)]
}

async function textsOf(
  entries: AsyncIterable<readonly [string, Buffer]>
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const [key, value] of entries) found[key] = value.toString()
  return found
}

/** A backend and a task name that nothing was written for. */
type Fresh = () => { backend: StateBackend; task: string }

/** Its stores are named `s`, `t` and `w`. */
export function testStateBackend(fresh: Fresh): void {
  testEntries(fresh)
  testPages(fresh)
  testSegments(fresh)
}

function testEntries(fresh: Fresh): void {
  test('starts at position 0 with nothing in it', async () => {
    const { backend, task } = fresh()
    expect(await backend.read(task, [{ store: 's', segmented: false, keys: ['a'] }])).toEqual([
      { position: 0n, values: [null] }
    ])
    expect(await backend.position(task, 's')).toEqual({ position: 0n, appliedAtMs: null })
  })

  test('applies a change that starts where the store stands, and moves its position', async () => {
    const { backend, task } = fresh()
    const puts = [['a', Buffer.from('1')] as const, ['b', Buffer.from('2')] as const]
    expect(await backend.apply(task, [aChange(0n, 5n, { puts })], 77)).toEqual({ applied: true })
    const change = aChange(5n, 9n, { puts: [['a', Buffer.from('3')]], deletes: ['b'] })
    expect(await backend.apply(task, [change], 78)).toEqual({ applied: true })
    const [read] = await backend.read(task, [{ store: 's', segmented: false, keys: ['a', 'b'] }])
    expect(read).toEqual({ position: 9n, values: [Buffer.from('3'), null] })
    expect(await backend.position(task, 's')).toEqual({ position: 9n, appliedAtMs: 78 })
    const entries: unknown[] = []
    for await (const entry of backend.scan(task, 's')) entries.push(entry)
    expect(entries).toEqual([['a', Buffer.from('3')]])
  })

  test('takes a change it already has for applied, and refuses any other', async () => {
    const { backend, task } = fresh()
    const first = aChange(0n, 5n, { puts: [['a', Buffer.from('1')]] })
    await backend.apply(task, [first], 1)
    expect(await backend.apply(task, [first], 2)).toEqual({ applied: true })
    const stale = aChange(3n, 8n, { puts: [['a', Buffer.from('zombie')]] })
    expect(await backend.apply(task, [stale], 3)).toEqual({
      applied: false,
      store: 's',
      position: 5n
    })
    const [read] = await backend.read(task, [{ store: 's', segmented: false, keys: ['a'] }])
    expect(read?.values).toEqual([Buffer.from('1')])
  })

  test('applies all stores of a task or none', async () => {
    const { backend, task } = fresh()
    const good = aChange(0n, 5n, { puts: [['a', Buffer.from('1')]] })
    const bad = { ...aChange(4n, 6n), store: 't' }
    expect(await backend.apply(task, [good, bad], 1)).toEqual({
      applied: false,
      store: 't',
      position: 0n
    })
    expect((await backend.position(task, 's')).position).toBe(0n)
  })

  test('holds more entries in one change than one command takes', async () => {
    const { backend, task } = fresh()
    const puts = Array.from({ length: 2_500 }, (_, i) => [`k${i}`, Buffer.from(String(i))] as const)
    await backend.apply(task, [aChange(0n, 2_500n, { puts })], 1)
    const keys = puts.map(([key]) => key)
    const [read] = await backend.read(task, [{ store: 's', segmented: false, keys }])
    expect(read?.values.map(String)).toEqual(puts.map(([, value]) => String(value)))
  })

  test('forgets a cleared store with its position', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aChange(0n, 5n, { puts: [['a', Buffer.from('1')]] })], 1)
    await backend.clear(task, 's')
    expect(await backend.read(task, [{ store: 's', segmented: false, keys: ['a'] }])).toEqual([
      { position: 0n, values: [null] }
    ])
  })

  test('answers a read without keys with the position', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aChange(0n, 5n), aWindowChange(0n, 7n)], 1)
    const reads = [
      { store: 's', segmented: false, keys: [] },
      { store: 'w', segmented: true, keys: [] }
    ]
    expect(await backend.read(task, reads)).toEqual([
      { position: 5n, values: [] },
      { position: 7n, values: [] }
    ])
  })

  test('takes a change of several stores, some of which have it already, to its end', async () => {
    const { backend, task } = fresh()
    const first = aChange(0n, 5n, { puts: [aPut('a', '1')] })
    await backend.apply(task, [first], 1)
    const second = aWindowChange(0n, 3n, { puts: [aPut(segmentKey(60, 'b'), '2')] })
    expect(await backend.apply(task, [first, second], 2)).toEqual({ applied: true })
    expect(await backend.apply(task, [first, second], 3)).toEqual({ applied: true })
    expect(await backend.position(task, 's')).toEqual({ position: 5n, appliedAtMs: 1 })
    expect(await backend.position(task, 'w')).toEqual({ position: 3n, appliedAtMs: 2 })
    expect(await textsOf(backend.scan(task, 'w'))).toEqual({ '60|b': '2' })
  })

  test('applies many thousands of entries of several stores as one', async () => {
    const { backend, task } = fresh()
    const puts = Array.from({ length: 7_000 }, (_, i) => aPut(`k${i}`, 'v'.repeat(1 + (i % 9))))
    const windowed = puts.map(([key], i) => aPut(segmentKey((i % 3) * 60, key), String(i)))
    const changes = [aChange(0n, 9n, { puts }), aWindowChange(0n, 8n, { puts: windowed })]
    expect(await backend.apply(task, changes, 1)).toEqual({ applied: true })
    expect(await textsOf(backend.scan(task, 's'))).toEqual(
      Object.fromEntries(puts.map(([key, value]) => [key, value.toString()]))
    )
    const keys = windowed.map(([key]) => key)
    const [read] = await backend.read(task, [{ store: 'w', segmented: true, keys }])
    expect(read?.position).toBe(8n)
    expect(read?.values.map(String)).toEqual(windowed.map(([, value]) => value.toString()))
  })

  test('keeps keys and values of any text and length', async () => {
    const { backend, task } = fresh()
    const texts = ['', ' ', 'ж'.repeat(40_000), 'a|b|c', '\r\n$3', '😀', 'x'.repeat(70_000)]
    const puts = texts.map((text) => [`k${text}`, Buffer.from(text)] as const)
    const windowed = texts.map((text) => [segmentKey(0, text), Buffer.from([0, 255])] as const)
    await backend.apply(
      task,
      [aChange(0n, 1n, { puts }), aWindowChange(0n, 1n, { puts: windowed })],
      1
    )
    const reads = [
      { store: 's', segmented: false, keys: puts.map(([key]) => key) },
      { store: 'w', segmented: true, keys: windowed.map(([key]) => key) }
    ]
    const [plain, segmented] = await backend.read(task, reads)
    expect(plain?.values).toEqual(puts.map(([, value]) => value))
    expect(segmented?.values).toEqual(windowed.map(([, value]) => value))
  })
}

function testPages(fresh: Fresh): void {
  test('hands out every entry in pages, also when each page is deleted at once', async () => {
    const { backend, task } = fresh()
    const puts = Array.from({ length: 1_500 }, (_, i) => aPut(`k${i}`, String(i)))
    await backend.apply(task, [aChange(0n, 1n, { puts })], 1)
    const seen = new Set<string>()
    let cursor = '0'
    let position = 1n
    do {
      const page = await backend.page(task, { store: 's', segment: null, cursor, count: 100 })
      cursor = page.cursor
      const deletes = page.entries.map(([key]) => key)
      for (const key of deletes) seen.add(key)
      await backend.apply(task, [aChange(position, position + 1n, { deletes })], 1)
      position += 1n
    } while (cursor !== '0')
    expect(seen.size).toBe(1_500)
    expect(await textsOf(backend.scan(task, 's'))).toEqual({})
  })

  test('pages through one segment, with whole keys', async () => {
    const { backend, task } = fresh()
    const puts = ['0|a', '60|b', '60|c|d'].map((key) => aPut(key, key))
    await backend.apply(task, [aWindowChange(0n, 1n, { puts })], 1)
    const request = { store: 'w', cursor: '0', count: 100 }
    const page = await backend.page(task, { ...request, segment: 60 })
    expect(page.cursor).toBe('0')
    expect(page.entries.map(([key, value]) => [key, value.toString()]).sort()).toEqual([
      ['60|b', '60|b'],
      ['60|c|d', '60|c|d']
    ])
    expect(await backend.page(task, { ...request, segment: 120 })).toEqual({
      entries: [],
      cursor: '0'
    })
    expect((await backend.page(task, { ...request, segment: null })).entries).toEqual([])
  })
}

function testSegments(fresh: Fresh): void {
  test('reads keys of several segments in the order asked for', async () => {
    const { backend, task } = fresh()
    const puts = [aPut('60|a', '1'), aPut('0|a', '2'), aPut('60|b', '3')]
    await backend.apply(task, [aWindowChange(0n, 4n, { puts })], 1)
    const keys = ['60|b', '0|a', '120|a', '60|a', '0|b', '60|b']
    const [read] = await backend.read(task, [{ store: 'w', segmented: true, keys }])
    expect(read).toEqual({
      position: 4n,
      values: ['3', '2', null, '1', null, '3'].map((text) => text && Buffer.from(text))
    })
  })

  test('lists the live segments by their start', async () => {
    const { backend, task } = fresh()
    expect(await backend.segments(task, 'w')).toEqual([])
    const puts = ['600|a', '60|a', '1000|a', '-5|a'].map((key) => aPut(key, key))
    await backend.apply(task, [aWindowChange(0n, 1n, { puts, deletes: ['77|never'] })], 1)
    expect(await backend.segments(task, 'w')).toEqual([-5, 60, 600, 1000])
    // Emptied is not dropped.
    await backend.apply(task, [aWindowChange(1n, 2n, { deletes: ['60|a'] })], 1)
    expect(await backend.segments(task, 'w')).toEqual([-5, 60, 600, 1000])
  })

  test('drops whole segments after the writes, also where the position stays', async () => {
    const { backend, task } = fresh()
    const puts = ['0|a', '0|b', '60|a', '120|a'].map((key) => aPut(key, key))
    await backend.apply(task, [aWindowChange(0n, 5n, { puts })], 1)
    const change = aWindowChange(5n, 6n, { puts: [aPut('0|c', 'late')], drops: [0, 999] })
    await backend.apply(task, [change], 2)
    expect(await textsOf(backend.scan(task, 'w'))).toEqual({ '60|a': '60|a', '120|a': '120|a' })
    await backend.apply(task, [aWindowChange(6n, 6n, { drops: [120] })], 3)
    expect(await backend.segments(task, 'w')).toEqual([60])
    const keys = ['0|a', '0|c', '60|a', '120|a']
    expect(await backend.read(task, [{ store: 'w', segmented: true, keys }])).toEqual([
      { position: 6n, values: [null, null, Buffer.from('60|a'), null] }
    ])
  })

  test('drops nothing by a change that starts elsewhere or was applied already', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aWindowChange(0n, 5n, { puts: [aPut('0|a', '1')] })], 1)
    const stale = aWindowChange(2n, 3n, { drops: [0] })
    expect(await backend.apply(task, [stale], 2)).toEqual({
      applied: false,
      store: 'w',
      position: 5n
    })
    await backend.apply(task, [aWindowChange(0n, 5n, { drops: [0] })], 3)
    expect(await backend.segments(task, 'w')).toEqual([0])
    expect(await textsOf(backend.scan(task, 'w'))).toEqual({ '0|a': '1' })
  })

  test('brings no entry of a dropped segment back when it is written again', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aWindowChange(0n, 1n, { puts: [aPut('0|a', '1')] })], 1)
    await backend.apply(task, [aWindowChange(1n, 2n, { drops: [0] })], 1)
    await backend.apply(task, [aWindowChange(2n, 3n, { puts: [aPut('0|b', '2')] })], 1)
    expect(await textsOf(backend.scan(task, 'w'))).toEqual({ '0|b': '2' })
    expect(await backend.segments(task, 'w')).toEqual([0])
  })

  test('forgets a cleared window store with all of its segments', async () => {
    const { backend, task } = fresh()
    const puts = ['0|a', '60|a', '120|a'].map((key) => aPut(key, key))
    await backend.apply(task, [aWindowChange(0n, 5n, { puts })], 1)
    await backend.clear(task, 'w')
    expect(await backend.segments(task, 'w')).toEqual([])
    const keys = ['0|a', '60|a', '120|a']
    expect(await backend.read(task, [{ store: 'w', segmented: true, keys }])).toEqual([
      { position: 0n, values: [null, null, null] }
    ])
    await backend.apply(task, [aWindowChange(0n, 6n, { puts: [aPut('60|b', '1')] })], 1)
    expect(await textsOf(backend.scan(task, 'w'))).toEqual({ '60|b': '1' })
  })

  test('shows a wipe between two reads in the position', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aWindowChange(0n, 5n, { puts: [aPut('0|a', '1')] })], 1)
    const reads = [{ store: 'w', segmented: true, keys: ['0|a'] }]
    expect((await backend.read(task, reads))[0]?.position).toBe(5n)
    await backend.clear(task, 'w')
    expect(await backend.read(task, reads)).toEqual([{ position: 0n, values: [null] }])
  })
}
