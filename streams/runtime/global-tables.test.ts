import { describe, expect, test } from 'vitest'
import { createLocalCodec } from '../../avro/index.ts'
import { createFakeClock, silentLogger } from '../../core/index.ts'
import { MemoryLog } from '../../test/support/memory-log.ts'
import { globalTable } from './global-table-definition.ts'
import { defaultGlobalTablesSettings, GlobalTables, globalTablesOf } from './global-tables.ts'
import { defineSubTopology, stringFormat, type TopicSpec } from './index.ts'

const cities: TopicSpec<string> = { name: 'cities', partitions: 2, format: stringFormat }
const inputs: TopicSpec<string, 'inputs'> = { name: 'inputs', partitions: 1, format: stringFormat }

function reading(name: string, topic: TopicSpec<string> = cities, entriesMax = 10) {
  return defineSubTopology({
    app: 'probe',
    name,
    topics: [inputs],
    sources: ['inputs'],
    stores: {},
    outputs: [],
    globals: [globalTable({ name: 'cities', topic, entriesMax })],
    commitIntervalMs: 100,
    on: { inputs: () => undefined }
  })
}

function world() {
  const clock = createFakeClock(0, 1)
  const log = new MemoryLog(() => clock.now())
  const facts: Record<string, unknown>[] = []
  const fatal: unknown[] = []
  const tables = new GlobalTables({
    topologies: [reading('first'), reading('second')],
    openFetcher: async () => ({
      // A broker holds a request for a while; without that the loops here would never let go.
      fetch: async (requests, options) => {
        await new Promise((resolve) => setImmediate(resolve))
        await clock.advance(1)
        return log.fetcher().fetch(requests, options)
      },
      close: async () => undefined
    }),
    admin: log.admin,
    codec: createLocalCodec(),
    clock,
    logger: silentLogger,
    metrics: {
      globalTable: (table, { entries, skipped }) => facts.push({ table, entries, skipped })
    },
    settings: { ...defaultGlobalTablesSettings, loadPatienceMs: 5 },
    partitionsOf: ({ partitions }) => partitions,
    onFatal: (error) => fatal.push(error)
  })
  const put = (key: string | null, value: string | Buffer | null, partition = 0): void => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    log.append({ topic: 'cities', partition, key, value: bytes, timestampMs: 0 })
  }
  return { clock, log, tables, facts, fatal, put }
}

describe('global tables', () => {
  test('hold all partitions once loaded', async () => {
    const { tables, put, facts } = world()
    put('a', 'x', 0)
    put('b', 'y', 1)
    put('a', 'z', 0)
    put(null, 'no key', 0)
    expect(tables.isReady).toBe(false)
    await tables.load()
    expect(tables.isReady).toBe(true)
    expect([
      tables.get('cities', 'a'),
      tables.get('cities', 'b'),
      tables.get('cities', 'c')
    ]).toEqual(['z', 'y', undefined])
    expect(facts.at(-1)).toEqual({ table: 'cities', entries: 2, skipped: 1 })
  })

  test('do not count as loaded before an open transaction has ended', async () => {
    const { tables, log, put } = world()
    put('a', 'x')
    const producer = await log.transactionalProducer('writer')
    await producer.init()
    const transaction = await producer.begin()
    await transaction.send([{ topic: 'cities', partition: 0, key: 'a', value: Buffer.from('y') }])
    await expect(tables.load()).rejects.toThrow('no progress')
    await transaction.commit()
    await tables.load()
    expect(tables.get('cities', 'a')).toBe('y')
  })

  test('go on with what they have when records were deleted unread, and load anew behind it', async () => {
    const { tables, log, put } = world()
    put('a', 'x')
    put('b', 'y', 1)
    await tables.load()
    put('a', 'z')
    put('c', 'w')
    log.truncate('cities', 0, 2n)
    await tables.poll(0)
    expect(tables.get('cities', 'a')).toBe('x')
    await tables.poll(0)
    expect(['a', 'b', 'c'].map((key) => tables.get('cities', key))).toEqual([undefined, 'y', 'w'])
  })

  test('refuse a name that stands for two topics, and one that nobody declares', () => {
    const { tables } = world()
    expect(() =>
      globalTablesOf([reading('first'), reading('second', { ...cities, name: 'towns' })])
    ).toThrow('expected one topic for global table cities, got cities and towns')
    expect(() => tables.get('towns', 'a')).toThrow('declare it in globals')
  })

  test('tell that the process has to stop when one grows beyond its setting', async () => {
    const { tables, put, fatal } = world()
    await tables.load()
    for (let n = 0; n < 11; n += 1) put(`k${n}`, 'x')
    tables.follow()
    while (fatal.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(String(fatal[0])).toContain('expected at most 10 entries')
    await tables.close()
  })
})
