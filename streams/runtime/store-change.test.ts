import { describe, expect, test } from 'vitest'
import { createLocalCodec } from '../../avro/index.ts'
import { longFormat } from './format.ts'
import { storeChange } from './store-change.ts'
import type { Store } from './store-definition.ts'
import { stampTtl } from './ttl.ts'

const codec = createLocalCodec()
const span = { name: 's', from: 3n, to: 7n }
const plain = { format: longFormat, kind: 'remote' } as unknown as Store
const long = (value: number): Buffer => longFormat.encode(value, codec)

describe('the change of a store', () => {
  test('parts puts from deletes and keeps the span', () => {
    const entries = [
      ['a', long(1)],
      ['b', null]
    ] as const
    expect(storeChange(plain, codec, { ...span, entries })).toEqual({
      store: 's',
      segmented: false,
      from: 3n,
      to: 7n,
      puts: [['a', long(1)]],
      deletes: ['b'],
      geoPuts: [],
      geoDeletes: [],
      drops: []
    })
  })

  test('of a window store is segmented and names the segments that go', () => {
    const store: Store = { ...plain, segments: { closesAtMs: (startMs) => startMs + 1 } }
    const change = storeChange(store, codec, { ...span, entries: [], drops: [60] })
    expect(change).toMatchObject({ segmented: true, drops: [60] })
  })

  test('derives places from the values, also below the stamp of a TTL', () => {
    const geo = (value: unknown) => (value === 0 ? null : { lon: value as number, lat: 1 })
    for (const ttlMs of [undefined, 1000]) {
      const store: Store = { ...plain, geo, ...(ttlMs === undefined ? {} : { ttlMs }) }
      const bytes = (value: number): Buffer =>
        ttlMs === undefined ? long(value) : stampTtl(long(value), 99)
      const entries = [
        ['a', bytes(5)],
        ['b', bytes(0)],
        ['c', null]
      ] as const
      const change = storeChange(store, codec, { ...span, entries })
      expect(change.geoPuts).toEqual([{ key: 'a', lon: 5, lat: 1 }])
      expect(change.geoDeletes).toEqual(['b', 'c'])
      expect(change.puts).toEqual([entries[0], entries[1]])
    }
  })

  test('takes the decoded value that is at hand', () => {
    const store: Store = { ...plain, geo: (value) => ({ lon: value as number, lat: 2 }) }
    const raw = { ...span, entries: [['a', long(5)]] as const, decoded: () => 8 }
    expect(storeChange(store, codec, raw).geoPuts).toEqual([{ key: 'a', lon: 8, lat: 2 }])
  })
})
