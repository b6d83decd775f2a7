/**
 * @module What every state backend keeps to; run on the one in memory and on Redis, so that the
 * driver's tests speak for production.
 */
import { expect, test } from 'vitest'
import type { StateBackend, StoreChange } from '../../streams/runtime/index.ts'

function aChange(from: bigint, to: bigint, parts: Partial<StoreChange> = {}): StoreChange {
  return { store: 's', from, to, puts: [], deletes: [], geoPuts: [], geoDeletes: [], ...parts }
}

/** @param fresh a backend and a task name that nothing was written for */
export function testStateBackend(fresh: () => { backend: StateBackend; task: string }): void {
  test('starts at position 0 with nothing in it', async () => {
    const { backend, task } = fresh()
    expect(await backend.read(task, [{ store: 's', keys: ['a'] }])).toEqual([
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
    const [read] = await backend.read(task, [{ store: 's', keys: ['a', 'b'] }])
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
    const [read] = await backend.read(task, [{ store: 's', keys: ['a'] }])
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
    const [read] = await backend.read(task, [{ store: 's', keys }])
    expect(read?.values.map(String)).toEqual(puts.map(([, value]) => String(value)))
  })

  test('forgets a cleared store with its position', async () => {
    const { backend, task } = fresh()
    await backend.apply(task, [aChange(0n, 5n, { puts: [['a', Buffer.from('1')]] })], 1)
    await backend.clear(task, 's')
    expect(await backend.read(task, [{ store: 's', keys: ['a'] }])).toEqual([
      { position: 0n, values: [null] }
    ])
  })
}
